"""The published shapes as the floor reads them: only what its tables hold."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct


class Wire(Struct, rename="camel", gc=False):
    """Base of the shapes: only what the tables hold. Amounts are read as decimals: a floor that took binary fractions
    would be faster by a tenth, and would not be doing the same work, since nobody may book what it reads."""


class Ref(Wire):
    """A reference."""

    id: str


class WireTax(Wire):
    """A tax component of a line."""

    tax_component_ref: Ref
    tax_amount: Decimal


class WireDiscount(Wire):
    """A discount on a line."""

    total_amount: Decimal


class ProductRef(Wire):
    """A product, with its name."""

    id: str
    name: str


class WireLine(Wire):
    """A line."""

    product_ref: ProductRef
    quantity: int
    total_amount: Decimal
    total_tax_amount: Decimal
    taxes: list[WireTax]
    discount_allocations: list[WireDiscount]


class WirePayment(Wire):
    """A payment."""

    id: str
    amount: Decimal
    type: str
    payment_provider: str
    created_date: str


class WireOrder(Wire):
    """An order."""

    id: str
    order_number: str
    currency: str
    closed_date: str
    source_modified_date: str
    total_amount: Decimal
    total_gratuity: Decimal
    order_line_items: list[WireLine]
    payments: list[WirePayment]
    location_ref: Ref


class WireRefund(Wire):
    """A transaction of type Refund."""

    id: str
    total_amount: Decimal
    sub_type: str
    transaction_source_ref: Ref
    source_created_date: str
    source_modified_date: str


class WireProduct(Wire):
    """A product and its category."""

    id: str
    categorization: str


ORDERS = msgspec.json.Decoder(list[WireOrder])
REFUNDS = msgspec.json.Decoder(list[WireRefund])
PRODUCTS = msgspec.json.Decoder(list[WireProduct])
METHODS = {"Card": "card", "OnlineCard": "card", "Cash": "cash"}
