"""Pages of a dataset's records, read by index wherever the question allows it.

The order is that in which things came to us (``modifiedDate``, then our number): new rows come at the end, so that
pages do not shift under whoever reads them, and who asks for what is new since a moment reads just that. `marks` says
how a deep page is found. A page costs a constant number of statements: what is remembered; the count, and for a list
longer than `EXACT_UP_TO` a survey of it; the rows; the mark for the next page.
"""

# ruff: noqa: S608  (statements are put together from constants of `datasets`; what a caller says is a parameter)
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from commerce_sync.api.commerce.datasets import DOC, PARSED, TENDER_COUNT, TENDERS, Branch, Dataset
from commerce_sync.api.commerce.marks import SURVEY_STEP, Mark, remember_page, remember_survey, remembered
from commerce_sync.api.commerce.sql_filter import Asked
from commerce_sync.api.errors import invalid
from commerce_sync.api.paging import Paging
from ledger import sql
from ledger.commerce import Record, decode
from ledger.services import now
from ledger.versions import fingerprint

EXACT_UP_TO: Final = 5_000  # rows: a list no longer than this is counted each time
LONGEST_SECONDS: Final = 10


class Found(NamedTuple):
    """One row of a list: its record, when this version came to us, and of a spread dataset which tender (from 0)."""

    record: Record
    received_at: datetime
    tender: int


Place = tuple[datetime, int]
"""Where a record is in its dataset's order: when it came, and our number of it."""


class Listed(NamedTuple):
    """A page's rows, and how long the list is: as of now, or up to a minute ago for a long list."""

    rows: list[Found]
    total: int


def read_page(source_id: int, dataset: Dataset, asked: Asked, paging: Paging) -> Listed:
    """The page of what is asked. Raises `ApiError` 400 when it would take too long to answer."""
    reader = _Reader(source_id, dataset, asked)
    with _bounded(asked.indexed and not dataset.spread):
        return reader.page(paging)


def read_one(source_id: int, dataset: Dataset, external_id: str) -> Found | None:
    """The dataset's row with this id. One of a spread dataset is looked for in all records, unless a record has the
    same id, as a refund has that a processor reported. Raises `ApiError` 400 when that takes too long."""
    if "\0" in external_id:  # no text of PostgreSQL can hold it
        return None
    asked = Asked(f"{dataset.fields['id'].sql} = %s", (external_id,))
    if not dataset.spread:
        return _Reader(source_id, dataset, asked).any_row()
    near = Asked(f"{asked.where} AND r.external_id = %s", (external_id, external_id))
    if found := _Reader(source_id, dataset, near).any_row():
        return found
    # Found as text first: parsing all records costs ten times as much.
    text = msgspec.json.encode(external_id)
    wide = Asked(f"{asked.where} AND position(%s::bytea IN r.body) > 0", (external_id, text))
    with _bounded(False):
        return _Reader(source_id, dataset, wide).any_row()


@contextmanager
def _bounded(is_quick: bool) -> Iterator[None]:
    """At most `LONGEST_SECONDS` for statements that may have to read much."""
    if is_quick:
        yield
        return
    try:
        with transaction.atomic():
            sql.execute("SELECT set_config('statement_timeout', %s, true)", (str(LONGEST_SECONDS * 1_000),))
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise invalid(
            f"This query takes longer than {LONGEST_SECONDS} seconds over these records. Narrow it by modifiedDate "
            "(indexed, for instance modifiedDate>2026-01-31) or ask for the rows in their own order."
        ) from None


class _Reader:
    """One list of one source."""

    def __init__(self, source_id: int, dataset: Dataset, asked: Asked) -> None:
        self.source_id, self.dataset, self.asked = source_id, dataset, asked
        parts = (source_id, dataset.name, asked.where, [str(each) for each in asked.parameters], asked.descending)
        # Few texts, asked again and again: their plans are kept.
        self.is_usual = not (asked.where or asked.order)
        self.by_tender = dataset.spread and "t.tender" in asked.where
        self.key = fingerprint(json.dumps(parts).encode())

    def page(self, paging: Paging) -> Listed:
        """The rows of the page and the total."""
        at, offset, size = now(), paging.offset, paging.size
        if self.asked.order:
            total = self.count(None)
            return Listed([found for found, _ in self.rows(None, offset, size)] if offset < total else [], total)
        known, mark, following = remembered(self.key, offset, offset + size, at)
        # Where only some tenders of a record are asked for, so many records say nothing of how many rows there are.
        total = self.count(None if self.by_tender else EXACT_UP_TO + 1) if known is None else known
        if known is None and total > EXACT_UP_TO:
            total, marks = self.survey()
            remember_survey(self.key, total, marks, at)
            mark = max((each for each in (*marks, mark) if each and each.position <= offset), default=None)
        if offset >= total:
            return Listed([], total)
        found = self.rows(mark, offset - (mark.position if mark else 0), size + 1)
        if len(found) > size and total > EXACT_UP_TO:
            came_at, record = found[size][1]
            # A mark is at the first row of its record; where that is, a page that is all of one record cannot tell.
            split = sum(place == (came_at, record) for _, place in found[:size])
            reached = Mark(offset + size - split, came_at, record)
            if split < size and reached != following:
                remember_page(self.key, reached, at)
        return Listed([each for each, _ in found[:size]], total)

    def count(self, at_most: int | None) -> int:
        """How many rows there are; no more than ``at_most`` records are looked at."""
        limit = "" if at_most is None else f" LIMIT {at_most:d}"
        branches, parameters = self.branches(self.rows_of_record())
        query = f"SELECT coalesce(sum(n), 0)::bigint FROM (SELECT n FROM ({branches}) each{limit}) counted"
        return int(sql.rows(query, parameters, keep_plan=self.is_usual and at_most is not None)[0][0])

    def survey(self) -> tuple[int, list[Mark]]:
        """The total, and a mark at each so many records."""
        branches, parameters = self.branches(self.rows_of_record())
        order = self.order("received_at", "id")
        query = f"""
            SELECT past, received_at, id, n FROM (
                SELECT received_at, id, n, sum(n) OVER ordered - n AS past, row_number() OVER ordered AS place,
                    lead(id) OVER ordered IS NULL AS is_last
                FROM ({branches}) each WINDOW ordered AS (ORDER BY {order})) numbered
            WHERE place %% {SURVEY_STEP} = 1 OR is_last ORDER BY past"""
        found = sql.rows(query, parameters)
        marks = {int(past): Mark(int(past), at, record) for past, at, record, _ in reversed(found)}
        return (int(found[-1][0]) + int(found[-1][3]) if found else 0), [*reversed(marks.values())]

    def rows(self, mark: Mark | None, skip: int, limit: int) -> list[tuple[Found, Place]]:
        """``limit`` rows behind the first ``skip`` from ``mark`` on, each with its record's place in the order."""
        sorts = list(enumerate(self.asked.order))
        orders = [f"s{n} {'DESC' if each.descending else 'ASC'} NULLS LAST" for n, each in sorts]
        order = ", ".join([*orders, self.order("received_at", "id", "ord")])
        columns = ", ".join([f"{self.place_in_record()} AS ord", *[f"{each.sql} AS s{n}" for n, each in sorts]])
        bound, key = "", tuple[Any, ...]()
        if mark is not None:
            bound = f" AND (r.received_at, r.id) {'<=' if self.asked.descending else '>='} (%s, %s)"
            key = (mark.at, mark.record)
        tail = f"{bound} ORDER BY {order} LIMIT {skip + limit:d}"
        branches, parameters = self.branches(columns, tail, key, items=True)
        query = f"""
            SELECT r.kind, r.body, k.received_at, k.id, k.ord::int - 1
            FROM (SELECT * FROM ({branches}) each ORDER BY {order} OFFSET {skip:d} LIMIT {limit:d}) k
            JOIN ledger_record r ON r.id = k.id
            ORDER BY {", ".join([*orders, self.order("k.received_at", "k.id", "k.ord")])}"""
        return [
            (Found(decode(kind, body), came_at, tender), (came_at, record))
            for kind, body, came_at, record, tender in sql.rows(query, parameters, keep_plan=self.is_usual and not skip)
        ]

    def any_row(self) -> Found | None:
        """Some row of what is asked, by whatever index finds it."""
        columns = f"r.kind, r.body, {self.place_in_record()}::int - 1 AS tender"
        branches, parameters = self.branches(columns, " LIMIT 1", items=True)
        query = f"SELECT kind, body, received_at, tender FROM ({branches}) each LIMIT 1"
        for kind, body, came_at, tender in sql.rows(query, parameters):
            return Found(decode(kind, body), came_at, tender)
        return None

    def place_in_record(self) -> str:
        """Which tender of its record a row is, from 1."""
        return "t.ord" if self.dataset.spread else "1"

    def order(self, *names: str) -> str:
        """The dataset's own order."""
        way = " DESC" if self.asked.descending else ""
        return ", ".join(f"{name}{way if not name.endswith('ord') else ''}" for name in names)

    def rows_of_record(self) -> str:
        """How many rows of the dataset a record is, as ``n``."""
        if not self.dataset.spread:
            return "1 AS n"
        if not self.by_tender:
            return f"{TENDER_COUNT} AS n"
        return f"(SELECT count(*) FROM {TENDERS} WHERE {self.asked.where}) AS n"

    def branches(
        self, columns: str, tail: str = "", key: tuple[Any, ...] = (), *, items: bool = False
    ) -> tuple[str, tuple[Any, ...]]:
        """The records of all kinds of the dataset with ``columns``; with ``items`` a row for each tender."""
        counting = self.by_tender and not items
        where = f" AND ({self.asked.where})" if self.asked.where and not counting else ""
        spread = f" CROSS JOIN LATERAL {TENDERS}" if self.dataset.spread and items else ""
        parsed = f" {PARSED}" if DOC in f"{columns}{where}{spread}" else ""
        source = f"ledger_record r{parsed}{spread}"
        parts = [
            f"(SELECT r.received_at, r.id, {columns} FROM {source} WHERE {_of(branch)}{where}{tail})"
            for branch in self.dataset.branches
        ]
        own = self.asked.parameters
        each = (*own, self.source_id) if counting else (self.source_id, *own, *key)
        return " UNION ALL ".join(parts), each * len(parts)


def _of(branch: Branch) -> str:
    """The condition that an index of lists is made for, and what else holds the branch together."""
    own = "r.kind = 'order'" if branch.kind == "order" else f"r.kind = '{branch.kind}' AND NOT r.kind = 'order'"
    more = f" AND {branch.where}" if branch.where else ""
    return f"r.source_id = %s AND NOT r.superseded AND NOT r.deleted AND {own}{more}"
