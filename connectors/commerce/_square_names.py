"""What Square calls its things: locations, categories, items, variations, taxes."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from connectors.commerce import _square_names_wire as wire
from connectors.commerce._square_lines import rate_ppm
from connectors.named import Thing
from connectors.session import MapContext
from connectors.stamps import read


def no_record(row: Any, context: MapContext) -> None:
    """A row of names: read for its shape."""


def location(row: bytes | Raw) -> Thing:
    """A location with its currency and zone."""
    place: wire.Location = read(wire.Location, row)
    return Thing("location", place.id, place.name or "", {"currency": place.currency, "zone": place.timezone})


def thing(raw: bytes | Raw) -> Thing | None:
    """An object of the catalog: a variation leads to its item, an item to its category."""
    row: wire.CatalogObject = read(wire.CatalogObject, raw)
    if row.is_deleted:
        return None
    if row.category_data is not None:
        return Thing("category", row.id, row.category_data.name or "")
    if (item := row.item_data) is not None:
        first = item.categories[0].id if item.categories else None
        category = (item.reporting_category and item.reporting_category.id) or first or item.category_id
        return Thing("product", row.id, item.name or "", {"category": category or ""})
    if (variation := row.item_variation_data) is not None:
        facts = {"item": variation.item_id or "", "sku": variation.sku or ""}
        return Thing("variation", row.id, variation.name or "", facts)
    if (tax := row.tax_data) is not None:
        return Thing("tax_rate", row.id, tax.name or "", {"rate_ppm": rate_ppm(tax.percentage)})
    return None
