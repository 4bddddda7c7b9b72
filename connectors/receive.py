"""From a page to records: the one way in, for what is pushed to us and for what we pull.

    page ──split──▶ rows ──compare──▶ changed rows ──map──▶ records ──ledger.intake──▶ versions

The raw page is kept, compressed. A row whose bytes have not changed since its record was stored is not even mapped.
A row that cannot become a record is refused alone, with its path and reason; its neighbors are kept. All of a page is
one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from connectors import references
from connectors.hanging import take_back_hanging
from connectors.raw_pages import MAX_BODY_BYTES, ROWS, RawPage, keep, past
from connectors.reading import ItemResult, Origin, Reading
from connectors.stock_rows import remember_counts
from connectors.turning import take_back
from ledger import sql
from ledger.collector import no_collector
from ledger.incoming import Incoming
from ledger.intake import store
from ledger.problem_rows import Subject, open_problems, resolve_subjects
from ledger.record_rows import lock_source, raw_digests
from ledger.versions import fingerprint

MAX_ROWS: Final = 5_000


class BadPage(Exception):
    """The page as a whole cannot be read; nothing of it was kept."""


def rows_of(body: bytes) -> list[msgspec.Raw]:
    """The rows of a JSON array, each as its bytes; raises `BadPage`."""
    if len(body) > MAX_BODY_BYTES:
        raise BadPage(f"the body has {len(body):,} bytes; send at most {MAX_BODY_BYTES:,} at a time")
    try:
        rows = ROWS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPage(f"the body is not a JSON array of records: {error}") from None
    if len(rows) > MAX_ROWS:
        raise BadPage(f"the body has {len(rows):,} records; send at most {MAX_ROWS:,} at a time")
    return rows


def receive_page(
    origin: Origin, dataset: str, body: bytes, rows: Sequence[msgspec.Raw], at: datetime
) -> list[ItemResult]:
    """Store one page and what its rows say; one result per row, in order. Safe to repeat."""
    with no_collector(), sql.unit_of_work():
        lock_source(origin.source_id)
        # Stock that is what it was a week ago looks the same, and was something else in between.
        is_stock = origin.platform.stream(dataset).stock
        row_digests = list(map(fingerprint, rows))
        page_digest = fingerprint(b"|".join((dataset.encode(), *row_digests)))
        before = past(origin.connection_id, origin.company_id, origin.source_id, page_digest)
        if before.is_known and not is_stock and _tell_their_age(origin, dataset, rows):
            return [ItemResult(row_id, "unchanged") for row_id in _ids(origin, dataset, body, rows)]
        reading = Reading(origin, dataset, len(rows))
        reading.identify(body, rows, row_digests)
        reading.compare(raw_digests(origin.source_id, [row.id for row in reading.rows]))
        if not reading.changed and not reading.refused:
            return reading.results()
        _take_in(origin, reading, before.page_id, at)
        page = RawPage(
            *(before.page_id, origin.connection_id, dataset, page_digest),
            *(len(body), len(rows), len(reading.refused), at),
        )
        keep(page, body)
        if before.has_refused_rows:
            healthy = [f"{dataset} {row.id}" for row in reading.rows if row.place not in reading.refused]
            resolve_subjects(origin.company_id, origin.source_id, healthy, at)
    return reading.results()


def _take_in(origin: Origin, reading: Reading, page_id: int, at: datetime) -> None:
    """Store what the changed rows say, and report those that say nothing that we can read."""
    items: list[Incoming] = []
    outcomes = store(
        company_id=origin.company_id,
        source_id=origin.source_id,
        items=reading.mapped(items),
        page_id=page_id,
        received_at=at,
        new_ids=reading.new_ids,
    )
    for item, outcome in zip(items, outcomes, strict=True):
        reading.note(item.page_row, outcome.status, outcome.problem)
        if outcome.status == "refused" and outcome.problem is not None:
            reading.refused.setdefault(item.page_row, outcome.problem)
    if reading.left_over:
        take_back(origin, reading, page_id, at)
    take_back_hanging(origin, reading, items, outcomes, page_id, at)
    references.remember(origin.connection_id, [*reading.named, *reading.met.values()], at)
    remember_counts(origin.connection_id, reading.counts, at)
    _report(origin, reading, page_id, at)


def _tell_their_age(origin: Origin, dataset: str, rows: Sequence[msgspec.Raw]) -> bool:
    """Whether the rows of a known page say when they changed: one that does not may be an older truth come true again.

    One row speaks for its page; all of a stream's rows have the same fields.
    """
    return not rows or origin.platform.identify(dataset, rows[0])[1] is not None


def _ids(origin: Origin, dataset: str, body: bytes, rows: Sequence[msgspec.Raw]) -> list[str]:
    """The ids of rows of which each is known to have one."""
    platform = origin.platform
    return platform.identities(dataset, body, rows) or [platform.identify(dataset, row)[0] for row in rows]


def _report(origin: Origin, reading: Reading, page_id: int, at: datetime) -> None:
    """Open a problem for each refused row."""
    if not reading.refused:
        return
    subjects = [
        Subject(
            _subject(reading.dataset, reading.ids[index], page_id, index),
            problem,
            origin.source_id,
            None,
            page_id,
            index,
        )
        for index, problem in reading.refused.items()
    ]
    open_problems(origin.company_id, subjects, at)


def _subject(dataset: str, row_id: str, page_id: int | None, index: int) -> str:
    return f"{dataset} {row_id}" if row_id else f"{dataset} row {index} of page {page_id}"
