"""Gift cards outside any order: given away, expired, handed to the state.

Source of the patterns: accounting-patterns §5 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

from ledger.book import Book
from ledger.commerce import GiftCardChange
from ledger.legs import Leg
from ledger.rules import roles


def gift_card_change(record: GiftCardChange, book: Book) -> list[Leg]:
    """The legs of a change in what gift cards are worth; none for an expiry whose liability the book keeps."""
    day = book.calendar.day_of(record.changed_at)
    liability = Leg(day, "gift_card", f"{roles.GIFT_CARD}:{record.kind}", -record.amount)
    match record.kind:
        case "issued_free" | "adjusted":
            return [Leg(day, "gift_card", roles.PROMOTION, record.amount), liability]
        case "issued_for_return":
            tax = sum(part.amount for part in record.taxes)
            treatment = roles.treatment(record.taxes)
            taxes = [
                Leg(day, "gift_card", roles.tax_role(part), part.amount, treatment, roles.REFUNDS)
                for part in record.taxes
            ]
            return [Leg(day, "gift_card", roles.REFUNDS, record.amount - tax, treatment), *taxes, liability]
        case "expired" if book.policy.expired_cards == "keep":
            return []
        case _:
            taker = "breakage" if record.kind == "expired" else "unclaimed_property"
            return [
                liability._replace(amount=record.amount),
                Leg(day, "gift_card", taker, -record.amount),
            ]
