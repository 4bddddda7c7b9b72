"""A company's configuration: its book in the published words, with what its accounting software offers."""
