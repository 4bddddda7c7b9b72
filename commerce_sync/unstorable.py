"""Signs that PostgreSQL cannot hold: who sends them has sent something wrong, and hears so (400, not 500)."""

from __future__ import annotations

from typing import Final

from django import db

_STATES: Final = {"22021", "22P05"}  # a byte that is no text, an escape in JSON that is none
_REFUSED_HERE: Final = "cannot contain NUL"  # by psycopg, which asks no server and so has no SQLSTATE


def is_unstorable(error: BaseException) -> bool:
    """Whether ``error`` is about such a sign. No page of ours sends one, and no browser lets people type it."""
    if not isinstance(error, db.DataError | ValueError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _STATES or (state is None and _REFUSED_HERE in str(error))
