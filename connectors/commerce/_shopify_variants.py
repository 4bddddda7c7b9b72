"""Variants of Shopify's products: what they are called and cost, and how many of them are where."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from msgspec import Raw

from connectors.commerce import _shopify_lines as parts
from connectors.commerce._shopify_wire import Id, Instant, Money, Named, Number, PageInfo, Units, Wire
from connectors.errors import MappingProblem
from connectors.named import Thing
from connectors.stamps import read
from connectors.stock import StockCount

LONGEST_CATEGORY: Final = 200
COUNTED: Final = "on_hand"  # what is really there; what is sold of it and not yet sent is `committed`


class Product(Wire):
    legacy_resource_id: Number
    title: str = ""
    product_type: str | None = None


class Quantity(Wire):
    name: str
    quantity: Units
    updated_at: Instant | None = None


class Level(Wire):
    """What is at one location; inactive when the merchant stocks it there no more."""

    location: Named
    updated_at: Instant
    quantities: list[Quantity]
    is_active: bool = True


class Levels(Wire):
    nodes: list[Level]
    page_info: PageInfo | None = None


class InventoryItem(Wire):
    id: Id | None = None
    updated_at: Instant | None = None
    tracked: bool = False
    unit_cost: Money | None = None
    inventory_levels: Levels | None = None


class Variant(Wire):
    legacy_resource_id: Number
    product: Product
    title: str | None = None
    sku: str | None = None
    inventory_item: InventoryItem | None = None


def variation(row: bytes | Raw) -> tuple[Thing, ...]:
    """A variant with its product: the type of that is the category, its own unit cost what is known of it now."""
    found: Variant = read(Variant, row)
    product, category = found.product, found.product.product_type or ""
    facts: dict[str, Any] = {"category": category, "sku": found.sku or ""}
    cost = _cost(found.inventory_item)
    if cost is not None:
        facts["cost"] = {"units": cost[0], "currency": cost[1]}
    things = [
        Thing("variation", found.legacy_resource_id, _name(found), facts),
        Thing("product", product.legacy_resource_id, product.title, {"category": category}),
    ]
    if category and len(category) <= LONGEST_CATEGORY:
        things.append(Thing("category", category, category))
    return tuple(things)


def counts(row: bytes | Raw) -> tuple[StockCount, ...]:
    """What one costs, and how many are at each location; None where nobody counts them. Shopify knows no thresholds."""
    found: Variant = read(Variant, row)
    item, variant, product = found.inventory_item, found.legacy_resource_id, found.product.legacy_resource_id
    if item is None:
        return ()
    sku, name = found.sku or "", _name(found)
    units, currency = _cost(item) or (None, "")
    told = [
        StockCount(
            item_id=variant,
            at=item.updated_at,
            unit_cost=units,
            currency=currency,
            product_id=product,
            sku=sku,
            name=name,
        )
    ]
    if item.inventory_levels is None:
        return tuple(told)
    info = item.inventory_levels.page_info
    if info is not None and info.has_next_page:
        raise MappingProblem("malformed", "$.inventoryItem.inventoryLevels.pageInfo", "not all levels are in the row")
    for place, level in enumerate(item.inventory_levels.nodes):
        here = {each.name: each for each in level.quantities}.get(COUNTED)
        if here is None:
            path = f"$.inventoryItem.inventoryLevels.nodes[{place}].quantities"
            raise MappingProblem("malformed", path, f"it does not say how many are {COUNTED}")
        stamps = [level.updated_at, here.updated_at, item.updated_at]
        told.append(
            StockCount(
                item_id=variant,
                location_id=level.location.legacy_resource_id,
                at=max(stamp for stamp in stamps if stamp is not None),
                on_hand=Decimal(here.quantity) if item.tracked and level.is_active else None,
                product_id=product,
                sku=sku,
                name=name,
            )
        )
    return tuple(told)


def _name(found: Variant) -> str:
    title = found.title if found.title not in (None, "", "Default Title") else ""
    return f"{found.product.title} ({title})" if title else found.product.title


def _cost(item: InventoryItem | None) -> tuple[int, str] | None:
    """What one costs, in minor units of a currency; None where nobody has entered it."""
    cost = item.unit_cost if item is not None else None
    if cost is None:
        return None
    currency = parts.currency_of(cost.currency_code, "$.inventoryItem.unitCost.currencyCode")
    return parts.amount(cost, currency, "$.inventoryItem.unitCost"), currency
