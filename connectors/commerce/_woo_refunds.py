"""A refund of WooCommerce, told with its order, as a canonical record; the rules are in `woocommerce`'s docstring."""

from __future__ import annotations

from connectors.commerce import _woo_wire as wire
from connectors.commerce._woo_amounts import needed, step_of, whole
from connectors.commerce._woo_lines import Group, parts_of, rates_of, settled
from connectors.commerce._woo_orders import aware
from connectors.commerce._woo_terms import Terms, is_sold, terms, way_back
from connectors.errors import MappingProblem
from connectors.session import MapContext
from ledger.commerce import Deleted, Line, Record, Refund, Tender


def refund_records(row: wire.Refund, context: MapContext) -> Record | None:
    """The refund; nothing for an order without any, and for a refund of what was never paid."""
    order = row.order
    if order is None:
        return None
    known = terms(context.settings)
    step = step_of(order.currency)
    updated = aware(order.date_modified_gmt) or aware(order.date_created_gmt)
    at = aware(row.date_created_gmt) or updated
    if updated is None or at is None:
        raise MappingProblem("bad_time", "$.date_created_gmt", facts={"value": ""})
    if is_sold(known, order.status) is False:  # the sale is gone, and what undid it with it
        return Deleted(str(row.id), order.currency, updated, updated)
    is_paid = order.date_paid_gmt is not None
    if not is_paid and not known.is_on_account:
        return None
    amount = whole(needed(row.amount, "$.amount"), step, "$.amount", order.currency)
    method, provider = way_back(known, order.payment_method or "", row.refunded_payment)
    label = order.payment_method_title or "" if provider else ""
    tender = Tender(str(row.id), method, amount, at, label, provider)
    return Refund(
        id=str(row.id),
        order_id=str(order.id),
        currency=order.currency,
        refunded_at=at,
        updated_at=updated,
        lines=_lines(row, known, context, amount, step),
        tenders=(tender,) if is_paid and amount else (),
        stated=amount,
        due=0 if is_paid else amount,
        reason=row.reason or "",
        restocked=known.restocks and any(item.quantity for item in row.line_items or ()),
        channel=order.created_via or "",
        customer=str(order.customer_id or ""),
        number=str(row.id),
    )


def _lines(row: wire.Refund, known: Terms, context: MapContext, amount: int, step: int) -> tuple[Line, ...] | None:
    """What was brought back; None when the shop gave only the money."""
    groups: tuple[Group, ...] = (
        ("line_items", "product", row.line_items),
        ("shipping_lines", "shipping", row.shipping_lines),
        ("fee_lines", "service_charge", row.fee_lines),
    )
    rates = rates_of(row.tax_lines, -1)
    parts = [
        part
        for part in parts_of(groups, rates, known, context, sign=-1)
        if part.net or part.taxes is None or any(part.taxes.values())
    ]
    if not parts:
        return None
    lines = settled(parts, rates, context, amount, None, step)
    # Shops of before shipping was listed in refunds: what is missing is not known to be an error.
    is_older = row.shipping_lines is None or row.fee_lines is None
    told = sum([line.net + sum([tax.amount for tax in line.taxes or ()]) for line in lines])
    return None if is_older and told < amount else lines
