"""One worker at a time renews the access of a connection: refresh tokens of many platforms can be used only once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import InterfaceError, OperationalError
from django.db import connection as database

from connectors.errors import Waiting

LOCK_PATIENCE: Final = timedelta(seconds=60)  # longer than an exchange may take (`http.Limits.total_seconds`)
LOCK_POLL_SECONDS: Final = 0.05


@contextmanager
def alone(connection_id: int) -> Iterator[None]:
    """Hold the connection's advisory lock. Raises `Waiting` when another worker does not let go of it.

    Of the session, not of a transaction, because HTTP happens inside.
    """
    name = f"connectors.credential:{connection_id}"
    give_up_at = time.monotonic() + LOCK_PATIENCE.total_seconds()
    while not _ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name):
        if time.monotonic() >= give_up_at:
            raise Waiting("another worker renews the access", until=datetime.now(UTC) + LOCK_PATIENCE)
        time.sleep(LOCK_POLL_SECONDS)
    try:
        yield
    except (OperationalError, InterfaceError):
        # The session may be gone, and its lock with it; a session that is still there lets go when it is closed.
        database.close()
        raise
    except BaseException:
        _let_go(name)
        raise
    _let_go(name)


def _let_go(name: str) -> None:
    _ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)


def _ask(sql: str, name: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute(sql, [name])
        return bool(cursor.fetchone()[0])
