"""Stored records in shapes of the reconciliation's own: what counts in sums, and nothing else. Pure."""

from __future__ import annotations

from msgspec import Struct


class Part(Struct, gc=False):
    """A part of a stored record, as far as its amounts count."""


class Tax(Part):
    """A component of tax on a line."""

    key: str
    amount: int
    collected_by: str = "merchant"


class Line(Part):
    """A line of a sale or of a return."""

    kind: str
    net: int
    taxes: list[Tax] | None = None
    discount: int = 0
    face: int | None = None


class Tender(Part):
    """A means of payment."""

    method: str
    amount: int
    captured_at: str
    label: str = ""
    provider: str = ""


class Order(Part):
    """A sale."""

    closed_at: str
    lines: list[Line]
    tenders: list[Tender]
    stated: int
    state: str = "completed"


class Refund(Part):
    """What went back."""

    refunded_at: str
    lines: list[Line] | None
    tenders: list[Tender]
    stated: int


class Fee(Part):
    """What a processor took."""

    charged_at: str
    amount: int
    taxes: tuple[Tax, ...] = ()
    method: str = "card"
    provider: str = ""


class Item(Part):
    """A row of a payout."""

    kind: str
    amount: int


class Payout(Part):
    """A transfer to the bank."""

    arrives_on: str
    amount: int
    items: tuple[Item, ...] | None = None
    method: str = "card"
    provider: str = ""


class Dispute(Part):
    """A chargeback."""

    opened_at: str
    amount: int
    outcome: str
    closed_at: str | None = None
    method: str = "card"
    provider: str = ""


class Change(Part):
    """A change of what gift cards are worth."""

    changed_at: str
    amount: int
    kind: str
    taxes: tuple[Tax, ...] = ()


class Cash(Part):
    """Cash that is no sale."""

    at: str
    amount: int
    kind: str
