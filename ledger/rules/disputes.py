"""Chargebacks: a receivable while it is fought over, a loss when it is lost.

Source of the patterns: accounting-patterns §7 (retold with numbers in docs/posting.md). The dispute's fee is a `Fee`.
"""

from __future__ import annotations

from ledger.book import Book
from ledger.commerce import Dispute
from ledger.legs import Leg
from ledger.rules import roles

RECEIVABLE = "dispute"
LOSS = "dispute_loss"


def dispute(record: Dispute, book: Book) -> list[Leg]:
    """The legs of a dispute's life so far: opened on its day, won or lost on its own. An inquiry moves nothing."""
    if record.outcome == "inquiry":
        return []
    clearing = roles.clearing_role(record.method, record.provider)
    held_in = RECEIVABLE if book.policy.disputes == "receivable" else roles.REFUNDS
    opened = book.calendar.day_of(record.opened_at)
    legs = [Leg(opened, "dispute", held_in, record.amount), Leg(opened, "dispute", clearing, -record.amount)]
    closed = book.calendar.day_of(record.closed_at or record.opened_at)
    if record.outcome == "won":
        legs += [
            Leg(closed, "dispute", clearing, record.amount),
            Leg(closed, "dispute", held_in, -record.amount),
        ]
    if record.outcome == "lost" and held_in == RECEIVABLE:
        legs += [
            Leg(closed, "dispute", LOSS, record.amount),
            Leg(closed, "dispute", RECEIVABLE, -record.amount),
        ]
    return legs
