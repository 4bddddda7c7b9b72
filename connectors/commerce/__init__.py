"""Commerce platforms: where sales come from. One platform, one file (and its wire shapes beside it)."""
