"""What Square tells of stock: counts at locations, and from how few on the seller is warned. It tells no costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import Raw

from connectors.commerce import _square_names_wire as wire
from connectors.session import MapContext
from connectors.stamps import read
from connectors.stock import StockCount
from connectors.vocabulary import word

# Only what can be sold is asked for. What else there is (reserved, in transit, waste, sold) is not on the shelf.
IN_STOCK: Final = "IN_STOCK"
_ALERTS: Final = {"LOW_QUANTITY": True, "NONE": False}


def count_id(row: bytes | Raw) -> str:
    """What a count is known by: Square gives it no id."""
    found: wire.InventoryCount = read(wire.InventoryCount, row)
    return f"{found.catalog_object_id}:{found.location_id}:{found.state}"


def counted(row: bytes | Raw, context: MapContext) -> tuple[StockCount, ...]:
    """How many of a variation can be sold at a location; the catalog knows what it is called."""
    found: wire.InventoryCount = read(wire.InventoryCount, row)
    if found.state != IN_STOCK:
        return ()
    facts = context.references.get("variation", {}).get(found.catalog_object_id, {})
    product = str(facts.get("item", ""))
    return (
        StockCount(
            item_id=found.catalog_object_id,
            location_id=found.location_id,
            at=found.calculated_at,
            on_hand=found.quantity,
            product_id=product,
            sku=str(facts.get("sku", "")),
            name=_name(product, str(facts.get("name", "")), context),
        ),
    )


def thresholds(row: bytes | Raw, context: MapContext) -> tuple[StockCount, ...]:
    """From how few of a variation on the seller is warned: everywhere, and at locations with a word of their own."""
    found: wire.CatalogObject = read(wire.CatalogObject, row)
    if found.is_deleted:
        return (StockCount(item_id=found.id, at=found.updated_at, gone=True),) if _is_variation(found) else ()
    data = found.item_variation_data
    if data is None:
        return ()
    path, product, sku = "$.item_variation_data", data.item_id or "", data.sku or ""
    name = _name(product, data.name or "", context)
    everywhere = _least(data.inventory_alert_type, data.inventory_alert_threshold, path)
    told = [
        StockCount(item_id=found.id, at=found.updated_at, threshold=everywhere, product_id=product, sku=sku, name=name)
    ]
    for place, alert in enumerate(data.location_overrides or ()):
        if alert.location_id and alert.inventory_alert_type:
            where = f"{path}.location_overrides[{place}]"
            least = _least(alert.inventory_alert_type, alert.inventory_alert_threshold, where)
            told.append(
                StockCount(
                    item_id=found.id, location_id=alert.location_id, at=found.updated_at, threshold=least,
                    product_id=product, sku=sku, name=name,
                )
            )  # fmt: skip
    return tuple(told)


def _name(product: str, variation: str, context: MapContext) -> str:
    """What the variation is called with its product; a product of one variation has a "Regular" one."""
    item = str(context.references.get("product", {}).get(product, {}).get("name", ""))
    if not item or variation in ("", "Regular"):
        return item or variation
    return f"{item} ({variation})"


def _is_variation(row: wire.CatalogObject) -> bool:
    return row.type == "ITEM_VARIATION"


def _least(kind: str | None, threshold: int | None, path: str) -> Decimal | None:
    is_warned = word(_ALERTS, kind or "NONE", f"{path}.inventory_alert_type", "inventory_alert_type")
    return Decimal(threshold or 0) if is_warned else None
