"""An order of Square as canonical records; the rules are in `square`'s docstring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from connectors.commerce import _square_lines as parts
from connectors.commerce import _square_wire as wire
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import word
from ledger.commerce import Deleted, Line, Order, OrderState, Record, Refund, Tender

_STATES: Final[dict[str, OrderState | None]] = {
    "COMPLETED": "completed",
    "OPEN": "open",
    "CANCELED": None,
    "DRAFT": None,
}
_NO_MONEY: Final = ("VOIDED", "FAILED")
_REFUSED: Final = ("REJECTED", "FAILED")


def order_records(row: wire.Order, context: MapContext) -> list[Record]:
    """The sale; nothing for a return whose money the refunds tell of."""
    state = word(_STATES, row.state or "COMPLETED", "$.state", "state")
    created = row.created_at or row.closed_at
    updated = row.updated_at or row.closed_at or created
    if created is None or updated is None:
        raise MappingProblem("bad_time", "$.created_at", facts={"value": ""})
    currency = parts.currency_of(row.total_money, "$.total_money")
    if state is None:
        return [Deleted(row.id, currency, updated, updated)] if row.state == "CANCELED" else []
    lines, stated = sold(row, context), parts.needed(row.total_money, "$.total_money")
    paid = _tenders(row, created, currency)
    due = parts.units(row.net_amount_due_money) if state == "completed" else 0
    closed = row.closed_at or created
    if row.returns:
        back, returned = returned_lines(row, context)
        went = refunded(row)
        if went == 0:  # goods brought back pay for others: that is one sale, whatever is left to pay
            if stated < returned:
                return [
                    _unpaid(row, [*back, *map(parts.negated, lines)], returned - stated, currency, (closed, updated))
                ]
            lines, stated = [*lines, *map(parts.negated, back)], stated - returned
        elif not lines or went != returned:
            return []
    number = row.ticket_name or row.reference_id or row.id
    channel = row.source.name or "" if row.source is not None else ""
    customer = row.customer_id or ""
    sale = Order(
        row.id, number, currency, closed, updated, tuple(lines), tuple(paid), stated, due, state, row.location_id,
        channel, customer,
    )  # fmt: skip
    return [sale]


def sold(row: wire.Order, context: MapContext) -> list[Line]:
    """The lines of what an order sells, with its tip and its rounding."""
    under = parts.terms(row.taxes, row.total_tax_money, context)
    lines = _each(row.line_items, "$.line_items", parts.line, under)
    if row.service_charges:
        lines += _each(row.service_charges, "$.service_charges", parts.charge, under)
    return lines + _rest(parts.units(row.total_tip_money), row.rounding_adjustment)


def returned_lines(row: wire.Order, context: MapContext) -> tuple[list[Line], int]:
    """The lines of what an order takes back, as positive amounts, and the total that the platform states for them."""
    lines: list[Line] = []
    stated = 0
    for number, back in enumerate(row.returns or ()):
        path, amounts = f"$.returns[{number}]", back.return_amounts or row.return_amounts
        under = parts.terms(back.return_taxes, amounts.tax_money if amounts is not None else None, context)
        lines += _each(back.return_line_items, f"{path}.return_line_items", parts.line, under)
        lines += _each(back.return_service_charges, f"{path}.return_service_charges", parts.charge, under)
        tip = sum([parts.units(each.applied_money) for each in back.return_tips or ()])
        lines += _rest(tip, back.rounding_adjustment)
        stated += parts.units(back.return_amounts.total_money) if back.return_amounts is not None else 0
    if row.return_amounts is not None and row.return_amounts.total_money is not None:
        stated = parts.units(row.return_amounts.total_money)
    return lines, stated


def refunded(row: wire.Order) -> int:
    """The money that an order says it gave back."""
    return sum([parts.units(each.amount_money) for each in money_back(row)])


def money_back(row: wire.Order) -> list[wire.OrderRefund]:
    """The refunds that an order lists, without those that came to nothing."""
    return [each for each in row.refunds or () if each.status not in _REFUSED]


def _rest(tip: int, rounding: wire.Rounding | None) -> list[Line]:
    lines = [Line("tip", "Tip", tip)] if tip else []
    off = parts.units(rounding.amount_money) if rounding is not None else 0
    return [*lines, Line("rounding", "Cash rounding", off)] if off else lines


def _tenders(row: wire.Order, at: datetime, currency: str) -> list[Tender]:
    found = []
    for number, tender in enumerate(row.tenders or ()):
        money, details = tender.amount_money, tender.card_details
        if money is None or not money.amount or (details is not None and details.status in _NO_MONEY):
            continue
        if money.currency != currency:
            said = {"currency": str(money.currency)}
            raise MappingProblem("wrong_currency", f"$.tenders[{number}].amount_money.currency", facts=said)
        method, provider, label = word(parts.METHODS, tender.type, f"$.tenders[{number}].type", "tender")
        brand = details.card.card_brand or "" if details is not None and details.card is not None else ""
        if brand == parts.GIFT_CARD_BRAND:
            method, provider, label = parts.METHODS[brand]
        elif method == "card":
            label = label or brand
        payment = tender.payment_id or tender.id or f"{row.id}:{number}"
        found.append(Tender(payment, method, money.amount, tender.created_at or at, label, provider))
    return found


def _unpaid(row: wire.Order, lines: list[Line], owed: int, currency: str, times: tuple[datetime, datetime]) -> Refund:
    """A return of which nobody says how the money went back: a record that does not add up, for a person to see."""
    source = row.returns[0].source_order_id or "" if row.returns else ""
    return Refund(
        row.id, source, currency, *times, tuple(lines), (), owed, location=row.location_id, number=row.id
    )  # fmt: skip


def _each(rows: list[Any] | None, path: str, to: Callable[[Any, parts.Terms], Line], under: parts.Terms) -> list[Line]:
    """Each of the rows as a line; what is wrong with one is told with its place."""
    lines: list[Line] = []
    for row in rows or ():
        try:
            lines.append(to(row, under))
        except MappingProblem as problem:
            where = f"{path}[{len(lines)}].{problem.path}"
            raise MappingProblem(problem.code, where, problem.detail, getattr(problem, "facts", None)) from None
    return lines
