"""The cash office: what goes in and out of the drawer without a sale.

Source of the patterns: accounting-patterns §4 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

from typing import Final

from ledger.book import Book
from ledger.commerce import CashMovement, CashMovementKind
from ledger.legs import Leg
from ledger.rules import roles

# kind → the role beside cash, and whether the movement's positive amount takes cash in (+1) or out (−1)
_OTHER_SIDE: Final[dict[CashMovementKind, tuple[str, int]]] = {
    "paid_in": ("cash_paid_in", 1),
    "paid_out": ("cash_paid_out", -1),
    "over_short": ("cash_over_short", 1),
    "drop": ("cash_deposit", -1),
    "tips_paid_out": ("tip", -1),
}


def cash_movement(record: CashMovement, book: Book) -> list[Leg]:
    """The legs of a cash movement; a label makes the other side's role specific ("cash_paid_out:Window cleaner")."""
    day = book.calendar.day_of(record.at)
    head, sign = _OTHER_SIDE[record.kind]
    role = f"{head}:{record.label}" if record.label and head != "tip" else head
    amount = sign * record.amount
    return [Leg(day, "cash", roles.CASH, amount), Leg(day, "cash", role, -amount)]
