"""The support console: the Django admin with pages of its own."""
