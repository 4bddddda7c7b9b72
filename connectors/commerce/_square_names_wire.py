"""The wire shapes of Square's names and stock: only what we read, so that a wrong type fails with its path."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from connectors.commerce._square_wire import Id, Instant, Wire

_Count = Annotated[int, Meta(ge=-(10**9), le=10**9)]


class Location(Wire):
    id: Id
    name: str | None = None
    currency: str | None = None
    timezone: str | None = None
    status: str | None = None


class Ref(Wire):
    id: str | None = None


class Alert(Wire):
    """From how few on Square warns; at a location of its own, else everywhere."""

    inventory_alert_type: str | None = None
    inventory_alert_threshold: _Count | None = None
    location_id: str | None = None


class CatalogData(Wire):
    """The data of a category, item, variation or tax."""

    name: str | None = None
    sku: str | None = None
    item_id: str | None = None
    category_id: str | None = None
    reporting_category: Ref | None = None
    categories: list[Ref] | None = None
    percentage: str | None = None
    inventory_alert_type: str | None = None
    inventory_alert_threshold: _Count | None = None
    location_overrides: list[Alert] | None = None


class CatalogObject(Wire):
    id: Id
    type: str
    updated_at: Instant | None = None
    is_deleted: bool | None = None
    category_data: CatalogData | None = None
    item_data: CatalogData | None = None
    item_variation_data: CatalogData | None = None
    tax_data: CatalogData | None = None


class InventoryCount(Wire):
    """How many of a variation are at a location in one state."""

    catalog_object_id: Id
    location_id: Id
    state: str
    quantity: Decimal | None = None
    calculated_at: Instant | None = None
