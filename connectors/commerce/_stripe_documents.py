"""What was sold by a charge behind which a Checkout session or an invoice stands: lines, discounts, taxes, shipping.

A document speaks for a charge only when it comes to the very amount that was charged, and all of its lines do: what was
paid in parts, or out of a credit, has other lines than its charge. Then the charge is one line, as without a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from connectors.commerce import _stripe_parts as parts
from connectors.commerce import _stripe_wire as wire
from connectors.session import MapContext
from connectors.vocabulary import choice
from ledger.commerce import Line, LineKind, Tax
from ledger.money import allocate

_NOTHING: Final[Mapping[str, Any]] = {}


class _Sold(NamedTuple):
    """A line in the currency and the units of its document. `taxes` are (key, name, rate in millionths, amount)."""

    kind: LineKind
    label: str
    net: int
    discount: int
    quantity: str
    taxes: tuple[tuple[str, str, int | None, int], ...]


def lines_of(row: wire.Transaction, charge: wire.Source, amount: int, context: MapContext) -> tuple[Line, ...] | None:
    """The lines of a charge of which `amount` (minor units, of the currency that settles) is left; None for none."""
    charged = charge.amount_captured if charge.amount_captured is not None else charge.amount
    if choice(context.settings, "lines_from", parts.LINES) != "documents":
        return None
    if row.checkout is not None:
        document: wire.Checkout | wire.Invoice = row.checkout
        whole, sold = row.checkout.amount_total, list(_of_checkout(row.checkout))
    elif row.invoice is not None:
        document, whole, sold = row.invoice, row.invoice.total, list(_of_invoice(row.invoice, context))
    else:
        return None
    told = [part for line in sold for part in (line.net, *(tax[3] for tax in line.taxes))]
    if not sold or document.currency != charge.currency or not whole == charged == sum(told) or min(told) < 0:
        return None
    discounts = [max(0, line.discount) for line in sold]
    # In the currency that settles, a discount is worth as much as what was paid.
    spread = iter(allocate(amount, told))
    off = [each * amount // whole if whole else 0 for each in discounts]
    return tuple(_line(line, spread, discount) for line, discount in zip(sold, off, strict=True))


def _line(sold: _Sold, amounts: Iterator[int], discount: int) -> Line:
    net = next(amounts)
    taxes = tuple([Tax(key, name, next(amounts), rate) for key, name, rate, _ in sold.taxes])
    return Line(sold.kind, sold.label, net, taxes, discount, sold.quantity)


def _of_checkout(session: wire.Checkout) -> Iterator[_Sold]:
    for line in session.lines:
        taxes = _rates(line.taxes, line.amount_tax)
        net = line.amount_total - line.amount_tax
        yield _Sold("product", line.description or "", net, line.amount_discount, _quantity(line.quantity), taxes)
    yield from _shipping(session.shipping_cost)


def _of_invoice(invoice: wire.Invoice, context: MapContext) -> Iterator[_Sold]:
    for line in invoice.lines:
        off = sum([each.amount for each in line.discount_amounts or ()])
        inside = sum([tax.amount for tax in line.taxes or () if tax.tax_behavior == "inclusive"])
        taxes = tuple([_of_rate(tax, context) for tax in line.taxes or ()])
        net = line.amount - off - inside
        yield _Sold("product", line.description or "", net, off, _quantity(line.quantity), taxes)
    yield from _shipping(invoice.shipping_cost)


def _shipping(cost: wire.ShippingCost | None) -> Iterator[_Sold]:
    if cost is not None and cost.amount_total:
        yield _Sold(
            "shipping", "Shipping", cost.amount_total - cost.amount_tax, 0, "", _rates(cost.taxes, cost.amount_tax)
        )


def _rates(taxes: Sequence[wire.RateTax] | None, whole: int) -> tuple[tuple[str, str, int | None, int], ...]:
    """The components of a tax; one without a name where the document tells only what they come to."""
    if sum([tax.amount for tax in taxes or ()]) != whole or not taxes:
        return (("tax", "Tax", None, whole),) if whole else ()
    return tuple([(tax.rate.id, _name(tax.rate), parts.rate_ppm(tax.rate.percentage), tax.amount) for tax in taxes])


def _of_rate(tax: wire.InvoiceTax, context: MapContext) -> tuple[str, str, int | None, int]:
    key = tax.tax_rate_details.tax_rate if tax.tax_rate_details is not None else ""
    facts = context.references.get("tax_rate", _NOTHING).get(key, _NOTHING)
    return key or "tax", str(facts.get("name") or "Tax"), facts.get("rate_ppm"), tax.amount


def _name(rate: wire.Named) -> str:
    return rate.display_name or rate.name or "Tax"


def _quantity(quantity: int | None) -> str:
    return "" if quantity is None else str(quantity)
