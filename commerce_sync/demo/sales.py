"""One sale: what was sold, charged and paid, in minor units, and how it is written in the published order shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from commerce_sync.demo.merchants import Merchant
from commerce_sync.demo.pricing import Priced, Row, Sold, charge_row, line_row, major


class Paid(Struct, frozen=True):
    """A payment: ``type`` and ``status`` in the words of the contract, ``name`` as customers know it."""

    id: str
    amount: int
    at: datetime
    type: str
    name: str
    status: str = "Paid"
    provider: str = ""


class Charge(Struct, frozen=True):
    """A charge beside the lines."""

    description: str
    kind: str
    price: Priced


class Sale(Struct, kw_only=True):
    """A sale on its way to become a row. ``extensions`` go to ``supplementalData.content``."""

    id: str
    number: str
    opened_at: datetime
    closed_at: datetime
    changed_at: datetime
    location: tuple[str, str]
    customer: tuple[str, str]
    lines: list[Sold] = []
    charges: list[Charge] = []
    tip: int = 0
    payments: list[Paid] = []
    extensions: dict[str, Any] = {}

    @property
    def goods(self) -> int:
        """Lines and charges with tax, without tip: the contract's totalAmount."""
        return sum(line.price.gross for line in self.lines) + sum(charge.price.gross for charge in self.charges)

    @property
    def total(self) -> int:
        """What the customer owes in all."""
        return self.goods + self.tip

    @property
    def card(self) -> Paid | None:
        """The card payment that a refund would go back to."""
        return next((paid for paid in self.payments if paid.type == "Card" and paid.status == "Paid"), None)


def order_row(merchant: Merchant, sale: Sale) -> Row:
    """The sale in the published order shape."""
    prices = [line.price for line in sale.lines] + [charge.price for charge in sale.charges]
    discount = sum(line.price.discount + line.order_discount for line in sale.lines if line.quantity > 0)
    row: Row = {
        "id": sale.id,
        "orderNumber": sale.number,
        "country": merchant.country,
        "currency": merchant.currency,
        "createdDate": stamp(sale.opened_at),
        "closedDate": stamp(sale.closed_at),
        "totalAmount": major(merchant, sale.goods),
        "totalRefund": major(merchant, 0),
        "totalTaxAmount": major(merchant, sum(price.tax for price in prices)),
        "totalDiscount": major(merchant, discount),
        "totalGratuity": major(merchant, sale.tip),
        "orderLineItems": [line_row(merchant, f"{sale.id}-{n}", line) for n, line in enumerate(sale.lines, 1)],
        "payments": [payment_ref(merchant, paid) for paid in sale.payments],
        "serviceCharges": [charge_row(merchant, c.description, c.kind, c.price) for c in sale.charges],
        "locationRef": {"id": sale.location[0], "name": sale.location[1]},
        "customerRef": {"id": sale.customer[0], "name": sale.customer[1]},
        "modifiedDate": stamp(sale.changed_at),
        "sourceModifiedDate": stamp(sale.changed_at),
    }
    if sale.extensions:
        row["supplementalData"] = {"content": sale.extensions}
    return row


def payment_ref(merchant: Merchant, paid: Paid) -> Row:
    """A payment as an order lists it."""
    row: Row = {
        "id": paid.id,
        "amount": major(merchant, paid.amount),
        "currency": merchant.currency,
        "type": paid.type,
        "status": paid.status,
        "createdDate": stamp(paid.at),
        "modifiedDate": stamp(paid.at),
    }
    if paid.provider:
        row["paymentProvider"] = paid.provider
    return row


def payment_rows(merchant: Merchant, sales: Sequence[Sale]) -> list[Row]:
    """The payments of the sales as rows of their own; the contract gives them a method and no type."""
    rows = []
    for sale in sales:
        for paid in sale.payments:
            row = payment_ref(merchant, paid)
            del row["type"]
            row["paymentMethodRef"] = {"id": method_id(merchant, paid.name), "name": paid.name}
            row["sourceModifiedDate"] = row["modifiedDate"]
            rows.append(row)
    return rows


def method_id(merchant: Merchant, name: str) -> str:
    """The id of a payment method by its name."""
    return f"{merchant.key}-pm-{name.lower().replace(' ', '-')}"


def stamp(at: datetime) -> str:
    """An instant as text, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
