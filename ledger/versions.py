"""What a version of a record is known by: its digests, when it is due, and what it adds to a day. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from xxhash import xxh3_128_digest

from ledger.commerce import Deleted, Order, Record, Refund, happened_at
from ledger.problems import Problem

DIGEST_BYTES = 16
ANOTHER_SALE_AFTER = timedelta(days=180)


def digest(data: bytes) -> bytes:
    """The identity of some bytes: 128 bits of their SHA-256, which processors do in hardware."""
    return sha256(data).digest()[:DIGEST_BYTES]


fingerprint = xxh3_128_digest
"""Tells raw bytes that have changed from those that have not, at a tenth of the cost: 128 bits that prove nothing.

Whoever could make two rows with one fingerprint would hide a change from nobody but themselves. What is kept as
evidence, the version of a record, has its `digest`."""


def effect(record: Record) -> int:
    """The signed amount by which ``record`` changes what is owed, in minor units: what a day's records add up to."""
    match record:
        case Order():
            return record.stated
        case Refund():
            return -record.stated
        case Deleted():
            return 0
        case _:
            return record.amount


def last_event_at(record: Record) -> datetime:
    """When the last thing happened that ``record`` tells of: it is due once that business day is over."""
    if type(record) is not Order:
        return happened_at(record)
    latest = record.closed_at
    for tender in record.tenders:
        if tender.captured_at > latest:
            latest = tender.captured_at
    return latest


def another_sale(happened_at: datetime, total: int, record: Record) -> Problem | None:
    """Why ``record`` is hardly what is known under its id, which happened then and came to ``total`` minor units.

    Half a year apart and of another amount: a shop that was set up anew and counts from 1 again. A sale that is paid
    late keeps its amount, one that is corrected its day.
    """
    if type(record) is not Order or not total or effect(record) == total:
        return None
    if abs(last_event_at(record) - happened_at) <= ANOTHER_SALE_AFTER:
        return None
    was, now = happened_at.date().isoformat(), last_event_at(record).date().isoformat()
    return Problem("another_sale", "order", record.id, "$.id", {"id": record.id[:80], "was": was, "now": now})


def is_incomplete(record: Record) -> bool:
    """Whether the record is a refund whose parts the platform left out."""
    return type(record) is Refund and record.lines is None
