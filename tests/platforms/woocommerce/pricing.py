"""What a WooCommerce shop makes of what is ordered: nets and taxes to six decimals, totals rounded once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]
FINE = Decimal("0.000001")
CENT = Decimal("0.01")


@dataclass
class Shop:
    """How a shop prices: its rates (id → label and percentage), and the three settings that change every amount."""

    rates: dict[int, tuple[str, Decimal]] = field(default_factory=dict)
    prices_include_tax: bool = False
    round_at_subtotal: bool = False

    def split(self, amount: Decimal, is_taxed: bool) -> tuple[Decimal, dict[int, Decimal]]:
        """The net of a price and what each rate takes of it."""
        if not is_taxed:
            return amount, {}
        whole = sum((percent for _, percent in self.rates.values()), Decimal(0))
        base = amount * 100 / (100 + whole) if self.prices_include_tax else amount
        fine = {key: base * percent / 100 for key, (_, percent) in self.rates.items()}
        net = amount - sum(fine.values()) if self.prices_include_tax else amount
        return net.quantize(FINE, ROUND_HALF_UP), {key: self._rounded(tax) for key, tax in fine.items()}

    def _rounded(self, tax: Decimal) -> Decimal:
        if self.round_at_subtotal:
            return tax.quantize(FINE, ROUND_HALF_UP)
        return tax.quantize(CENT, ROUND_HALF_DOWN if self.prices_include_tax else ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """A decimal as it is stored: without zeros at its end."""
    text = f"{value.normalize():f}"
    return "0" if text == "-0" else text


def with_places(text: str, places: int) -> str:
    """A stored decimal as it is answered with `dp` decimals."""
    return f"{Decimal(text or 0).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def taxes(total: dict[int, Decimal], subtotal: dict[int, Decimal]) -> list[Json]:
    """The parts of an item's tax, as they are stored."""
    return [{"id": key, "total": plain(tax), "subtotal": plain(subtotal.get(key, tax))} for key, tax in total.items()]


def tax_lines(shop: Shop, order: Json) -> list[Json]:
    """What each rate comes to, over all that an order has."""
    found = []
    for number, (key, (label, percent)) in enumerate(shop.rates.items()):
        sums = {"tax_total": Decimal(0), "shipping_tax_total": Decimal(0)}
        for name in ("line_items", "fee_lines", "shipping_lines"):
            for item in order.get(name, ()):
                for tax in item["taxes"]:
                    if tax["id"] == key and tax["total"]:
                        sums["shipping_tax_total" if name == "shipping_lines" else "tax_total"] += Decimal(tax["total"])
        if any(sums.values()):
            texts = {name: plain(value) for name, value in sums.items()}
            found.append(
                {"id": 9_000 + number, "rate_code": f"US-NY-{label.upper()}-{number}", "rate_id": key, "label": label,
                 "compound": False, "rate_percent": float(percent), "meta_data": [], **texts}
            )  # fmt: skip
    return found


def total_up(shop: Shop, order: Json) -> None:
    """Write an order's totals, each rounded once."""
    order["tax_lines"] = tax_lines(shop, order)
    sums = {name: Decimal(0) for name in ("line_items", "fee_lines", "shipping_lines")}
    tax = Decimal(0)
    for name in sums:
        for item in order[name]:
            sums[name] += Decimal(item["total"])
            tax += Decimal(item["total_tax"])
    shipping_tax = sum((Decimal(item["total_tax"]) for item in order["shipping_lines"]), Decimal(0))
    tax = tax.quantize(CENT, ROUND_HALF_UP)
    order["total_tax"], order["shipping_tax"] = plain(tax), plain(shipping_tax.quantize(CENT, ROUND_HALF_UP))
    order["cart_tax"] = plain(tax - Decimal(order["shipping_tax"]))
    order["shipping_total"] = plain(sums["shipping_lines"])
    off = sum((Decimal(item["subtotal"]) - Decimal(item["total"]) for item in order["line_items"]), Decimal(0))
    order["discount_total"] = plain(off.quantize(CENT, ROUND_HALF_UP))
    order["total"] = plain((sum(sums.values()) + tax).quantize(CENT, ROUND_HALF_UP))
