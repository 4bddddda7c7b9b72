"""The lines of an order, and the total that they are held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from connectors.commerce import _partner_wire as wire
from connectors.commerce._partner_figures import Figure
from connectors.commerce._partner_reading import Unfit
from connectors.commerce._partner_taxes import taxes_of
from connectors.commerce._partner_values import Scale, instant, known, minor, priced, quantity_text
from connectors.session import MapContext
from ledger.commerce import Line, LineKind, line_gross
from ledger.money import allocate

# Whether money moved. Whoever lists a payment without a status means that it was made.
MOVED: Final = {
    "": True,
    "Paid": True,
    "Unknown": True,
    "Pending": False,
    "Authorized": False,
    "Failed": False,
    "Cancelled": False,
}
CHARGES: Final[dict[str, tuple[LineKind, str]]] = {
    "": ("service_charge", ""),
    "Generic": ("service_charge", ""),
    "Unknown": ("service_charge", ""),
    "Overpayment": ("service_charge", "overpayment"),
    "Shipping": ("shipping", ""),
}
NOTHING: Final = wire.Extensions()
NO_FACTS: Final[Mapping[str, Any]] = {}


def extensions(supplement: wire.Supplement | None) -> wire.Extensions:
    """Our own extensions, all unsaid when there are none."""
    return NOTHING if supplement is None or supplement.content is None else supplement.content


def negated(line: Line) -> Line:
    """The line the other way round."""
    taxes = line.taxes and tuple([replace(tax, amount=-tax.amount) for tax in line.taxes])
    quantity = line.quantity[1:] if line.quantity.startswith("-") else f"-{line.quantity or 1}"
    cost = None if line.cost is None else -line.cost
    return replace(line, net=-line.net, discount=-line.discount, taxes=taxes, quantity=quantity, cost=cost)


def lines_of(
    row: wire.Order, said: wire.Extensions, scale: Scale, context: MapContext
) -> tuple[list[Line], int, list[Line]]:
    """The lines without the tip, the total they are held to, and the lines taken out as refunded."""
    # An order that says "no tax at all" has said it for lines that are silent.
    untaxed = row.total_tax_amount is not None and minor(row.total_tax_amount, scale) == 0
    products = context.references.get("product", NO_FACTS)
    lines = [_line(item, said, scale, context, untaxed, products) for item in row.order_line_items or ()]
    for charge in row.service_charges or ():
        kind, category = known(CHARGES, charge.type, charge, ".type") if charge.type else CHARGES[""]
        gross = minor(charge.total_amount, scale)
        taxes, tax = taxes_of(charge.taxes, charge.tax_amount, charge.tax_percentage, scale, context, untaxed)
        lines.append(Line(kind, charge.description or charge.type or "", gross - tax, taxes, category=category))
    found = 0
    for line in lines:
        found += line.net
        for part in line.taxes or ():
            found += part.amount
    total = found if row.total_amount is None else minor(row.total_amount, scale)
    refunded = abs(minor(row.total_refund, scale))
    if found != total:
        total = _settle(lines, found, total, minor(row.total_discount, scale), refunded)
    if refunded:
        in_orders = context.settings.get("refunds_from") == "orders"
        return _without_refunded(row, lines, total, refunded, scale, in_orders)
    return lines, total, []


def _line(
    item: wire.OrderLine,
    said: wire.Extensions,
    scale: Scale,
    context: MapContext,
    untaxed: bool,
    products: Mapping[str, Any],
) -> Line:
    product, variant, quantity = item.product_ref, item.product_variant_ref, item.quantity
    facts = products.get(str(product.id), NO_FACTS) if product else NO_FACTS
    value = item.total_amount
    gross = value.units if type(value) is Figure else None if value is None else minor(value, scale)
    taxes, tax = taxes_of(item.taxes, item.total_tax_amount, item.tax_percentage, scale, context, untaxed)
    off = 0
    for allocation in item.discount_allocations or ():
        off += minor(allocation.total_amount, scale)
    if gross is not None:
        net = gross - tax
        discount = _discount(item, off, net, scale) if off else 0
    elif item.unit_price is not None:
        net, discount = priced(item.unit_price, item.quantity, scale) - off, off
    else:
        raise Unfit("malformed", item, facts={"message": "a line says neither totalAmount nor unitPrice"})
    own = extensions(item.supplemental_data) if item.supplemental_data else NOTHING
    name = (product and product.name) or (variant and variant.name) or str(item.id)
    cost = None
    if own.cost is not None:
        cost = abs(minor(own.cost, scale))
        cost = -cost if net < 0 else cost
    shipped = own.fulfilled_at or said.fulfilled_at
    return Line(
        "gift_card" if facts and facts.get("is_gift_card") else "product",
        name,
        net,
        taxes,
        discount,
        str(quantity) if type(quantity) is int and 0 <= quantity < 1_000 else quantity_text(quantity),
        (facts.get("category") or "") if facts else "",
        _sku(facts, variant) if facts else "",
        cost,
        None,
        instant(shipped, context.zone, item, ".supplementalData.content.fulfilledAt") if shipped else None,
    )


def _sku(facts: Mapping[str, Any], variant: wire.Ref | None) -> str:
    if not variant:
        return facts.get("sku") or ""
    skus: Mapping[str, str] | None = facts.get("skus")
    return skus.get(str(variant.id), "") if skus else ""


def _discount(item: wire.OrderLine, off: int, net: int, scale: Scale) -> int:
    """The discount with its sign: as list price and net prove, else by the contract (positive lowers)."""
    if item.unit_price is not None:
        proven = priced(item.unit_price, item.quantity, scale) - net
        if abs(proven) == abs(off):
            return proven
    return -off if net < 0 < off else off


def _settle(lines: list[Line], found: int, total: int, discount: int, refunded: int) -> int:
    """The total that explains the lines, else the given one; spreads an order-level discount in place."""
    unallocated = discount - sum([line.discount for line in lines])
    for candidate in (total, total + refunded, total - refunded):
        if candidate == found:
            return candidate
        if unallocated and found - candidate == unallocated:
            weights = [line.net if line.kind == "product" and line.net > 0 else 0 for line in lines]
            if any(weights):
                for index, part in enumerate(allocate(unallocated, weights)):
                    if part:
                        line = lines[index]
                        lines[index] = replace(line, net=line.net - part, discount=line.discount + part)
                return candidate
    return total


def _without_refunded(
    row: wire.Order, lines: list[Line], total: int, refunded: int, scale: Scale, in_orders: bool
) -> tuple[list[Line], int, list[Line]]:
    """A later refund that came as negative lines of the sale: taken out, as it is a record of its own.

    When orders are to tell of refunds (`in_orders`), only if the money that went back is there to become one.
    """
    undone = [line for line in lines if line_gross(line) < 0]
    moved = [minor(payment.amount, scale) for payment in row.payments or () if MOVED.get(payment.status or "")]
    back = -sum([amount for amount in moved if amount < 0])
    # Goods brought back and others taken, settled by one payment of the difference: that is one sale.
    exchange = not back and sum(moved) == total + minor(row.total_gratuity, scale)
    if sum(map(line_gross, undone)) != -refunded or len(undone) == len(lines) or exchange:
        return lines, total, []
    if in_orders and back != refunded:
        return lines, total, []
    kept = [line for line in lines if line_gross(line) >= 0]
    return kept, total + refunded, [negated(line) for line in undone]
