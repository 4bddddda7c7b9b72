"""What a platform names, in the published shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import UNSET

from commerce_sync.api.commerce import reference_shapes as shapes
from commerce_sync.api.commerce.amounts import fraction
from commerce_sync.api.commerce.shapes import SourceRef
from connectors.models import Connection, Reference


def product(row: Reference) -> shapes.Product:
    """A product. ``variants`` are those whose SKU was said."""
    facts = row.detail
    skus: dict[str, str] = facts.get("skus") or {}
    return shapes.Product(
        id=row.external_id,
        name=row.name or UNSET,
        categorization=facts.get("category") or UNSET,
        is_gift_card=facts.get("is_gift_card", UNSET),
        variants=[shapes.Variant(id=key, sku=sku) for key, sku in skus.items()] or UNSET,
    )


def category(row: Reference) -> shapes.ProductCategory:
    """A category with those above it."""
    above = [SourceRef(id=each, type="productCategories") for each in row.detail.get("ancestors", ())]
    return shapes.ProductCategory(
        id=row.external_id, name=row.name or UNSET, ancestor_refs=above or UNSET, modified_date=row.last_seen_at
    )


def tax_component(row: Reference) -> shapes.TaxComponent:
    """A rate of tax."""
    facts = row.detail
    return shapes.TaxComponent(
        id=row.external_id,
        name=row.name or UNSET,
        rate=UNSET if facts.get("rate_ppm") is None else fraction(facts["rate_ppm"]),
        is_compound=facts.get("is_compound", UNSET),
        modified_date=row.last_seen_at,
    )


def payment_method(row: Reference) -> shapes.PaymentMethod:
    """A way of paying; a status that the contract does not know is Unknown."""
    status = row.detail.get("status")
    word = status if status in ("Active", "Archived", None) else "Unknown"
    return shapes.PaymentMethod(
        id=row.external_id, name=row.name or UNSET, status=word or UNSET, modified_date=row.last_seen_at
    )


def location(row: Reference) -> shapes.Location:
    """A place of sale."""
    return shapes.Location(id=row.external_id, name=row.name or UNSET, modified_date=row.last_seen_at)


def customer(row: Reference) -> shapes.Customer:
    """A customer."""
    return shapes.Customer(id=row.external_id, customer_name=row.name or UNSET, modified_date=row.last_seen_at)


def company_info(connection: Connection) -> shapes.CompanyInfo:
    """Whose shop it is, as far as we know: the name that you gave it."""
    company = connection.company
    return shapes.CompanyInfo(
        company_name=company.name,
        base_currency=company.currency,
        created_date=company.created_at,
        modified_date=connection.last_synced_at or UNSET,
    )


SHAPES: Final[dict[str, Callable[[Reference], Any]]] = {
    "product": product,
    "category": category,
    "tax_rate": tax_component,
    "tender": payment_method,
    "location": location,
    "customer": customer,
}
