"""Amounts, lines and means of payment of Shopify, as canonical parts; the rules are in `shopify`'s docstring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from connectors.commerce import _shopify_wire as wire
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import choice, word
from ledger.commerce import Line, LineKind, Tax, Tender, TenderMethod
from ledger.money import EXPONENTS, to_minor

PROVIDER: Final = "shopify_payments"
MOST_UNITS: Final = 10**15  # beyond this no amount is one of a shop, and the sums of a day would not fit the ledger
CASH_ROUNDING: Final = ("beside", "inside")
UNPAID_GIFT_CARDS: Final = ("pass_over", "issued_free")
_KINDS: Final[dict[str, LineKind]] = {
    "PRODUCT": "product",
    "GIFT_CARD": "gift_card",
    "TIP": "tip",
    "SHIPPING": "shipping",
    "DUTY": "service_charge",
    "FEE": "service_charge",
    "ADDITIONAL_FEE": "service_charge",
    "ADJUSTMENT": "product",
}
_LABELS: Final = {
    "TIP": "Tip",
    "SHIPPING": "Shipping",
    "DUTY": "Duty",
    "FEE": "Fee",
    "ADDITIONAL_FEE": "Additional fee",
    "ADJUSTMENT": "Adjustment",
    "GIFT_CARD": "Gift card",
}
_ACTIONS: Final = {"ORDER": 1, "UPDATE": 0, "RETURN": -1}  # which way the goods went
# Who settles: what Shopify Payments pays out waits in one place. Every other gateway is a word of its own provider.
_METHODS: Final[dict[str, tuple[TenderMethod, str]]] = {
    "shopify_payments": ("card", PROVIDER),
    "shop_pay_installments": ("card", PROVIDER),
    "gift_card": ("gift_card", ""),
    "shopify_store_credit": ("store_credit", ""),
    "cash": ("cash", ""),
}
_MOVED: Final = {
    "SUCCESS": True,
    **dict.fromkeys(("AWAITING_RESPONSE", "ERROR", "FAILURE", "PENDING", "UNKNOWN"), False),
}
_NOTHING: Final[Mapping[str, Any]] = {}


def currency_of(code: str, path: str) -> str:
    """The currency; raises `MappingProblem` for one that does not exist."""
    if code not in EXPONENTS:
        raise MappingProblem("unknown_currency", path, facts={"currency": code[:60]})
    return code


def amount(money: wire.Money, currency: str, path: str) -> int:
    """The amount in minor units of ``currency``; raises `MappingProblem` for another currency or no amount."""
    if money.currency_code != currency:
        raise MappingProblem("wrong_currency", f"{path}.currencyCode", facts={"currency": money.currency_code[:60]})
    try:
        units = _units(money.amount, currency)
    except (ValueError, ArithmeticError) as error:
        raise MappingProblem("malformed", f"{path}.amount", str(error)[:200]) from None
    if not -MOST_UNITS <= units <= MOST_UNITS:
        raise MappingProblem("malformed", f"{path}.amount", "it is beyond what an amount of a shop can be")
    return units


@lru_cache(8_192)
def _units(text: str, currency: str) -> int:
    return to_minor(text, currency)


def units(bag: wire.Bag, currency: str, path: str) -> int:
    """The amount in the currency of the shop."""
    return amount(bag.shop_money, currency, f"{path}.shopMoney")


def number(identity: str) -> str:
    """The number at the end of a global id, which is how other rows name the same thing."""
    return identity.rpartition("/")[2] or identity


def line(sale: wire.Sale, currency: str, context: MapContext, path: str, sign: int) -> Line:
    """One sale of an agreement; with ``sign`` −1 as a refund tells it, where what comes back is positive."""
    kind: LineKind = word(_KINDS, sale.line_type, f"{path}.lineType", "lineType")
    way = word(_ACTIONS, sale.action_type, f"{path}.actionType", "actionType")
    tax = units(sale.total_tax_amount, currency, f"{path}.totalTaxAmount") * sign
    net = units(sale.total_amount, currency, f"{path}.totalAmount") * sign - tax
    taxes: tuple[Tax, ...] | None = tuple(
        [_tax(part, currency, f"{path}.taxes[{place}]", sign) for place, part in enumerate(sale.taxes)]
    )
    if sum([part.amount for part in taxes or ()]) != tax:
        taxes = None  # it says that there is tax, and not which
    count = abs(sale.quantity or 0) * way * sign
    discount = 0
    if sale.total_discount_amount_before_taxes is not None and way:
        found = units(sale.total_discount_amount_before_taxes, currency, f"{path}.totalDiscountAmountBeforeTaxes")
        discount = abs(found) * way * sign
    item = sale.line_item
    facts = _NOTHING
    if item is not None and item.variant is not None:
        facts = context.references.get("variation", _NOTHING).get(item.variant.legacy_resource_id, _NOTHING)
    return Line(
        kind, _label(sale), net, taxes, discount, str(count) if count else "", facts.get("category", ""),
        item.sku or "" if item is not None else "", _cost(facts, currency, count) if kind == "product" else None,
    )  # fmt: skip


def _label(sale: wire.Sale) -> str:
    if sale.additional_fee is not None and sale.additional_fee.name:
        return sale.additional_fee.name
    item = sale.line_item
    if item is None or not item.title or sale.line_type == "TIP":
        return _LABELS.get(sale.line_type, "")
    variant = item.variant_title
    return f"{item.title} ({variant})" if variant and variant != "Default Title" else item.title


def _tax(part: wire.SaleTax, currency: str, path: str, sign: int) -> Tax:
    """A component of tax. Rates have no ids: the same title at another rate is another tax."""
    title, rate = part.tax_line.title or "Tax", part.tax_line.rate_percentage
    key = title if rate is None else f"{title} {rate.normalize():f}%"
    found = units(part.amount, currency, f"{path}.amount") * sign
    return Tax(key, title, found, rate_ppm(rate), "marketplace" if part.tax_line.channel_liable else "merchant")


def rate_ppm(percentage: Decimal | None) -> int | None:
    """The rate in millionths; None when it is not said, or none of this world."""
    if percentage is None or not -1_000 <= percentage <= 1_000:
        return None
    return int((percentage * 10_000).to_integral_value())


def _cost(facts: Mapping[str, Any], currency: str, count: int) -> int | None:
    """What the goods cost, as the catalog knows it now; unknown in another currency, and where nobody entered it."""
    said = facts.get("cost")
    return said["units"] * count if said and said["currency"] == currency and count else None


def moved(row: wire.Transaction, path: str) -> bool:
    """Whether money moved by a transaction."""
    return bool(word(_MOVED, row.status, f"{path}.status", "status")) and not row.test


def tender(row: wire.Transaction, currency: str, at: datetime, context: MapContext, path: str) -> tuple[Tender, int]:
    """A means of payment, and what of it is the rounding of cash, which the lines have to show."""
    money = units(row.amount_set, currency, f"{path}.amountSet")
    rounding = 0
    if row.amount_rounding_set is not None:
        rounding = units(row.amount_rounding_set, currency, f"{path}.amountRoundingSet")
    if rounding and choice(context.settings, "cash_rounding", CASH_ROUNDING) == "beside":
        money += rounding
    gateway = (row.gateway or "").strip().lower().replace(" ", "_")
    method, provider = _METHODS.get(gateway, ("external", gateway or "unknown"))
    label = row.formatted_gateway or row.gateway or ""
    when = row.processed_at or row.created_at or at
    return Tender(number(row.id), method, money, when, label, provider), rounding
