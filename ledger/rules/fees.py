"""Fees of processors and platforms: an expense, out of the money that waits at the processor.

    Dr fee, fee tax      Cr tender (clearing)

Source of the patterns: accounting-patterns §6 (retold with numbers in docs/posting.md).
"""

from __future__ import annotations

from ledger.book import Book
from ledger.commerce import Fee
from ledger.legs import About, Leg
from ledger.rules import roles


def fee(record: Fee, book: Book) -> list[Leg]:
    """The legs of a fee; a negative amount is a fee given back, under a role of its own.

    Nothing when the book takes fees from the payouts' items (they are booked there, and never twice) or keeps none.
    """
    if book.policy.fees_from != "records":
        return []
    day = book.calendar.day_of(record.charged_at)
    back = record.amount < 0
    about: About = "fee_refund" if back else "fee"
    role = f"{'fee_refund' if back else 'fee'}:{record.kind}"
    tax = roles.treatment(record.taxes)
    legs = [Leg(day, about, role, record.amount, tax)]
    legs += [Leg(day, about, f"fee_tax:{part.key}", part.amount, tax, role) for part in record.taxes if part.amount]
    total = record.amount + sum(part.amount for part in record.taxes)
    legs.append(Leg(day, about, roles.clearing_role(record.method, record.provider), -total))
    return legs
