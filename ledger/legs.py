"""A leg: one debit or credit before any account is chosen, and the group that it will be summed into."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

About = Literal["sale", "refund", "fee", "fee_refund", "payout", "dispute", "gift_card", "cash", "cost"]


class Leg(NamedTuple):
    """One debit (positive) or credit (negative) in minor units of the record's currency, on one business day.

    ``role`` says what the leg is for ("sales:food", "tender:card:stripe"); the book turns it into an account.
    ``tax`` is the tax treatment of the line it came from ("vat20", "gst+qst", "" for none), and for a leg of tax
    ``of`` is the role of the line that is taxed, so that an invoice can show each tax beside its net.
    """

    day: date
    about: About
    role: str
    amount: int
    tax: str = ""
    of: str = ""


class Group(NamedTuple):
    """What is posted together: one day and currency, and where the book asks for it one place, order or payout."""

    day: date
    currency: str
    location: str = ""
    channel: str = ""
    party: str = ""

    @property
    def label(self) -> str:
        """What tells groups of one day and currency apart, "" where the book does not split them."""
        parts = (self.location, self.channel, self.party)
        if not any(parts):
            return ""
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)

    @property
    def title(self) -> str:
        """Place, channel and order or payout in a person's words; "" for a whole day."""
        return ", ".join(part for part in self[2:] if part)


class Slot(NamedTuple):
    """Where a leg lands inside its group: legs that agree on all of this are one amount.

    ``version`` tells whose accounts count: 0 is the book in force, others are books under which a record was posted
    before (what is taken back leaves the accounts that it went to).
    """

    version: int
    about: About
    role: str
    tax: str
    of: str
    location: str
    channel: str
