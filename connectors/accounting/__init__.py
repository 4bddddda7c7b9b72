"""Accounting platforms: where documents go. One platform, one file."""
