"""Stock: what is there, when more is bought, what it is worth, and what it brings."""
