"""Rows that tell of stock, in the style of the published shapes: how many of a thing are at a location.

A row has ``id``, ``productRef``, ``productVariantRef``, ``sku``, ``locationRef``, ``onHand``, ``reorderLevel``,
``unitCost``, ``currency``, ``isTracked``, ``isDiscontinued`` and ``sourceModifiedDate``. What is absent, null or blank
was not said, and what was known of it stays; stock that nobody counts any more says ``"isTracked": false``, a thing
that is no longer sold ``"isDiscontinued": true``. ``onHand`` may be below zero: more was sold than was counted.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, UnsetType

from connectors.commerce._partner_reading import Unfit
from connectors.commerce._partner_values import minor, quantity_text, scale_of, updated
from connectors.commerce._partner_wire import Amount, Dated, Ref
from connectors.session import MapContext
from connectors.stock import StockCount

DATASET = "stockLevels"


class StockLevel(Dated):
    """How many there are, from when there are too few, and what one costs (an amount in major units)."""

    product_ref: Ref | None = None
    product_variant_ref: Ref | None = None
    location_ref: Ref | None = None
    sku: str | None = None
    name: str | None = None
    on_hand: Amount | None = None
    reorder_level: Amount | None = None
    unit_cost: Amount | None = None
    currency: str | None = None
    is_tracked: bool | None = None
    is_discontinued: bool | None = None


def count_of(row: StockLevel, context: MapContext) -> StockCount:
    """What `row` says; raises `Unfit`."""
    variant = str(row.product_variant_ref.id) if row.product_variant_ref else ""
    product = str(row.product_ref.id) if row.product_ref else ""
    if not (variant or product):
        message = "it says neither productVariantRef.id nor productRef.id"
        raise Unfit("malformed", row, facts={"message": message})
    scale = scale_of(row, row.currency, context.currency)
    untracked = row.is_tracked is False
    return StockCount(
        item_id=variant or product,
        location_id=str(row.location_ref.id) if row.location_ref else "",
        at=updated(row, context.zone),
        on_hand=None if untracked else _quantity(row.on_hand),
        threshold=_quantity(row.reorder_level),
        unit_cost=UNSET if row.unit_cost is None else minor(row.unit_cost, scale),
        currency="" if row.unit_cost is None else scale.currency,
        product_id=product,
        sku=row.sku or "",
        name=row.name or _name(row.product_variant_ref) or _name(row.product_ref),
        gone=row.is_discontinued is True,
    )


def _quantity(value: Amount | None) -> Decimal | UnsetType:
    return UNSET if value is None else Decimal(quantity_text(value))


def _name(ref: Ref | None) -> str:
    return (ref.name or "") if ref else ""
