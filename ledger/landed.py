"""What goods cost once they are here: freight, duty and the like, spread over what was imported. Pure.

Each charge is spread by largest remainder, so the parts are the charge to the minor unit, whatever it is spread by. The
cost of one is its line's, divided and rounded: what the line costs is kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from ledger.money import allocate

By = Literal["value", "quantity", "weight"]
_SCALE: Final = 1_000_000  # quantities and weights have six decimals


class Imported(NamedTuple):
    """One thing of an import: how many, what they cost together (minor units), what they weigh together."""

    quantity: Decimal
    cost: int
    weight: Decimal = Decimal(0)


class Charge(NamedTuple):
    """A cost of getting the whole import here, in minor units, and what it is spread by."""

    amount: int
    by: By = "value"


class Landed(NamedTuple):
    """What a line costs with its share of all charges: together, and one of it (rounded half to even)."""

    cost: int
    unit_cost: int


class NothingToSpreadBy(ValueError):
    """A charge is to be spread by something of which no line has any."""


def landed(lines: Sequence[Imported], charges: Sequence[Charge]) -> list[Landed]:
    """The lines with their shares of the charges; their costs sum to all that was paid, to the minor unit.

    Raises `NothingToSpreadBy`; ValueError for a quantity of zero or below, or for something negative.
    """
    for line in lines:
        if line.quantity <= 0 or line.cost < 0 or line.weight < 0:
            raise ValueError("a line has a quantity above zero, and nothing negative")
    costs = [line.cost for line in lines]
    for charge in charges:
        weights = [_weight(line, charge.by) for line in lines]
        if charge.amount < 0:
            raise ValueError("a charge is not negative")
        if not sum(weights):
            raise NothingToSpreadBy(charge.by)
        costs = [cost + share for cost, share in zip(costs, allocate(charge.amount, weights), strict=True)]
    return [
        Landed(cost, round(Fraction(cost) / Fraction(line.quantity))) for line, cost in zip(lines, costs, strict=True)
    ]


def _weight(line: Imported, by: By) -> int:
    match by:
        case "value":
            return line.cost
        case "quantity":
            return int(line.quantity * _SCALE)
        case "weight":
            return int(line.weight * _SCALE)
