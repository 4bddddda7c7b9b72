"""The published shapes of what a platform names: products, locations, taxes, payment methods, customers; and whose
they are. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType

from commerce_sync.api.commerce.shapes import SourceRef
from commerce_sync.api.shape import Shape


class Variant(Shape, kw_only=True):
    """A variant of a product, as far as it is known."""

    id: str
    sku: str | UnsetType = UNSET


class Product(Shape, kw_only=True):
    """A product. (The contract gives it no dates.)"""

    id: str
    name: str | UnsetType = UNSET
    categorization: str | UnsetType = UNSET
    is_gift_card: bool | UnsetType = UNSET
    variants: list[Variant] | UnsetType = UNSET


class ProductCategory(Shape, kw_only=True):
    """A category of products."""

    id: str
    name: str | UnsetType = UNSET
    ancestor_refs: list[SourceRef] | UnsetType = UNSET
    modified_date: datetime


class TaxComponent(Shape, kw_only=True):
    """A rate of tax, as a fraction of the net price."""

    id: str
    name: str | UnsetType = UNSET
    rate: Decimal | UnsetType = UNSET
    is_compound: bool | UnsetType = UNSET
    modified_date: datetime


class PaymentMethod(Shape, kw_only=True):
    """A way of paying."""

    id: str
    name: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    modified_date: datetime


class Location(Shape, kw_only=True):
    """A place of sale."""

    id: str
    name: str | UnsetType = UNSET
    modified_date: datetime


class Customer(Shape, kw_only=True):
    """A customer: never contact data, which we do not keep."""

    id: str
    customer_name: str | UnsetType = UNSET
    modified_date: datetime


class CompanyInfo(Shape, kw_only=True):
    """Whose shop it is."""

    company_name: str
    base_currency: str
    created_date: datetime
    modified_date: datetime | UnsetType = UNSET
