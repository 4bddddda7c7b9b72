"""Per-payout mode: what a payout settles is posted with it, in one entry that equals the bank deposit.

What belongs to an earlier month than the payout stays in its month: there the money is carried in an account of its
own, and taken out of it on the day of the payout, so that only the payout's entry touches the bank.
Source of the pattern: accounting-patterns §6 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

import calendar
from datetime import date
from typing import Final, NamedTuple

from ledger.book import Book
from ledger.commerce import Dispute, Fee, Order, Payout, Record, Refund
from ledger.legs import Leg
from ledger.rules.roles import CASH

CARRIED: Final = "carried_balance"
_PAID_OUT_METHODS: Final = frozenset({"card", "pay_later"})


class Settlement(NamedTuple):
    """The payout in which a record's money reaches the bank, and the business day on which it does."""

    payout_id: str
    day: date


def awaits_payout(record: Record, book: Book) -> bool:
    """Whether the record's money comes by payout, so that per-payout books wait for it.

    A fee that the book takes from the payouts' items, or does not keep, posts nothing of its own and waits for nothing.
    """
    if isinstance(record, Order | Refund):
        return any(tender.method in _PAID_OUT_METHODS for tender in record.tenders)
    if isinstance(record, Fee) and book.policy.fees_from != "records":
        return False
    return isinstance(record, Fee | Dispute) and record.method in _PAID_OUT_METHODS


def settlements(payout: Payout, day: date) -> dict[str, Settlement]:
    """Record id → settlement for everything that ``payout``, arriving on business day ``day``, says it settles."""
    settled = {item.source_id: Settlement(payout.id, day) for item in payout.items or () if item.source_id}
    return {payout.id: Settlement(payout.id, day), **settled}


def by_payout(legs: list[Leg], settlement: Settlement) -> list[Leg]:
    """``legs`` moved to the payout's day, or to the end of their own month with the money carried over."""
    moved = []
    for leg in legs:
        if (leg.day.year, leg.day.month) == (settlement.day.year, settlement.day.month):
            moved.append(leg._replace(day=settlement.day))
            continue
        last = calendar.monthrange(leg.day.year, leg.day.month)[1]
        month_end = leg.day.replace(day=last)
        if not leg.role.startswith("tender:") or leg.role == CASH:
            moved.append(leg._replace(day=month_end))
            continue
        moved.append(leg._replace(day=month_end, role=CARRIED))
        moved.append(leg._replace(day=settlement.day))
        moved.append(leg._replace(day=settlement.day, role=CARRIED, amount=-leg.amount))
    return moved
