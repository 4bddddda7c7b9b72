"""Where the database of the tests is, how to look for it elsewhere, and the superuser of the embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


def place() -> dict[str, Any]:
    """Where the database of the tests is, for psycopg."""
    settings = connection.settings_dict
    return {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"]}


@contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """A session in the database of the tests that commits each statement."""
    with psycopg.connect(**{**place(), "user": "postgres"}, autocommit=True) as session:
        yield session


@contextmanager
def elsewhere(**place: str) -> Iterator[None]:
    """Meanwhile the database is looked for at another place."""
    former = {name: connection.settings_dict[name] for name in place}
    connection.close()
    connection.settings_dict.update(place)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(former)
