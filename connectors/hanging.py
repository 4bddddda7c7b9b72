"""Refunds that are told by the row of their order: what it tells no more is taken back, as is all of an order gone.

A platform that tells refunds inside their orders says nothing of them when the order is deleted, or when a refund came
to nothing after all. Refunds that have rows of their own are none of this: their own row tells when they are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from connectors.errors import BadAnswer, MappingProblem
from connectors.paging import rows_at
from connectors.raw_pages import decompress
from connectors.reading import Origin, Reading
from ledger import sql
from ledger.commerce import Deleted, Refund
from ledger.incoming import Incoming
from ledger.intake import Stored, store

# Bounded by when the orders first came: no refund that an order's row tells is older than it. (Two indexes lead to
# the versions: one of the current ones, one of the former.)
_ALIVE: Final = """
    SELECT found.external_id, found.order_id, found.currency, found.happened_at, page.dataset, found.page_row, page.body
    FROM (
        SELECT external_id, currency, happened_at, page, page_row,
            convert_from(body, 'UTF8')::json ->> 'order_id' AS order_id
        FROM ledger_record
        WHERE source_id = %s AND kind = 'refund' AND NOT superseded AND NOT deleted
            AND received_at >= (
                SELECT min(received_at) FROM (
                    SELECT received_at FROM ledger_record
                    WHERE source_id = %s AND external_id = ANY(%s) AND NOT superseded
                    UNION ALL
                    SELECT received_at FROM ledger_record WHERE source_id = %s AND external_id = ANY(%s) AND superseded
                ) version
            )
    ) found
    JOIN connectors_page page ON page.id = found.page AND page.connection_id = %s AND page.dataset = ANY(%s)
    WHERE found.order_id = ANY(%s)
"""


class _Word(NamedTuple):
    """The word on an order: the row that it came with, and when it was true (None: the row does not say)."""

    raw_digest: bytes
    place: int
    updated_at: datetime | None


def take_back_hanging(
    origin: Origin, reading: Reading, items: Sequence[Incoming], outcomes: Sequence[Stored], page_id: int, at: datetime
) -> None:
    """Delete the refunds that rows of orders have told and, by what this page says, tell no more.

    ``items`` are the records of the page and ``outcomes`` what became of them. Joins the caller's transaction.
    """
    datasets = [
        name for name, stream in origin.platform.streams.items() if {"order", "refund"} <= set(stream.kinds)
    ]  # where refunds are told by rows of orders
    if not datasets:
        return
    words = _words(origin, reading, items, outcomes, reading.dataset in datasets)
    if not words:
        return
    told = {item.record.id for item in items if isinstance(item.record, Refund)}
    gone = list(_gone(origin, words, told, datasets, at))
    if not gone:
        return
    stored = store(
        company_id=origin.company_id, source_id=origin.source_id, items=gone, page_id=page_id, received_at=at
    )
    for item, outcome in zip(gone, stored, strict=True):
        reading.note(item.page_row, outcome.status, outcome.problem)


def _words(
    origin: Origin, reading: Reading, items: Sequence[Incoming], outcomes: Sequence[Stored], is_told_here: bool
) -> dict[str, _Word]:
    """The orders of which this page says something new: rows that were known, and those that are gone now."""
    found: dict[str, _Word] = {}
    if is_told_here:
        for row, known in reading.changed:
            if "order" in known and row.place not in reading.refused:
                updated_at = origin.platform.identify(reading.dataset, row.body)[1]
                found[row.id] = _Word(row.raw_digest, row.place, updated_at)
    for item, outcome in zip(items, outcomes, strict=True):
        if type(item.record) is Deleted and item.kind == "order" and outcome.status == "changed":
            found[item.record.id] = _Word(item.raw_digest, item.page_row, item.record.updated_at)
    return found


def _gone(
    origin: Origin, words: dict[str, _Word], told: set[str], datasets: list[str], at: datetime
) -> Iterator[Incoming]:
    orders, source = list(words), origin.source_id
    alive = sql.rows(_ALIVE, (source, source, orders, source, orders, origin.connection_id, datasets, orders))
    for refund_id, order_id, currency, happened_at, dataset, place, body in alive:
        if refund_id in told or not came_from(origin, dataset, order_id, place, body):
            continue
        word = words[order_id]
        deleted = Deleted(refund_id, currency, happened_at, word.updated_at or at)
        yield Incoming("refund", deleted, word.raw_digest, word.place)


def came_from(origin: Origin, dataset: str, external_id: str, place: int, body: bytes | None) -> bool:
    """Whether the raw row at ``place`` of a page bears this id; a page that was purged is believed to."""
    if body is None:
        return True
    try:
        row = rows_at(decompress(bytes(body)), origin.platform.stream(dataset).rows)[place]
        return origin.platform.identify(dataset, row)[0] == external_id
    except (msgspec.MsgspecError, MappingProblem, BadAnswer, ValueError, IndexError):
        return False
