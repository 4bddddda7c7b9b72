"""What a fake Square works out for an order: the totals of its lines, taxes, discounts and service charges.

Written from the published description of the Orders API, by other means than the mapping: decimal rates and rounding
here, while the mapping only reads.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

Json = dict[str, Any]


def money(amount: int, currency: str) -> Json:
    return {"amount": amount, "currency": currency}


def whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_EVEN))


def spread(total: int, weights: list[int]) -> list[int]:
    """`total` over the weights, the last one taking what rounding leaves."""
    parts = [whole(Decimal(total) * weight / max(sum(weights), 1)) for weight in weights]
    if parts:
        parts[-1] += total - sum(parts)
    return parts


def priced(asked: Json, currency: str) -> Json:
    """The order that was asked for, with everything that Square works out; without tip and rounding."""
    order: Json = {**asked, "line_items": [dict(line) for line in asked.get("line_items") or []]}
    lines = order["line_items"]
    for number, line in enumerate(lines):
        line.setdefault("uid", f"line-{number}")
        line.setdefault("item_type", "ITEM")
        gross = whole(Decimal(line["quantity"]) * line["base_price_money"]["amount"])
        line.update(gross_sales_money=money(gross, currency), variation_total_price_money=money(gross, currency))
        line.update(total_service_charge_money=money(0, currency), applied_taxes=[], applied_discounts=[])
    _discount(order, lines, currency)
    taxes = order.get("taxes") or []
    for line in lines:
        _tax(line, [] if line["item_type"] == "GIFT_CARD" else taxes, currency)
    charges = order.get("service_charges") or []
    goods = sum(line["total_money"]["amount"] - line["total_tax_money"]["amount"] for line in lines)
    for number, charge in enumerate(charges):
        charge.setdefault("uid", f"charge-{number}")
        amount = charge["amount_money"]["amount"] if "amount_money" in charge else _percent(goods, charge["percentage"])
        charge["applied_money"] = money(amount, currency)
        charge["gross_sales_money"], charge["total_discount_money"] = money(amount, currency), money(0, currency)
        charge["applied_taxes"] = []
        added = [tax for tax in taxes if tax["type"] == "ADDITIVE"] if charge.get("taxable") else []
        _tax(charge, added, currency)
        for name in ("gross_sales_money", "total_discount_money"):
            del charge[name]
    order.update(totals(lines, charges, currency))
    return order


def totals(lines: list[Json], charges: list[Json], currency: str) -> Json:
    """The totals of an order that nobody has paid yet."""
    parts = [*lines, *charges]
    total = sum(part["total_money"]["amount"] for part in parts)
    tax = sum(part["total_tax_money"]["amount"] for part in parts)
    discount = sum(line["total_discount_money"]["amount"] for line in lines)
    charged = sum(charge["applied_money"]["amount"] for charge in charges)
    return {
        "total_money": money(total, currency),
        "total_tax_money": money(tax, currency),
        "total_discount_money": money(discount, currency),
        "total_tip_money": money(0, currency),
        "total_service_charge_money": money(charged, currency),
        "net_amounts": amounts(total, tax, discount, 0, charged, currency),
        "net_amount_due_money": money(total, currency),
    }


def amounts(total: int, tax: int, discount: int, tip: int, charged: int, currency: str) -> Json:
    names = ("total_money", "tax_money", "discount_money", "tip_money", "service_charge_money")
    figures = (total, tax, discount, tip, charged)
    return {name: money(figure, currency) for name, figure in zip(names, figures, strict=True)}


def _discount(order: Json, lines: list[Json], currency: str) -> None:
    off = [0] * len(lines)
    for number, discount in enumerate(order.get("discounts") or []):
        uid = discount.setdefault("uid", f"discount-{number}")
        weights = [0 if line["item_type"] == "GIFT_CARD" else line["gross_sales_money"]["amount"] for line in lines]
        if "percentage" in discount:
            total = _percent(sum(weights), discount["percentage"])
        else:
            total = discount["amount_money"]["amount"]
        discount["applied_money"] = money(total, currency)
        for place, part in enumerate(spread(total, weights)):
            off[place] += part
            if part:
                applied = {"uid": f"{uid}-{place}", "discount_uid": uid, "applied_money": money(part, currency)}
                lines[place]["applied_discounts"].append(applied)
    for line, part in zip(lines, off, strict=True):
        line["total_discount_money"] = money(part, currency)


def _tax(part: Json, taxes: list[Json], currency: str) -> None:
    """Its taxes and its total: added to the price, or contained in it."""
    price = part["gross_sales_money"]["amount"] - part["total_discount_money"]["amount"]
    included = sum((Decimal(tax["percentage"]) for tax in taxes if tax["type"] == "INCLUSIVE"), Decimal(0))
    net = Decimal(price) / (1 + included / 100)
    added = total = 0
    for tax in taxes:
        amount = whole(net * Decimal(tax["percentage"]) / 100)
        applied = {"uid": f"{tax['uid']}-{part['uid']}", "tax_uid": tax["uid"]}
        part["applied_taxes"].append({**applied, "applied_money": money(amount, currency)})
        total += amount
        added += amount if tax["type"] == "ADDITIVE" else 0
    part["total_tax_money"], part["total_money"] = money(total, currency), money(price + added, currency)


def _percent(amount: int, percentage: str) -> int:
    return whole(Decimal(amount) * Decimal(percentage) / 100)
