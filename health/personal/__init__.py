"""What is kept of persons, for how long, and how it is forgotten without touching the books."""
