"""Commerce data at the partner API: reading what is known, and pushing in the same published shapes."""
