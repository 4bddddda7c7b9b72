"""Purchase orders in draft: they book nothing, and a person approves them in Xero.

Their number is our reference, by which one is read again. An item is named where Xero has one with that code: its own
description and price stay with the person who approves; a code that Xero does not have would be refused.
"""

from __future__ import annotations

from typing import Any, Final

from connectors.accounting import _xero_calls as calls
from connectors.accounting import _xero_wire as wire
from connectors.accounting._xero_bodies import contact
from connectors.accounting._xero_chart import Chart
from connectors.errors import RefusalReason, Refused
from connectors.plain_text import plain
from connectors.purchasing import DraftLine, DraftOrder
from connectors.session import Pushed, Session
from ledger.money import to_decimal

ORDERS: Final = "PurchaseOrders"
LONGEST_NOTE: Final = 500


def draft(session: Session, order: DraftOrder) -> Pushed:
    """Leave it there as a draft. Raises as `push` does."""
    chart = calls.chart(session)
    accounts = [line.account for line in order.lines if line.account]
    chart.refuse_banks(accounts, "a purchase order")
    chart.refuse_control(accounts)
    known = calls.item_codes(session) if any(line.sku for line in order.lines) else frozenset()
    value: dict[str, Any] = {
        "PurchaseOrderNumber": order.reference,
        "Contact": contact(order.supplier),
        "Date": order.ordered_on.isoformat(),
        "CurrencyCode": order.currency,
        "Status": "DRAFT",
        "LineAmountTypes": "Exclusive",
        "LineItems": [_line(line, order.currency, chart, known) for line in order.lines],
    }
    if order.note:
        value["DeliveryInstructions"] = plain(order.note, LONGEST_NOTE)
    return _pushed(calls.made(calls.make(session, f"/{ORDERS}", {ORDERS: [value]}, order.reference)))


def _line(line: DraftLine, currency: str, chart: Chart, known: frozenset[str]) -> dict[str, Any]:
    """What is not known (the cost, the account) is left to the item, or to the person."""
    named = line.description if not line.sku or line.sku in known else f"{line.description} ({line.sku})"
    value: dict[str, Any] = {"Description": plain(named), "Quantity": line.quantity}
    if line.sku in known:
        value["ItemCode"] = line.sku
    if line.unit_cost is not None:
        value["UnitAmount"] = to_decimal(line.unit_cost, currency)
    return {**value, **chart.named(line.account)} if line.account else value


def find(session: Session, reference: str) -> Pushed | None:
    """By its number, whatever became of it since."""
    try:
        return _pushed(calls.read(session, f"{ORDERS}/{reference}"))
    except Refused as refused:
        if refused.reason is RefusalReason.NOT_FOUND:
            return None
        raise


def _pushed(entry: wire.Entry) -> Pushed:
    return Pushed(f"{ORDERS}/{entry.purchase_order_id}", answer={"status": entry.status})
