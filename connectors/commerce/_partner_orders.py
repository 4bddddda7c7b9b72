"""An order of the published shapes as canonical records; rules and reasons are in `partner`'s docstring."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from connectors.commerce import _partner_wire as wire
from connectors.commerce._partner_lines import MOVED, extensions, lines_of, negated
from connectors.commerce._partner_reading import Unfit
from connectors.commerce._partner_values import Scale, created, instant, known, minor, scale_of, updated
from connectors.session import MapContext
from ledger.commerce import Deleted, Line, Order, OrderState, Record, Refund, Tender, TenderMethod, line_gross

METHODS: Final[dict[str, TenderMethod]] = {
    "Cash": "cash",
    "Card": "card",
    "OnlineCard": "card",
    "Invoice": "bank",
    "Swish": "external",
    "Vipps": "external",
    "Mobile": "external",
    "Paypal": "external",
    "StoreCredit": "store_credit",
    "Prepaid": "gift_card",
}
STATES: Final[dict[str, OrderState]] = {"": "completed", "completed": "completed", "open": "open"}


def order_records(row: wire.Order, context: MapContext) -> list[Record]:
    """The order, or the refund if it is a return, and what was paid back in it when orders say so."""
    zone = context.zone
    scale = scale_of(row, row.currency, context.currency)
    said_closed_at = instant(row.closed_date, zone, row, ".closedDate")
    closed_at = said_closed_at or created(row, zone)
    # One text is one instant: on closing an order changes last, and its payment is made.
    changed_at = said_closed_at if row.source_modified_date == row.closed_date else None
    updated_at = changed_at or updated(row, zone) or created(row, zone) or closed_at or context.received_at
    closed_at = closed_at or updated_at
    if closed_at is None or updated_at is None:
        raise Unfit("bad_time", row, ".createdDate", {"value": ""})
    said = extensions(row.supplemental_data)
    if said.deleted or said.voided:
        return [Deleted(str(row.id), scale.currency, updated_at, updated_at)]
    lines, total, undone = lines_of(row, said, scale, context)
    tip = minor(row.total_gratuity, scale)
    if tip:
        lines.append(Line("tip", "Tip", tip))
    stated = total + tip
    sign = -1 if stated < 0 else 1
    tenders, back = _tenders(row, sign, scale, zone, closed_at)
    paid = 0
    for tender in tenders:
        paid += tender.amount
    due = max(sign * stated - paid, 0)
    state = "completed" if not said.state else known(STATES, said.state, row, ".supplementalData.content.state")
    location = str(row.location_ref.id) if row.location_ref else ""
    customer = str(row.customer_ref.id) if row.customer_ref else ""
    own_id, number = str(row.id), str(row.order_number or row.id)
    if sign < 0:
        returned = tuple([negated(line) for line in lines])
        refund = Refund(
            own_id, "", scale.currency, closed_at, updated_at, returned, tuple(tenders), -stated, due,
            restocked=bool(said.restocked), location=location, customer=customer, number=number,
        )  # fmt: skip
        return [refund]
    order = Order(
        own_id, number, scale.currency, closed_at, updated_at, tuple(lines), tuple(tenders), stated, due,
        state, location, "", customer,
    )  # fmt: skip
    if not back or context.settings.get("refunds_from") != "orders":
        return [order]
    parts = tuple(undone) if undone and len(back) == 1 else None
    return [order, *[_refund(order, tender, parts) for tender in back]]


def _tenders(
    row: wire.Order, sign: int, scale: Scale, zone: str, closed_at: datetime
) -> tuple[list[Tender], list[Tender]]:
    """What was paid, and what was paid back (as positive amounts); for a return (`sign` -1) the other way.

    In a return, money the wrong way stays a negative tender, which the ledger refuses.
    """
    closed_date = row.closed_date
    tenders: list[Tender] = []
    back: list[Tender] = []
    for payment in row.payments or ():
        amount = sign * minor(payment.amount, scale)
        if not amount or not (MOVED.get(payment.status or "") or known(MOVED, payment.status, payment, ".status")):
            continue
        currency = payment.currency
        if currency and currency != scale.currency and scale_of(payment, currency, scale.currency) is not scale:
            raise Unfit("wrong_currency", payment, ".currency", {"currency": currency})
        back_again = amount < 0 < sign
        tender = Tender(
            str(payment.id),
            METHODS.get(payment.type or "", "other"),
            -amount if back_again else amount,
            closed_at if payment.created_date == closed_date else created(payment, zone) or closed_at,
            (payment.payment_method_ref and payment.payment_method_ref.name) or payment.type or "",
            payment.payment_provider or "",
        )
        (back if back_again else tenders).append(tender)
    return tenders, back


def _refund(order: Order, tender: Tender, lines: tuple[Line, ...] | None) -> Refund:
    """Money that an order says was paid back, as a record under the payment's id."""
    if lines is not None and sum(map(line_gross, lines)) != tender.amount:
        lines = None
    return Refund(
        tender.id,
        order.id,
        order.currency,
        tender.captured_at,
        order.updated_at,
        lines,
        (tender,),
        tender.amount,
        location=order.location,
        customer=order.customer,
        number=order.number,
    )
