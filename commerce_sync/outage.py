"""What is the matter with the database when it does not do what was asked, in words, and when to ask again.

An outage is nobody's mistake in the request and none in our code: the server is away, its disk is full, all its
connections are taken, somebody else holds the rows. Whoever asked hears so (503 with ``Retry-After``), and whoever runs
the installation is told what to do. Everything else that a database refuses is a mistake of ours, and stays one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import psycopg
from django import db

_ERRORS: Final = (db.Error, psycopg.Error)
_LOST: Final = (db.OperationalError, db.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
# Who is turned away at the door is told so in words alone.
_TURNED_AWAY: Final = ("too many clients", "too many connections", "remaining connection slots")


class Outage(NamedTuple):
    """``said`` is for whoever asked and names nothing of the installation; ``todo`` is for whoever runs it."""

    said: str
    todo: str
    after_seconds: int
    is_patient: bool = False  # it may last for hours and is none of the work's own doing: no attempt is counted


AWAY: Final = Outage(
    "The database does not answer at the moment.",
    "The server cannot be reached, or ended the connection: see that it runs and lets this host in (DATABASE_URL).",
    10,
)
FULL: Final = Outage(
    "There is no room to store anything at the moment.",
    "The disk of the database is full: make room on it. Nothing that was stored is lost, and work goes on by itself.",
    60,
    True,
)
CROWDED: Final = Outage(
    "Too many are asking at the same time.",
    "All connections of the database are taken: raise max_connections (or the role's limit), or run fewer processes.",
    5,
    True,
)
SHORT: Final = Outage(
    "The database is short of resources at the moment.",
    "The database server is short of memory, or could not use a file; its log says more.",
    30,
)
CLOSED: Final = Outage(
    "Nothing can be changed at the moment.",
    "The database takes no changes: it is a standby, or was set to read only. Point DATABASE_URL to the one that does.",
    30,
    True,
)
SLOW: Final = Outage(
    "This took too long and was given up.",
    "A statement ran into statement_timeout: see what the database is busy with; work is tried again by itself.",
    30,
)
BUSY: Final = Outage(
    "Somebody else is changing the same at this moment.",
    "Two transactions were in each other's way, and this one gave way: it is tried again by itself.",
    2,
)

# By SQLSTATE, whole or by its class.
_BY_STATE: Final = {
    "53100": FULL,
    "53300": CROWDED,
    "53": SHORT,
    "08": AWAY,
    "57P": AWAY,  # shut down, crashed, starting up
    "25P03": AWAY,  # a transaction did nothing for so long that the server ended the session
    "58": SHORT,  # the server could not read or write a file
    "25006": CLOSED,
    "57014": SLOW,
    "55P03": BUSY,  # a lock was waited for too long
    "40001": BUSY,
    "40P01": BUSY,
}


def outage_of(error: BaseException | None) -> Outage | None:
    """The outage that ``error`` tells of, be it Django's or psycopg's; None for anything else."""
    if not isinstance(error, _ERRORS):
        return None
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    for known in (state, state[:3], state[:2]):
        if known in _BY_STATE:
            return _BY_STATE[known]
    if state or not isinstance(error, _LOST):
        return None
    # Nobody answered: the connection could not be made, or ended in mid-sentence.
    return CROWDED if any(words in str(error) for words in _TURNED_AWAY) else AWAY


def is_lock_timeout(error: BaseException) -> bool:
    """Somebody else held a row or a table for longer than `lock_timeout`."""
    return getattr(error.__cause__, "sqlstate", "") == "55P03"


def first_line(error: BaseException) -> str:
    """What an error says, without what it says besides."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
