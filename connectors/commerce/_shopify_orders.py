"""An order of Shopify with its refunds as canonical records; the rules are in `shopify`'s docstring."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from connectors.commerce import _shopify_lines as parts
from connectors.commerce import _shopify_wire as wire
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import word
from ledger.commerce import Deleted, Line, Order, Record, Refund, Tender, line_gross

_KINDS: Final = {
    **dict.fromkeys(("SALE", "CAPTURE"), "in"),
    "CHANGE": "change",
    # What only reserves money, or is told by a refund.
    **dict.fromkeys(("AUTHORIZATION", "EMV_AUTHORIZATION", "VOID", "SUGGESTED_REFUND", "REFUND"), ""),
}
_PAID_BY_STATUS: Final = {
    **dict.fromkeys(("PAID", "PARTIALLY_REFUNDED", "REFUNDED"), True),
    **dict.fromkeys(("PENDING", "AUTHORIZED", "PARTIALLY_PAID", "EXPIRED", "VOIDED"), False),
}
_REASONS: Final = {"ORDER": False, "ORDER_EDIT": False, "REFUND": True, "RETURN": True}


class Back(NamedTuple):
    """What came back at one moment: its goods as positive lines (None: only money), and the money that went."""

    id: str
    at: datetime
    lines: list[Line] | None
    tenders: list[Tender]
    rounding: int
    note: str
    restocked: bool

    @property
    def goods(self) -> int:
        return sum([line_gross(line) for line in self.lines or ()])

    @property
    def money(self) -> int:
        """What was paid back of the goods: without what cash was rounded by."""
        return sum([tender.amount for tender in self.tenders]) - self.rounding


def order_records(row: wire.Order, context: MapContext) -> list[Record]:
    """The sale and each of its refunds; nothing for an order of a test."""
    if row.test:
        return []
    currency = parts.currency_of(row.currency_code, "$.currencyCode")
    sold, backs = _agreed(row, currency, context)
    tenders, rounding, change = _paid(row, currency, context)
    if row.cancelled_at is not None and not tenders and not any(back.tenders for back in backs):
        return [Deleted(row.legacy_resource_id, currency, row.cancelled_at, row.updated_at)]
    is_paid = row.cancelled_at is not None or _is_paid(row, currency)
    if not is_paid:  # nothing is sold yet: what was taken off it without money is no return
        for back in backs:
            if not back.tenders:
                sold += [_negated(line) for line in back.lines or ()]
        backs = [back for back in backs if back.tenders]
    # What Shopify prints is what is left after all returns: so the lines of returns are held to it, too.
    stated = parts.units(row.current_total_price_set, currency, "$.currentTotalPriceSet")
    stated += sum([back.goods for back in backs])
    outstanding = parts.units(row.total_outstanding_set, currency, "$.totalOutstandingSet")
    due = outstanding + sum([back.goods - back.money for back in backs]) if is_paid else 0
    received = sum([tender.amount for tender in tenders]) - rounding
    if change and received - change + due == stated != received + due:
        tenders = _without(tenders, change)
    if rounding:
        sold.append(Line("rounding", "Cash rounding", rounding))
    location = row.retail_location.legacy_resource_id if row.retail_location is not None else ""
    channel = row.source_name or ""
    sale = Order(
        row.legacy_resource_id, row.name, currency, row.processed_at, row.updated_at, tuple(sold), tuple(tenders),
        stated + rounding, due, "completed" if is_paid else "open", location, channel,
    )  # fmt: skip
    has_goods_back = any(back.lines for back in backs)
    return [sale, *[_refund(row, back, has_goods_back, (currency, location, channel)) for back in backs]]


def _agreed(row: wire.Order, currency: str, context: MapContext) -> tuple[list[Line], list[Back]]:
    """The lines of what was ordered with all edits, and what came back."""
    if _is_cut(row.agreements.page_info):
        raise MappingProblem("malformed", "$.agreements.pageInfo", "not all agreements are in the row")
    sold: list[Line] = []
    returned: dict[str, list[Line]] = {}
    backs: list[Back] = []
    for place, agreement in enumerate(row.agreements.nodes):
        path = f"$.agreements.nodes[{place}]"
        if _is_cut(agreement.sales.page_info):
            raise MappingProblem("malformed", f"{path}.sales.pageInfo", "not all sales are in the row")
        is_return = word(_REASONS, agreement.reason, f"{path}.reason", "reason") or agreement.refund is not None
        sign = -1 if is_return else 1
        lines = [
            parts.line(sale, currency, context, f"{path}.sales.nodes[{number}]", sign)
            for number, sale in enumerate(agreement.sales.nodes)
        ]
        if not is_return:
            sold += lines
        elif agreement.refund is not None:
            returned.setdefault(agreement.refund.legacy_resource_id, []).extend(lines)
        elif sum([line_gross(line) for line in lines]) > 0:
            back = Back(f"return-{parts.number(agreement.id)}", agreement.happened_at, lines, [], 0, "", False)
            backs.append(back)
        else:  # an exchange for the same or for more is part of the sale
            sold += map(_negated, lines)
    backs += [
        _back(refund, returned, currency, context, f"$.refunds[{place}]") for place, refund in enumerate(row.refunds)
    ]
    return sold, [back for back in backs if back.lines or back.tenders]


def _back(refund: wire.Refund, returned: dict[str, list[Line]], currency: str, context: MapContext, path: str) -> Back:
    """A refund: its goods by the agreement about it, its money by its transactions."""
    if _is_cut(refund.transactions.page_info):
        raise MappingProblem("malformed", f"{path}.transactions.pageInfo", "not all transactions are in the row")
    tenders, rounding = [], 0
    for place, transaction in enumerate(refund.transactions.nodes):
        where = f"{path}.transactions.nodes[{place}]"
        if transaction.kind == "REFUND" and parts.moved(transaction, where):
            tender, off = parts.tender(transaction, currency, refund.processed_at, context, where)
            tenders.append(tender)
            rounding += off
    kinds = {each.restock_type for each in refund.refund_line_items.nodes} if refund.refund_line_items else set()
    return Back(
        refund.legacy_resource_id, refund.processed_at, returned.get(refund.legacy_resource_id), tenders, rounding,
        refund.note or "", bool(kinds) and "NO_RESTOCK" not in kinds,
    )  # fmt: skip


def _refund(row: wire.Order, back: Back, has_goods_back: bool, where: tuple[str, str, str]) -> Refund:
    """The record of what came back. Money alone pays for goods that came back before, or for a part of everything."""
    currency, location, channel = where
    lines: tuple[Line, ...] | None = tuple(back.lines or ())
    stated, due = back.goods, back.goods - back.money
    if not lines and not has_goods_back:
        lines, stated, due = None, back.money, 0
    if back.rounding:
        stated += back.rounding
        lines = None if lines is None else (*lines, Line("rounding", "Cash rounding", back.rounding))
    return Refund(
        back.id, row.legacy_resource_id, currency, back.at, row.updated_at, lines, tuple(back.tenders), stated, due,
        back.note, back.restocked, location, channel, number=row.name,
    )  # fmt: skip


def _paid(row: wire.Order, currency: str, context: MapContext) -> tuple[list[Tender], int, int]:
    """The money that came in, by how much cash was rounded, and the change that was given."""
    tenders, rounding, change = [], 0, 0
    for place, transaction in enumerate(row.transactions):
        path = f"$.transactions[{place}]"
        kind = word(_KINDS, transaction.kind, f"{path}.kind", "kind")
        if not kind or not parts.moved(transaction, path):
            continue
        if kind == "change":
            change += abs(parts.units(transaction.amount_set, currency, f"{path}.amountSet"))
            continue
        tender, off = parts.tender(transaction, currency, row.processed_at, context, path)
        tenders.append(tender)
        rounding += off
    return tenders, rounding, change


def _without(tenders: list[Tender], change: int) -> list[Tender]:
    """The tenders less the change, which came out of the cash that was handed over."""
    found = []
    for tender in tenders:
        off = min(change, tender.amount) if tender.method == "cash" else 0
        change -= off
        found.append(replace(tender, amount=tender.amount - off))
    return found


def _is_paid(row: wire.Order, currency: str) -> bool:
    if row.display_financial_status is None:
        return parts.units(row.total_outstanding_set, currency, "$.totalOutstandingSet") <= 0
    return bool(
        word(_PAID_BY_STATUS, row.display_financial_status, "$.displayFinancialStatus", "displayFinancialStatus")
    )


def _is_cut(info: wire.PageInfo | None) -> bool:
    return info is not None and info.has_next_page


def _negated(row: Line) -> Line:
    """The line the other way round."""
    taxes = row.taxes and tuple([replace(tax, amount=-tax.amount) for tax in row.taxes])
    quantity = row.quantity.removeprefix("-") if row.quantity.startswith("-") else f"-{row.quantity}"
    cost = None if row.cost is None else -row.cost
    return replace(
        row, net=-row.net, taxes=taxes, discount=-row.discount, quantity=quantity if row.quantity else "", cost=cost
    )
