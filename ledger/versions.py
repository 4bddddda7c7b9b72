"""What a version of a record is known by: its digests, when it is due, and what it adds to a day. Pure."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from ledger.commerce import Deleted, Order, Record, Refund, happened_at

DIGEST_BYTES = 16


def digest(data: bytes) -> bytes:
    """The identity of some bytes: 128 bits of their hash."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def version_digest(source_id: int, kind: str, body: bytes) -> bytes:
    """The identity of a version of a record: of its canonical bytes (its id among them) in its source and kind."""
    return digest(b"%d|%b|%b" % (source_id, kind.encode(), body))


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


def is_incomplete(record: Record) -> bool:
    """Whether the record is a refund whose parts the platform left out."""
    return type(record) is Refund and record.lines is None
