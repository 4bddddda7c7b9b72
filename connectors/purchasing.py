"""A purchase order that is drafted at accounting software, for a person to look at and send. Pure.

A draft books nothing: it is a suggestion to buy what runs out, where the merchant's software keeps such orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

LONGEST_REFERENCE: Final = 20  # characters: what the shortest of the platforms' fields for an order's number holds


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One thing to buy. `unit_cost` is in minor units of the order's currency, None where nobody knows it.

    `sku` is what the merchant calls the thing ("" when it has no such name): platforms that keep items look for it
    there. `account` is the platform's id of the account that the purchase will go to, None for the platform's choice.
    """

    description: str
    sku: str
    quantity: Decimal
    unit_cost: int | None
    account: str | None

    def __post_init__(self) -> None:
        if not self.description:
            raise ValueError("a line says what is to be bought")
        if not self.quantity.is_finite() or self.quantity <= 0:
            raise ValueError(f"a quantity to buy is above zero, not {self.quantity}")
        if self.unit_cost is not None and self.unit_cost < 0:
            raise ValueError(f"a unit cost cannot be negative: {self.unit_cost}")


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """A purchase order in draft: `reference` is ours and unique, `supplier` the platform's id of whom to buy from."""

    reference: str
    supplier: str
    currency: str
    ordered_on: date
    lines: tuple[DraftLine, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.reference) <= LONGEST_REFERENCE:
            raise ValueError(f"a reference has 1 to {LONGEST_REFERENCE} characters: {self.reference!r}")
        if not self.supplier:
            raise ValueError("an order names its supplier")
        if not self.lines:
            raise ValueError("an order has lines")
