"""A refund of Square as canonical records; the rules are in `square`'s docstring."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Final

from msgspec.structs import replace

from connectors.commerce import _square_lines as parts
from connectors.commerce import _square_wire as wire
from connectors.commerce._square_money import fees_of
from connectors.commerce._square_orders import money_back, returned_lines, sold
from connectors.session import MapContext
from connectors.vocabulary import word
from ledger.commerce import Deleted, Line, Record, Refund, Tender
from ledger.money import allocate

_STATUSES: Final = {"COMPLETED": True, "APPROVED": True, "PENDING": False, "REJECTED": None, "FAILED": None}


def refund_records(row: wire.Refund, context: MapContext) -> list[Record]:
    """The refund with the lines of its return order, and the fee that Square gave back with it."""
    currency = parts.currency_of(row.amount_money, "$.amount_money")
    updated = row.updated_at or row.created_at
    is_done = word(_STATUSES, row.status or "COMPLETED", "$.status", "status")
    if is_done is None:
        return [Deleted(row.id, currency, updated, updated)]
    if not is_done:
        return []
    amount = parts.needed(row.amount_money, "$.amount_money")
    method, provider, label = word(
        parts.METHODS, row.destination_type or "CARD", "$.destination_type", "destination_type"
    )
    details = row.destination_details.card_details if row.destination_details is not None else None
    if details is not None and details.card is not None and details.card.card_brand == parts.GIFT_CARD_BRAND:
        method, provider, label = parts.METHODS[parts.GIFT_CARD_BRAND]
    source, lines = _undone(row, amount, context)
    refund = Refund(
        id=row.id,
        order_id=source,
        currency=currency,
        refunded_at=row.created_at,
        updated_at=updated,
        lines=None if lines is None else tuple(lines),
        tenders=(Tender(row.id, method, amount, row.created_at, label, provider),),
        stated=amount,
        reason=row.reason or "",
        location=row.location_id or "",
        channel=row.order.source.name or "" if row.order is not None and row.order.source is not None else "",
        customer=row.order.customer_id or "" if row.order is not None else "",
        number=row.order_id or "",
    )
    fees = fees_of(row.processing_fee, f"{row.id}:fee", row.created_at, updated, row.location_id, row.id)
    return [refund, *fees]


def _undone(row: wire.Refund, amount: int, context: MapContext) -> tuple[str, list[Line] | None]:
    """The order that the refund undoes, and which lines; None when only the money is known."""
    order = row.order
    if order is None:
        return "", None
    if not order.returns:  # the sale itself
        return order.id, None
    source = order.returns[0].source_order_id or ""
    items = [item for back in order.returns for item in back.return_line_items or ()]
    if items and all(item.item_type == "CUSTOM_AMOUNT" and not item.source_line_item_uid for item in items):
        return source, None  # an amount was refunded, not goods: its parts are those of the original
    lines, returned = returned_lines(order, context)
    listed = money_back(order)
    amounts = [parts.units(each.amount_money) for each in listed] or [amount]
    if sum(amounts) != returned:
        goods = sold(order, context)
        if order.tenders or sum(amounts) != returned - parts.units(order.total_money):
            return source, None
        lines += map(parts.negated, goods)  # an exchange that left something to pay back
    if len(amounts) == 1:
        return source, lines if amounts[0] == amount else None
    place = _place(row, amount, listed)
    return source, None if place is None else _share(lines, amounts, place)


def _place(row: wire.Refund, amount: int, listed: list[wire.OrderRefund]) -> int | None:
    """Which of the refunds of the return order this one is."""
    for number, each in enumerate(listed):
        if row.id == each.id or row.id.endswith(f"_{each.id}"):
            return number
    same = [
        number
        for number, each in enumerate(listed)
        if each.tender_id == row.payment_id and parts.units(each.amount_money) == amount
    ]
    return same[0] if len(same) == 1 else None


def _share(lines: list[Line], amounts: list[int], place: int) -> list[Line] | None:
    """The share that one of several refunds has in the lines: together they are the whole, each to the unit."""
    weights = [part for line in lines for part in (line.net, *(tax.amount for tax in line.taxes or ()))]
    if min(weights, default=-1) < 0 or any(line.taxes is None for line in lines):
        return None
    reached = [allocate(through, weights) for through in accumulate(amounts, initial=0)]
    before, after = list(pairwise(reached))[place]
    shares = iter([b - a for a, b in zip(before, after, strict=True)])
    return [
        replace(
            line,
            net=next(shares),
            taxes=tuple([replace(tax, amount=next(shares)) for tax in line.taxes or ()]),
            discount=0,
        )
        for line in lines
    ]
