"""What a row tells about stock: how many of a thing are where, when that is too few, and what one costs. Pure.

Unknown is not zero: a field that is `UNSET` was not told by this row, and what was known stays; None says that there is
no such figure (stock that nobody counts, a thing without a threshold, a cost that nobody entered).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from connectors.errors import MappingProblem
from ledger.money import EXPONENTS
from ledger.zones import FIRST_YEAR, LAST_YEAR

MOST: Final = Decimal(10) ** 12  # units; beyond it a figure is a mistake
PLACES: Final = 6  # decimals of a quantity
MOST_COST: Final = 10**15  # minor units
_LONGEST_ID: Final = 200
_LONGEST_NAME: Final = 400


class StockCount(Struct, frozen=True, kw_only=True):
    """What one row says of one thing at one location.

    `item_id` is the platform's id of what is counted: the variation where a product has several, else the product,
    which `product_id` names besides. `location_id` is "" where the platform does not tell locations apart, and for what
    holds at all of them (a cost, a threshold). `at` (aware) is when the platform counted or changed it, None where it
    does not say: then it is when the row came. `unit_cost` is in minor units of `currency`. `gone` says that the thing
    is no longer sold: what was counted of it anywhere is no longer looked at.
    """

    item_id: str
    location_id: str = ""
    at: datetime | None = None
    on_hand: Decimal | None | UnsetType = UNSET
    threshold: Decimal | None | UnsetType = UNSET
    unit_cost: int | None | UnsetType = UNSET
    currency: str = ""
    product_id: str = ""
    sku: str = ""
    name: str = ""
    gone: bool = False


@dataclass(slots=True)
class Told:
    """What several rows say of one thing at one place, each figure with the instant from which it holds."""

    item_id: str
    location_id: str
    product_id: str = ""
    sku: str = ""
    name: str = ""
    on_hand: Decimal | None = None
    counted_at: datetime | None = None
    threshold: Decimal | None = None
    threshold_at: datetime | None = None
    unit_cost: int | None = None
    currency: str = ""
    cost_at: datetime | None = None
    gone_at: datetime | None = None

    def hear(self, count: StockCount, at: datetime) -> None:
        """Take over what `count` tells as of `at`, unless a newer row has told it."""
        self.product_id, self.sku = count.product_id or self.product_id, count.sku or self.sku
        self.name = count.name or self.name
        if count.on_hand is not UNSET and _is_news(self.counted_at, at):
            self.on_hand, self.counted_at = count.on_hand, at
        if count.threshold is not UNSET and _is_news(self.threshold_at, at):
            self.threshold, self.threshold_at = count.threshold, at
        if count.unit_cost is not UNSET and _is_news(self.cost_at, at):
            self.unit_cost, self.cost_at = count.unit_cost, at
            self.currency = count.currency if count.unit_cost is not None else ""
        if count.gone and _is_news(self.gone_at, at):
            self.gone_at = at


def told(counts: Iterable[StockCount], received_at: datetime) -> list[Told]:
    """What `counts` tell, each thing at each place once, in a stable order."""
    found: dict[tuple[str, str], Told] = {}
    for count in counts:
        key = (count.item_id, count.location_id)
        found.setdefault(key, Told(*key)).hear(count, count.at or received_at)
    return [found[key] for key in sorted(found)]


def checked(count: StockCount) -> StockCount:
    """`count` itself; raises `MappingProblem` for what cannot be kept."""
    if not 0 < len(count.item_id) <= _LONGEST_ID or len(count.location_id) > _LONGEST_ID:
        raise MappingProblem("malformed", "$", "what is counted, or where, has no usable id")
    for text in (count.item_id, count.location_id, count.product_id, count.sku, count.name):
        if "\x00" in text or len(text) > _LONGEST_NAME:
            raise MappingProblem("malformed", "$", "a text is too long, or contains the character NUL")
    for figure in (count.on_hand, count.threshold):
        if isinstance(figure, Decimal) and not (figure.is_finite() and abs(figure) < MOST and _fits(figure)):
            raise MappingProblem("malformed", "$", f"{str(figure)[:40]} is not a quantity that we can keep")
    if isinstance(count.unit_cost, int) and (not 0 <= count.unit_cost < MOST_COST or count.currency not in EXPONENTS):
        raise MappingProblem("malformed", "$", "the cost of one is negative, too large, or in no currency")
    if count.at is not None and not (count.at.tzinfo and FIRST_YEAR < count.at.year < LAST_YEAR):
        raise MappingProblem("bad_time", "$", f"{count.at.isoformat()} is not a time that we can read")
    return count


def _fits(figure: Decimal) -> bool:
    exponent = figure.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -PLACES


def _is_news(known: datetime | None, at: datetime) -> bool:
    return known is None or at >= known
