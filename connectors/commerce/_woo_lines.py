"""Lines of WooCommerce's orders and refunds as canonical lines that add up as the shop's own totals do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connectors.commerce import _woo_wire as wire
from connectors.commerce._woo_amounts import exact, nearest, needed, of_number, spread
from connectors.commerce._woo_terms import Terms
from connectors.session import MapContext
from ledger.commerce import Line, LineKind, Tax

_NOTHING: Final[Mapping[str, Any]] = {}
Group = tuple[str, LineKind, list[wire.Item] | None]


class Rate(NamedTuple):
    """One tax of an order. `stated` is what the shop says that it comes to, exactly, None when it does not."""

    name: str
    rate_ppm: int | None
    stated: int | None


class Part(NamedTuple):
    """A line before it is rounded: what each rate takes of it (None when that is unknown) and what it cost."""

    line: Line
    net: int
    taxes: dict[str, int] | None
    cost: int  # of all units, exactly; 0 where nobody knows it


def rates_of(rows: list[wire.TaxLine] | None, sign: int) -> dict[str, Rate]:
    """The taxes of an order or refund by the id of their rate."""
    found: dict[str, Rate] = {}
    for number, row in enumerate(rows or ()):
        path = f"$.tax_lines[{number}]"
        stated = exact(row.tax_total, f"{path}.tax_total")
        stated += exact(row.shipping_tax_total, f"{path}.shipping_tax_total")
        name = row.label or row.rate_code or "Tax"
        found[str(row.rate_id)] = Rate(name, rate_ppm(row.rate_percent), sign * stated)
    return found


def rate_ppm(percent: Decimal | None) -> int | None:
    """A rate in millionths; None for none that can be."""
    if percent is None or not percent.is_finite() or not 0 <= percent <= 1_000:
        return None
    return int((percent * 10_000).to_integral_value())


def parts_of(
    groups: Iterable[Group], rates: Mapping[str, Rate], known: Terms, context: MapContext, sign: int = 1
) -> list[Part]:
    """The lines of several lists, before they are rounded; `sign` is -1 for refunds, whose amounts are negative."""
    found: list[Part] = []
    for name, kind, items in groups:
        for number, item in enumerate(items or ()):
            found.append(_part(kind, item, f"$.{name}[{number}]", rates, known, context, sign))
    return found


def settled(
    parts: Sequence[Part], rates: Mapping[str, Rate], context: MapContext, total: int, tax: int | None, step: int
) -> tuple[Line, ...]:
    """The lines whose nets and taxes are `total` together, and whose taxes are `tax` (both in minor units).

    Without a stated tax it is the sum of the taxes, rounded once. What rounding cannot explain is left as it is.
    """
    keys = list(dict.fromkeys(key for part in parts for key in part.taxes or ()))
    sums = [sum([part.taxes[key] for part in parts if part.taxes and key in part.taxes]) for key in keys]
    for index, key in enumerate(keys):  # the shop rounds a rate once, or each line of it: its own word counts
        stated = rates[key].stated if key in rates else None
        if stated is not None and abs(stated - sums[index]) < step:
            sums[index] = stated
    whole_tax = nearest(sum(sums), step) if tax is None else tax
    units: list[dict[str, int]] = [{} for _ in parts]
    for key, of_rate in zip(keys, spread(sums, whole_tax, step), strict=True):
        taxed = [index for index, part in enumerate(parts) if part.taxes and key in part.taxes]
        cells = spread([(parts[index].taxes or {})[key] for index in taxed], of_rate, step)
        for index, amount in zip(taxed, cells, strict=True):
            units[index][key] = amount
    taxed_units = sum([amount for cells_of in units for amount in cells_of.values()])
    nets = spread([part.net for part in parts], total - taxed_units, step)
    lines = [
        _rounded(part, net, _taxes(part, cells_of, rates, context), step)
        for part, net, cells_of in zip(parts, nets, units, strict=True)
    ]
    off = total - taxed_units - sum(nets)
    amounts = len(parts) + sum(map(len, units))
    if off and 2 * abs(off) <= amounts:  # each of them may be off by half a unit
        lines.append(Line("rounding", "Rounding", off))
    return tuple(lines)


def _part(
    kind: LineKind, item: wire.Item, path: str, rates: Mapping[str, Rate], known: Terms, context: MapContext, sign: int
) -> Part:
    net = sign * needed(item.total, f"{path}.total")
    listed = sign * exact(item.subtotal, f"{path}.subtotal") if item.subtotal else net
    label = (item.method_title if kind == "shipping" else None) or item.name or ""
    category = ""
    if kind == "product":
        facts = context.references.get("product", _NOTHING).get(str(item.product_id), _NOTHING)
        category = str(facts.get("category", ""))
        if _is_gift_card(item, facts, known):
            kind = "gift_card"
    elif kind == "service_charge" and label.strip().lower() in known.tips:
        kind = "tip"
    quantity = f"{abs(item.quantity):f}" if item.quantity else ""
    line = Line(kind, label, 0, (), max(0, listed - net), quantity, category, item.sku or "")
    told = item.cost_of_goods_sold.value if item.cost_of_goods_sold is not None else None
    cost = sign * (of_number(told, f"{path}.cost_of_goods_sold.value") or 0)
    return Part(line, net, _cells(item, path, rates, sign), cost)


def _is_gift_card(item: wire.Item, facts: Mapping[str, Any], known: Terms) -> bool:
    names = {str(item.product_id), str(item.variation_id), item.sku, facts.get("type")}
    return bool(names & known.gift_card_products) or facts.get("type") in ("gift-card", "gift_card", "pw-gift-card")


def _cells(item: wire.Item, path: str, rates: Mapping[str, Rate], sign: int) -> dict[str, int] | None:
    """What each rate takes of the item; None when the parts are not what the whole says."""
    cells: dict[str, int] = {}
    for number, tax in enumerate(item.taxes or ()):
        if tax.total:  # blank: the rate is another item's
            cells[str(tax.id)] = sign * exact(tax.total, f"{path}.taxes[{number}].total")
    if item.total_tax is None:
        return cells if item.taxes is not None else None
    stated = sign * exact(item.total_tax, f"{path}.total_tax")
    if not cells and stated:
        return {next(iter(rates)): stated} if len(rates) == 1 else None
    # The whole may be told in the shop's decimals, the parts in more.
    return cells if abs(sum(cells.values()) - stated) <= len(cells) * 10**10 else None


def _taxes(
    part: Part, cells: Mapping[str, int], rates: Mapping[str, Rate], context: MapContext
) -> tuple[Tax, ...] | None:
    if part.taxes is None:
        return None
    return tuple([_tax(key, amount, rates, context) for key, amount in cells.items()])


def _tax(key: str, amount: int, rates: Mapping[str, Rate], context: MapContext) -> Tax:
    facts = context.references.get("tax_rate", _NOTHING).get(key, _NOTHING)
    rate = rates.get(key)
    name = rate.name if rate else str(facts.get("name") or "Tax")
    ppm = rate.rate_ppm if rate and rate.rate_ppm is not None else facts.get("rate_ppm")
    return Tax(key, name, amount, ppm)


def _rounded(part: Part, net: int, taxes: tuple[Tax, ...] | None, step: int) -> Line:
    line = part.line
    off = nearest(line.discount, step)
    cost = nearest(part.cost, step) or None
    return Line(line.kind, line.label, net, taxes, off, line.quantity, line.category, line.sku, cost)
