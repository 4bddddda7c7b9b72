"""The rows of WooCommerce as they are read: only the fields that are used. Amounts are decimal texts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, Struct

Id = int | str


class TaxPart(Struct):
    """What one rate takes of one item; blank texts are none."""

    id: Id
    total: str = ""


class LineCost(Struct):
    """What all units of a line cost, where the shop keeps that (0 where nobody entered it); of a refund negative."""

    value: Decimal | None = None


class Item(Struct):
    """A line, shipping or a fee of an order, or of a refund (there negative). `total` is without discount and tax."""

    total: str
    total_tax: str | None = None
    subtotal: str | None = None
    taxes: list[TaxPart] | None = None
    name: str | None = None
    method_title: str | None = None
    quantity: Decimal | None = None
    product_id: Id | None = None
    variation_id: Id | None = None
    sku: str | None = None
    cost_of_goods_sold: LineCost | None = None


class TaxLine(Struct):
    """One rate of an order, with what it comes to."""

    rate_id: Id
    label: str | None = None
    rate_code: str | None = None
    rate_percent: Decimal | None = None
    tax_total: str = ""
    shipping_tax_total: str = ""


class Meta(Struct):
    """What a plugin wrote down."""

    key: Id
    value: Raw = Raw(b"null")


class GiftCard(Struct):
    """A gift card that an order was paid with, as the extension Gift Cards tells it."""

    amount: str


class Order(Struct):
    id: int
    status: str
    currency: str
    total: str
    total_tax: str
    date_created_gmt: datetime | None = None
    date_modified_gmt: datetime | None = None
    date_paid_gmt: datetime | None = None
    number: Id | None = None
    created_via: str | None = None
    customer_id: int | None = None
    payment_method: str | None = None
    payment_method_title: str | None = None
    transaction_id: str | None = None
    line_items: list[Item] | None = None
    shipping_lines: list[Item] | None = None
    fee_lines: list[Item] | None = None
    tax_lines: list[TaxLine] | None = None
    gift_cards: list[GiftCard] | None = None
    meta_data: list[Meta] | None = None


class OrderHead(Struct):
    """What a refund has to know of its order."""

    id: int
    status: str
    currency: str
    date_modified_gmt: datetime | None = None
    date_created_gmt: datetime | None = None
    date_paid_gmt: datetime | None = None
    payment_method: str | None = None
    payment_method_title: str | None = None
    created_via: str | None = None
    customer_id: int | None = None


class Refund(Struct):
    """A refund with its order; without one it is an order that has no refunds."""

    id: int
    order: OrderHead | None = None
    amount: str | None = None
    reason: str | None = None
    date_created_gmt: datetime | None = None
    refunded_payment: bool | None = None
    line_items: list[Item] | None = None
    shipping_lines: list[Item] | None = None
    fee_lines: list[Item] | None = None
    tax_lines: list[TaxLine] | None = None


class Category(Struct):
    id: int
    name: str | None = None


class UnitCost(Struct):
    """What one costs, where the shop keeps that."""

    total_value: Decimal | None = None


class Product(Struct):
    """A product, or a variation of one, which has a `parent_id`; `manage_stock` may be the word parent."""

    id: int
    name: str | None = None
    type: str | None = None
    parent_id: int | None = None
    sku: str | None = None
    categories: list[Category] | None = None
    date_modified_gmt: datetime | None = None
    manage_stock: bool | str | None = None
    stock_quantity: Decimal | None = None
    low_stock_amount: Decimal | None = None
    cost_of_goods_sold: UnitCost | None = None


class TaxRate(Struct):
    id: int
    rate: Decimal | None = None
    name: str | None = None


class Gateway(Struct):
    id: str
    title: str | None = None
    method_title: str | None = None


class Webhook(Struct):
    """A bell, which the shop switches off by itself (`status` is then disabled)."""

    id: int
    name: str | None = None
    status: str | None = None
    topic: str | None = None
    delivery_url: str | None = None
