"""The bulk path to PostgreSQL: the same connection and transaction as Django's, with prepared, binary statements.

Django's cursor binds on the client and in text, which costs more than the work itself when rows come by the thousand.
New rows go in by COPY straight into their tables (ids are drawn beforehand), changes by arrays through ``unnest``: both
serve twenty rows and five thousand alike, so there is one path for small and big batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from django.db import connection, transaction
from psycopg.rows import TupleRow

BATCH_ROWS = 5_000  # rows per statement: bounds the memory of one, and is past the knee of the speed curve

Item = TypeVar("Item")


@contextmanager
def unit_of_work() -> Iterator[psycopg.Cursor[TupleRow]]:
    """A transaction and a cursor in it; rolled back as a whole when anything raises."""
    with transaction.atomic(), cursor() as opened:
        yield opened


@contextmanager
def cursor() -> Iterator[psycopg.Cursor[TupleRow]]:
    """A psycopg cursor on Django's connection, in whatever transaction it is in."""
    connection.ensure_connection()
    raw = connection.connection
    assert isinstance(raw, psycopg.Connection)
    with psycopg.Cursor(raw) as opened:
        opened.format = psycopg.pq.Format.BINARY
        yield opened


@contextmanager
def server_cursor(fetch_rows: int = 2_000) -> Iterator[psycopg.ServerCursor[TupleRow]]:
    """A cursor that keeps its result on the server and fetches ``fetch_rows`` at a time: flat memory, any size."""
    connection.ensure_connection()
    raw = connection.connection
    assert isinstance(raw, psycopg.Connection)
    with psycopg.ServerCursor(raw, "commerce_sync_stream") as opened:
        opened.format = psycopg.pq.Format.BINARY
        opened.itersize = fetch_rows
        yield opened


def rows(query: LiteralString, parameters: Sequence[Any] = ()) -> list[TupleRow]:
    """All rows of a bounded query."""
    with cursor() as opened:
        return opened.execute(query, parameters, prepare=True, binary=True).fetchall()


def execute(query: LiteralString, parameters: Sequence[Any] = ()) -> int:
    """Run a statement; the number of rows it touched."""
    with cursor() as opened:
        return opened.execute(query, parameters, prepare=True, binary=True).rowcount


def copy_rows(statement: LiteralString, types: Sequence[str], new_rows: Iterable[Sequence[Any]]) -> None:
    """COPY ``new_rows`` in binary, by a statement "COPY table (columns) FROM STDIN BINARY": a third of an INSERT's cost."""
    with cursor() as opened, opened.copy(statement) as copy:
        copy.set_types(types)
        for row in new_rows:
            copy.write_row(row)


def next_ids(sequence: LiteralString, count: int) -> list[int]:
    """``count`` new ids, for rows whose ids must be known before they are written."""
    return [row[0] for row in rows("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", (sequence, count))]


def batches(items: Sequence[Item], size: int = BATCH_ROWS) -> Iterator[Sequence[Item]]:
    """``items`` in slices of ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
