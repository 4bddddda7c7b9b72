"""What may go wrong, what must come of it, and which test shows it (``python -m tests.reliability`` writes tables)."""
