"""Migrations for `test_migrating`: Django's table of sessions, and a later one that needs the whole table."""
