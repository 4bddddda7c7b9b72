"""Back-up and restore, with the proof that what was restored is what was there."""
