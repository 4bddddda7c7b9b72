"""What the project stands on: the locks, the licenses, the bill of materials (``python -m tests.supply``)."""
