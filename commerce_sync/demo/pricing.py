"""Prices and taxes of one line, in minor units, with prices that include the tax and prices that do not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from commerce_sync.demo.merchants import Item, Merchant
from ledger.money import to_decimal

Row = dict[str, Any]
MILLION = 1_000_000


class Priced(Struct, frozen=True):
    """A price taken apart: ``net`` after and ``discount`` before tax; ``taxes``: component id and amount."""

    net: int
    discount: int
    taxes: tuple[tuple[str, int], ...]

    @property
    def tax(self) -> int:
        """All tax on it."""
        return sum(amount for _, amount in self.taxes)

    @property
    def gross(self) -> int:
        """What is paid for it."""
        return self.net + self.tax


class Sold(Struct, frozen=True):
    """A line of a sale; a negative quantity brings goods back. ``order_discount`` is its share of a discount on the
    whole order, which lowered its taxes but stands on the order."""

    item: Item
    quantity: int
    price: Priced
    order_discount: int = 0


def price(merchant: Merchant, listed: int, taxes: Sequence[str], off: int = 0) -> Priced:
    """``listed`` less ``off`` (both as on the shelf, so with tax where prices include it), taken apart."""
    if not merchant.prices_include_tax:
        net = listed - off
        return Priced(net, off, _taxes_on(merchant, net, taxes))
    before = listed - _tax_within(merchant, listed, taxes)
    paid = listed - off
    tax = _tax_within(merchant, paid, taxes)
    return Priced(paid - tax, before - (paid - tax), tuple((tax_id, tax) for tax_id in taxes))


def negative(sold: Sold) -> Sold:
    """The same goods coming back."""
    taxes = tuple((tax_id, -amount) for tax_id, amount in sold.price.taxes)
    return Sold(sold.item, -sold.quantity, Priced(-sold.price.net, -sold.price.discount, taxes))


def _taxes_on(merchant: Merchant, net: int, taxes: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((tax_id, _divided(merchant, net * merchant.rate(tax_id).rate_ppm, MILLION)) for tax_id in taxes)


def _tax_within(merchant: Merchant, gross: int, taxes: Sequence[str]) -> int:
    rate = sum(merchant.rate(tax_id).rate_ppm for tax_id in taxes)
    return _divided(merchant, gross * rate, MILLION + rate)


def _divided(merchant: Merchant, numerator: int, denominator: int) -> int:
    """Rounded as the till of this merchant does it: Japanese tills cut off, the others round half to even."""
    sign = -1 if numerator < 0 else 1
    quotient, rest = divmod(abs(numerator), denominator)
    if merchant.rounding == "half_even" and (rest * 2 > denominator or (rest * 2 == denominator and quotient % 2)):
        quotient += 1
    return sign * quotient


def major(merchant: Merchant, minor: int) -> Decimal:
    """An amount as the published shapes want it: major units, a number, exact."""
    return to_decimal(minor, merchant.currency)


def line_row(merchant: Merchant, line_id: str, sold: Sold) -> Row:
    """The line in the published shape; its discount is before tax, as the contract has it."""
    item, quantity, priced = sold.item, sold.quantity, sold.price
    rates = [merchant.rate(tax_id) for tax_id, _ in priced.taxes]
    listed = priced.net + sold.order_discount + priced.discount
    row: Row = {
        "id": line_id,
        "quantity": quantity,
        "taxPercentage": Decimal(sum(rate.rate_ppm for rate in rates)).scaleb(-4).normalize(),
        "totalAmount": major(merchant, priced.gross + sold.order_discount),
        "totalTaxAmount": major(merchant, priced.tax),
        "unitPrice": (major(merchant, listed) / quantity).quantize(Decimal("0.000001")),
        "taxes": _tax_rows(merchant, priced),
        "productRef": {"id": item.id, "name": item.name},
        "discountAllocations": [],
    }
    if priced.discount:
        row["discountAllocations"] = [{"name": "Offer", "totalAmount": major(merchant, priced.discount)}]
    return row


def charge_row(merchant: Merchant, description: str, kind: str, priced: Priced) -> Row:
    """A charge beside the lines in the published shape."""
    return {
        "description": description,
        "type": kind,
        "quantity": 1,
        "totalAmount": major(merchant, priced.gross),
        "taxAmount": major(merchant, priced.tax),
        "taxes": _tax_rows(merchant, priced),
    }


def _tax_rows(merchant: Merchant, priced: Priced) -> list[Row]:
    return [
        {"taxComponentRef": {"id": tax_id, "name": merchant.rate(tax_id).name}, "taxAmount": major(merchant, amount)}
        for tax_id, amount in priced.taxes
    ]
