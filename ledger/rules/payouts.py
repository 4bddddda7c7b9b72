"""Payouts: what waited at the processor arrives in the bank; what the processor kept or lent shows by itself.

    Dr bank      Cr tender (clearing)          and for each reserve, advance, exchange difference its own pair

Charges, refunds and disputes inside a payout were booked on their own day and are not booked again.
Source of the patterns: accounting-patterns §§6, 8 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

from typing import Final

from ledger.book import Book
from ledger.commerce import Payout, PayoutItemKind
from ledger.legs import Leg
from ledger.rules import roles

_OWN_ROLE: Final[dict[PayoutItemKind, str]] = {
    "reserve": "reserve",
    "advance": "advance",
    "advance_repayment": "advance",
    "advance_fee": "advance_fee",
    "exchange": "exchange",
    "adjustment": "payout_adjustment",
}
_FEE_ROLE: Final[dict[PayoutItemKind, str]] = {"fee": "fee:processing", "fee_refund": "fee_refund:processing"}


def payout(record: Payout, book: Book) -> list[Leg]:
    """The legs of a payout, on the day it arrives; a negative one takes money from the bank."""
    day = book.calendar.day_of(record.arrives_on)
    clearing = roles.clearing_role(record.method, record.provider)
    legs = [
        Leg(day, "payout", roles.BANK, record.amount),
        Leg(day, "payout", clearing, -record.amount),
    ]
    own = _OWN_ROLE | _FEE_ROLE if book.policy.fees_from == "payouts" else _OWN_ROLE
    for item in record.items or ():
        role = own.get(item.kind)
        if role:
            legs.append(Leg(day, "payout", role, -item.amount))
            legs.append(Leg(day, "payout", clearing, item.amount))
    return legs
