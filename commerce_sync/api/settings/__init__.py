"""What a partner settles for itself: platforms to see, and its brand, texts, fields, origins and keys to set."""
