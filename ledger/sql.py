"""The bulk path to PostgreSQL: the same connection and transaction as Django's, with statements bound by the server.

Django's cursor binds on the client and in text, which costs more than the work itself when rows come by the thousand.
New rows go in by COPY straight into their tables, changes by arrays through ``unnest``: both serve twenty rows and five
thousand alike, so there is one path for small and big batches.

Plans are kept only for look-ups and inserts of the hot paths (``keep_plan``), and not for long: a plan from when a
table was small is what turned one update into 37 seconds. A statement that joins arrays with tables never keeps one.
The triggers in migrations/sql keep to look-ups by key and array for the same reason.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection, transaction
from psycopg.rows import TupleRow
from psycopg.types.string import BytesBinaryDumper

PLANS_FORGOTTEN_AFTER = frozenset({10, 30, 100, 300})
BATCH_ROWS = 5_000  # rows per statement: bounds the memory of one, and is past the knee of the speed curve

Item = TypeVar("Item")


@contextmanager
def unit_of_work() -> Iterator[psycopg.Cursor[TupleRow]]:
    """A transaction, or part of the one that is open, and a cursor in it; rolled back whole when anything raises."""
    with transaction.atomic(savepoint=False), cursor() as opened:
        yield opened


def _raw() -> psycopg.Connection[TupleRow]:
    """The connection that Django holds; a new one where the server has ended it since the last request or round."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw: psycopg.Connection[TupleRow] = connection.connection
    return raw


# What the server may be ahead of us by is what its socket holds, about 200 kB. More rows of a kilobyte than that at
# once, and each chunk is waited for: 500 of them cost a reconciliation a sixth of its time.
STREAMED_ROWS: Final = 150


@contextmanager
def cursor() -> Iterator[psycopg.Cursor[TupleRow]]:
    """A psycopg cursor on Django's connection, in whatever transaction it is in.

    What goes wrong comes out as Django's errors, so that Django knows of it and gives up a connection that is broken.
    """
    with connection.wrap_database_errors, psycopg.Cursor(_raw()) as opened:
        opened.format = psycopg.pq.Format.BINARY
        yield opened


def stream(
    query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] = (), chunk_rows: int = STREAMED_ROWS
) -> Generator[TupleRow, None, None]:
    """The rows of a query of any size in flat memory, the next ones being fetched while these are worked on.

    Nothing else can use the connection until the last row has been taken.
    """
    with cursor() as opened:
        yield from opened.stream(query, parameters, binary=True, size=chunk_rows)


def rows(query: LiteralString, parameters: Sequence[Any] = (), *, keep_plan: bool = False) -> list[TupleRow]:
    """All rows of a bounded query."""
    return _executed(query, parameters, keep_plan).fetchall()


def rows_named(query: LiteralString, parameters: Mapping[str, Any]) -> list[TupleRow]:
    """All rows of a bounded query whose parameters have names: ``%(name)s``."""
    return _executed_named(query, parameters).fetchall()


def execute_named(query: LiteralString, parameters: Mapping[str, Any]) -> int:
    """Run a statement whose parameters have names; the number of rows it touched."""
    opened = psycopg.Cursor(_raw())
    return opened.execute(query, parameters, prepare=False, binary=True).rowcount


def execute(query: LiteralString, parameters: Sequence[Any] = (), *, keep_plan: bool = False) -> int:
    """Run a statement; the number of rows it touched."""
    return _executed(query, parameters, keep_plan).rowcount


def _executed(query: LiteralString, parameters: Sequence[Any], keep_plan: bool) -> psycopg.Cursor[TupleRow]:
    """The cursor after the statement. Its rows are here already, so that closing it costs nothing."""
    raw = _raw()
    opened = psycopg.Cursor(raw)
    opened.format = psycopg.pq.Format.BINARY
    with connection.wrap_database_errors:
        if keep_plan:
            _forget_plans_in_time(raw)
        return opened.execute(query, parameters, prepare=keep_plan, binary=True)


def _executed_named(query: LiteralString, parameters: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
    opened = psycopg.Cursor(_raw())
    opened.format = psycopg.pq.Format.BINARY
    with connection.wrap_database_errors:
        return opened.execute(query, parameters, prepare=False, binary=True)


_statements: WeakKeyDictionary[psycopg.Connection[TupleRow], int] = WeakKeyDictionary()


def _forget_plans_in_time(raw: psycopg.Connection[TupleRow]) -> None:
    """Have PostgreSQL plan anew after 10, 30, 100, 300 … statements of a connection, then after each thousand: tables
    have grown at most threefold under a plan."""
    count = _statements.get(raw, 0) + 1
    _statements[raw] = count
    if count in PLANS_FORGOTTEN_AFTER or count % 1_000 == 0:
        raw.execute("DISCARD PLANS", prepare=False)


@contextmanager
def copying(statement: LiteralString, types: Sequence[str]) -> Iterator[psycopg.Copy]:
    """A COPY in binary to write rows to, by "COPY table (columns) FROM STDIN BINARY": a third of an INSERT's cost.

    PostgreSQL works on the first rows while later ones are still being made; nothing else can use the connection then.
    """
    with cursor() as opened:
        opened.adapters.register_dumper(bytes, BytesBinaryDumper)  # else the one in Python is taken, a third slower
        with opened.copy(statement) as copy:
            copy.set_types(types)
            yield copy


def bigints(numbers: Iterable[int]) -> str:
    """An array literal for a "%s::bigint[]": by the ten thousand, a list is ten times dearer to bind."""
    return "{" + ",".join(map(str, numbers)) + "}"


def texts(values: Collection[str]) -> str:
    """An array literal for a "%s::text[]", as `bigints`."""
    if not values:
        return "{}"
    quoted = '","'.join(values)
    if "\\" in quoted or quoted.count('"') != 2 * (len(values) - 1):  # a value holds what has a meaning in literals
        quoted = '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in values])
    return f'{{"{quoted}"}}'


def batches(items: Sequence[Item], size: int = BATCH_ROWS) -> Iterator[Sequence[Item]]:
    """``items`` in slices of ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
