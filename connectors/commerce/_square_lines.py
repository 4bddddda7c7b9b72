"""Lines, taxes and means of payment of Square, as canonical parts; the rules are in `square`'s docstring."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, NamedTuple

from connectors.commerce import _square_wire as wire
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import choice, word
from ledger.commerce import Line, LineKind, Tax, TenderMethod
from ledger.money import EXPONENTS, allocate

PROVIDER: Final = "square"
GIFT_CARD_BRAND: Final = "SQUARE_GIFT_CARD"
# All that Square itself settles waits in one place for one payout, whatever the customer paid with: the label tells.
METHODS: Final[dict[str, tuple[TenderMethod, str, str]]] = {
    "CARD": ("card", PROVIDER, ""),
    "WALLET": ("card", PROVIDER, "Wallet"),
    "BUY_NOW_PAY_LATER": ("card", PROVIDER, "Pay later"),
    "SQUARE_ACCOUNT": ("card", PROVIDER, "Square account"),
    "BANK_ACCOUNT": ("card", PROVIDER, "Bank account"),
    "SQUARE_GIFT_CARD": ("gift_card", "", ""),
    "CASH": ("cash", "", ""),
    "THIRD_PARTY_CARD": ("external", "", ""),
    "OTHER": ("external", "", ""),
    "EXTERNAL": ("external", "", ""),
    "NO_SALE": ("external", "", ""),
}
KINDS: Final[dict[str, LineKind]] = {"ITEM": "product", "CUSTOM_AMOUNT": "product", "GIFT_CARD": "gift_card"}
AUTO_GRATUITIES: Final = ("service_charge", "tip")
_NOTHING: Final[Mapping[str, Any]] = {}
_EXEMPT: Final[tuple[Tax, ...]] = ()


class Rate(NamedTuple):
    """One tax of an order: how it is mapped, and whether prices contain it."""

    key: str
    name: str
    rate_ppm: int | None
    is_included: bool


class Terms(NamedTuple):
    """Under what the lines of one order or return are read: its taxes by uid, whether it says that it bears none, the
    catalog, and what an automatic gratuity is in this merchant's country."""

    known: Mapping[str, Rate]
    is_untaxed: bool
    references: Mapping[str, Mapping[str, Any]]
    gratuity: str


def terms(taxes: list[wire.Tax] | None, tax_total: wire.Money | None, context: MapContext) -> Terms:
    """The terms of an order or return whose tax comes to `tax_total`."""
    gratuity = choice(context.settings, "auto_gratuity", AUTO_GRATUITIES) if context.settings else AUTO_GRATUITIES[0]
    is_untaxed = tax_total is not None and tax_total.amount == 0
    return Terms(_rates(taxes, context), is_untaxed, context.references, gratuity)


def currency_of(money: wire.Money | None, path: str) -> str:
    """The currency of an amount; raises `MappingProblem` for none and for one that does not exist."""
    code = money.currency if money is not None else None
    if code not in EXPONENTS:
        raise MappingProblem("unknown_currency", f"{path}.currency", facts={"currency": str(code)[:60]})
    return code or ""


def needed(money: wire.Money | None, path: str) -> int:
    """The amount that a row cannot do without; raises `MappingProblem`."""
    if money is None or money.amount is None:
        raise MappingProblem("malformed", f"{path}.amount", "the amount is not said")
    return money.amount


def units(money: wire.Money | None) -> int:
    """The amount of something that most rows do not have: absent is none of it."""
    return money.amount or 0 if money is not None else 0


def _rates(taxes: list[wire.Tax] | None, context: MapContext) -> dict[str, Rate]:
    """The taxes of an order or return, by their uid."""
    if not taxes:
        return {}
    return {
        tax.uid or "": Rate(
            tax.catalog_object_id or _catalog_id(tax, context) or tax.name or tax.uid or "tax",
            tax.name or "Tax",
            rate_ppm(tax.percentage),
            tax.type == "INCLUSIVE",
        )
        for tax in taxes
    }


def _catalog_id(tax: wire.Tax, context: MapContext) -> str:
    """The catalog's id of a tax that is told without it, as returns do: else its return went to another account."""
    wanted = (tax.name or "", rate_ppm(tax.percentage))
    known = context.references.get("tax_rate", _NOTHING)
    return next((key for key, facts in known.items() if (facts["name"], facts.get("rate_ppm")) == wanted), "")


@lru_cache(256)
def rate_ppm(percentage: str | None) -> int | None:
    """The rate in millionths, None for none that can be read."""
    try:
        return int((Decimal(percentage) * 10_000).to_integral_value()) if percentage else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def taxes_of(
    applied: list[wire.AppliedTax] | None, total: wire.Money | None, under: Terms
) -> tuple[tuple[Tax, ...] | None, int, int]:
    """The taxes of one line as they were collected, their sum, and how much of that the price contained."""
    stated, known = total.amount if total is not None else None, under.known
    if applied:
        found, included = [], 0
        for part in applied:
            rate = known.get(part.tax_uid)
            amount = part.applied_money.amount if part.applied_money is not None else None
            if rate is None or amount is None:
                return None, stated or 0, 0
            found.append(Tax(rate.key, rate.name, amount, rate.rate_ppm))
            if rate.is_included:
                included += amount
        return tuple(found), sum([tax.amount for tax in found]), included
    if stated == 0 or (stated is None and under.is_untaxed):
        return _EXEMPT, 0, 0
    if stated is not None and len(known) == 1:  # it says how much, and there is only one tax that it can be
        [rate] = known.values()
        tax = Tax(rate.key, rate.name, stated, rate.rate_ppm)
        return (tax,), stated, stated if rate.is_included else 0
    return None, stated or 0, 0


def line(item: wire.Line, under: Terms) -> Line:
    """A line of a sale, or of a return with the same positive amounts."""
    if item.total_money is None or item.total_money.amount is None:
        raise MappingProblem("malformed", "total_money.amount", "the amount is not said")
    taxes, tax, included = taxes_of(item.applied_taxes, item.total_tax_money, under)
    # A service charge that is spread over the lines is a line of its own, too: there it counts.
    net = item.total_money.amount - tax
    if item.total_service_charge_money is not None:
        net -= units(item.total_service_charge_money)
    off = units(item.total_discount_money)
    if off and included and net > 0:  # the discount is off a price with tax in it: only the rest of it is off the net
        off = allocate(off, [net, included])[0]
    facts, category = _NOTHING, ""
    if item.catalog_object_id:
        facts, category = catalog(item.catalog_object_id, under.references)
    name, variation = item.name or "", item.variation_name
    return Line(
        KINDS.get(item.item_type or "ITEM") or word(KINDS, item.item_type or "", "item_type", "item_type"),
        f"{name} ({variation})" if variation and variation != "Regular" else name,
        net,
        taxes,
        off,
        item.quantity,
        category,
        facts.get("sku", ""),
    )


def catalog(variation: str, references: Mapping[str, Mapping[str, Any]]) -> tuple[Mapping[str, Any], str]:
    """What the catalog knows of a variation, and the name of its item's category."""
    facts: Mapping[str, Any] = references.get("variation", _NOTHING).get(variation, _NOTHING)
    item = references.get("product", _NOTHING).get(facts.get("item", ""), _NOTHING)
    category = references.get("category", _NOTHING).get(item.get("category", ""), _NOTHING)
    return facts, category.get("name", "")


def charge(row: wire.ServiceCharge, under: Terms) -> Line:
    """A service charge, which is revenue; an automatic gratuity is what the merchant's country takes it for."""
    taxes, tax, _ = taxes_of(row.applied_taxes, row.total_tax_money, under)
    total = row.total_money if row.total_money is not None else row.applied_money
    is_tip = row.type == "AUTO_GRATUITY" and under.gratuity == "tip"
    return Line(
        "tip" if is_tip else "service_charge", row.name or "Service charge", needed(total, "total_money") - tax, taxes
    )


def negated(row: Line) -> Line:
    """The line the other way round."""
    taxes = row.taxes and tuple([Tax(tax.key, tax.name, -tax.amount, tax.rate_ppm) for tax in row.taxes])
    quantity = f"-{row.quantity}" if row.quantity else ""
    return Line(row.kind, row.label, -row.net, taxes, -row.discount, quantity, row.category, row.sku)
