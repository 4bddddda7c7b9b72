"""An order of WooCommerce as canonical records; the rules are in `woocommerce`'s docstring."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from connectors.commerce import _woo_wire as wire
from connectors.commerce._woo_amounts import exact, nearest, step_of, whole
from connectors.commerce._woo_lines import Group, parts_of, rates_of, settled
from connectors.commerce._woo_terms import Terms, gateway, is_sold, terms
from connectors.errors import MappingProblem
from connectors.session import MapContext
from ledger.commerce import Deleted, Fee, Order, Record, Tender

_VALUE: Final = msgspec.json.Decoder(Any, float_hook=str)  # numbers stay as they are written


def order_records(row: wire.Order, context: MapContext) -> list[Record]:
    """The sale, and the fee of its gateway; nothing for an order that nobody has paid for yet."""
    known = terms(context.settings)
    step = step_of(row.currency)
    sold = is_sold(known, row.status)
    created, paid = aware(row.date_created_gmt), aware(row.date_paid_gmt)
    updated = aware(row.date_modified_gmt) or created
    if updated is None or created is None:
        raise MappingProblem("bad_time", "$.date_created_gmt", facts={"value": ""})
    if sold is False:
        return [Deleted(str(row.id), row.currency, updated, updated)]
    if sold is None and paid is None:
        return []
    order = _order(row, known, context, (created, paid, updated), step)
    if order.state == "open" or paid is None or not known.books_fees:
        return [order]
    return [order, *_fee(row, known, (paid, updated), step)]


def _order(
    row: wire.Order,
    known: Terms,
    context: MapContext,
    times: tuple[datetime, datetime | None, datetime],
    step: int,
) -> Order:
    created, paid, updated = times
    charged = whole(exact(row.total, "$.total"), step, "$.total", row.currency)
    tax = nearest(exact(row.total_tax, "$.total_tax"), step)
    fees, cards = _gift_cards_used(row, known, step)
    rates = rates_of(row.tax_lines, 1)
    groups: tuple[Group, ...] = (
        ("line_items", "product", row.line_items),
        ("shipping_lines", "shipping", row.shipping_lines),
        ("fee_lines", "service_charge", fees),
    )
    stated = charged + sum(cards)
    lines = settled(parts_of(groups, rates, known, context), rates, context, stated, tax, step)
    is_paid = paid is not None or charged == 0
    is_open = row.status not in known.sales or not (is_paid or known.is_on_account)
    method, provider = gateway(known, row.payment_method or "")
    at = paid or created
    tenders = [
        Tender(f"{row.id}:gift-card:{number}", "gift_card", amount, at)
        for number, amount in enumerate(cards)
        if is_paid or not is_open
    ]
    if charged and is_paid:
        identity, label = row.transaction_id or str(row.id), row.payment_method_title or ""
        tenders.append(Tender(identity, method, charged, at, label, provider))
    return Order(
        id=str(row.id),
        number=str(row.number or row.id),
        currency=row.currency,
        closed_at=created if known.is_on_account else at,
        updated_at=updated,
        lines=lines,
        tenders=tuple(tenders),
        stated=stated,
        due=0 if is_paid or is_open else charged,
        state="open" if is_open else "completed",
        channel=row.created_via or "",
        customer=str(row.customer_id or ""),
    )


def aware(moment: datetime | None) -> datetime | None:
    """An instant of a field that ends in `_gmt`, which is UTC and does not say so."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _gift_cards_used(row: wire.Order, known: Terms, step: int) -> tuple[list[wire.Item], list[int]]:
    """The fees that are none of that, and the amounts of gift cards that the order was paid with."""
    fees: list[wire.Item] = []
    used: list[int] = []
    for number, fee in enumerate(row.fee_lines or ()):
        path = f"$.fee_lines[{number}].total"
        amount = exact(fee.total, path)
        is_card = (fee.name or "").strip().lower() in known.gift_card_fees
        if is_card and amount < 0 and not exact(fee.total_tax, path):
            used.append(whole(-amount, step, path, row.currency))
        else:
            fees.append(fee)
    for number, card in enumerate(row.gift_cards or ()):
        path = f"$.gift_cards[{number}].amount"
        used.append(whole(exact(card.amount, path), step, path, row.currency))
    return fees, [amount for amount in used if amount]


def _fee(row: wire.Order, known: Terms, times: tuple[datetime, datetime], step: int) -> list[Fee]:
    """What the gateway kept, as its plugin wrote it down with the order; the first that is there counts."""
    meta = {str(each.key): _value(each) for each in row.meta_data or ()}
    for key in sorted(known.fee_meta & meta.keys()):
        said = meta[key]
        if not isinstance(said, str | int) or isinstance(said, bool) or said == "":
            continue
        currency = meta.get("_stripe_currency") if key == "_stripe_fee" else None
        currency = currency if isinstance(currency, str) and currency else row.currency
        amount = nearest(exact(str(said), "$.meta_data"), step_of(currency))
        if amount:
            method, provider = gateway(known, row.payment_method or "")
            return [Fee(str(row.id), currency, *times, amount, method=method, provider=provider)]
    return []


def _value(meta: wire.Meta) -> Any:
    try:
        return _VALUE.decode(meta.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
