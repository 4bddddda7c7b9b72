"""What each kind of record means in debits and credits, as roles: the accounting knowledge of the product.

`expand` is the one entrance. A rule is a pure function of the record and the book (for its calendar and policy; never
for its accounts) and returns legs that sum to zero, each on its own business day: a layby's instalment, the sale that
completes it and the payment that comes a month later are legs of one record on three days.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.book import Book
from ledger.commerce import (
    CashMovement,
    Deleted,
    Dispute,
    Fee,
    GiftCardChange,
    Order,
    Payout,
    Record,
    Refund,
)
from ledger.legs import Leg
from ledger.rules.cash import cash_movement
from ledger.rules.disputes import dispute
from ledger.rules.fees import fee
from ledger.rules.gift_cards import gift_card_change
from ledger.rules.payouts import payout
from ledger.rules.refunds import refund
from ledger.rules.sales import sale

_RULES: Final[dict[type[Any], Callable[[Any, Book], list[Leg]]]] = {
    Order: sale,
    Refund: refund,
    Fee: fee,
    Payout: payout,
    Dispute: dispute,
    GiftCardChange: gift_card_change,
    CashMovement: cash_movement,
}


def expand(record: Record, book: Book) -> list[Leg]:
    """The legs of ``record`` under ``book``; they sum to zero. A `Deleted` record has none."""
    return [] if isinstance(record, Deleted) else _RULES[type(record)](record, book)
