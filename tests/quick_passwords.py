"""Passwords of tests: stored as elsewhere, but not slow to guess, which is what a log-in takes its time for."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """One round instead of a million; the form of what is stored is the same."""

    iterations = 1
