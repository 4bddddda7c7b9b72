"""What one record needs of another before it can be posted: a refund its order's parts, a row its payout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ledger import sql
from ledger.book import Book
from ledger.commerce import Order, Payout, Record, Refund, decode
from ledger.costs import kept, of_original
from ledger.costs import waits_for_original as _waits
from ledger.incoming import Incoming
from ledger.per_payout import Settlement, settlements
from ledger.rules.refunds import derive
from ledger.services import now

PAYOUT_MEMORY = timedelta(days=400)  # a change to something paid out longer ago is posted on its own day


def with_lines(source_id: int, batch: Sequence[Incoming]) -> Sequence[Incoming]:
    """``batch`` with the parts of its refunds derived, where the platform left them out and the order is known."""
    waiting = {r.record.order_id for r in batch if isinstance(r.record, Refund) and r.record.lines is None}
    waiting.discard("")
    if not waiting:
        return batch
    orders = {order.id: order for order in _current_orders(source_id, list(waiting))}
    orders |= {r.record.id: r.record for r in batch if isinstance(r.record, Order)}
    return [item._replace(record=_derived(item.record, orders)) for item in batch]


def _derived(record: Record, orders: dict[str, Order]) -> Record:
    if isinstance(record, Refund) and record.lines is None and record.order_id in orders:
        return derive(record, orders[record.order_id])
    return record


def with_costs(source_id: int, batch: Sequence[Incoming]) -> Sequence[Incoming]:
    """``batch`` with the costs at which things were sold (`ledger.costs`), where the records do not state them."""
    edited = {item.record.id for item in batch if item.is_costed and isinstance(item.record, Order)}
    returned = {item.record.order_id for item in batch if isinstance(item.record, Refund) and _waits(item.record)}
    if not edited and not returned:
        return batch
    orders = {order.id: order for order in _current_orders(source_id, sorted(edited | returned))}
    found: list[Incoming] = []
    for item in batch:
        record = item.record
        if isinstance(record, Order):
            former = orders.get(record.id) if item.is_costed else None
            record = orders[record.id] = kept(record, former) if former is not None else record
        found.append(item._replace(record=record))
    return [item._replace(record=_at_original_cost(item.record, orders)) for item in found]


def _at_original_cost(record: Record, orders: dict[str, Order]) -> Record:
    if isinstance(record, Refund) and _waits(record) and record.order_id in orders:
        return of_original(record, orders[record.order_id])
    return record


def _current_orders(source_id: int, ids: list[str]) -> list[Order]:
    found = sql.rows(
        """SELECT body FROM ledger_record
           WHERE source_id = %s AND kind = 'order' AND external_id = ANY(%s) AND NOT superseded AND NOT deleted""",
        (source_id, ids),
        keep_plan=True,
    )
    orders = [decode("order", bytes(body)) for (body,) in found]
    return [order for order in orders if isinstance(order, Order)]


def complete_refunds(company_id: int) -> None:
    """Store a new version of every refund that waits for its parts, posted whole or not yet, and whose order is here.

    Refunds whose order never comes cost one look into an index each.
    """
    from ledger.intake import store  # intake derives parts by `with_lines`, so it stands above this module

    found = sql.rows(
        """SELECT record.source_id, record.body, record.raw_digest, record.page, record.page_row
           FROM ledger_source source
           JOIN ledger_record record ON record.source_id = source.id AND record.incomplete AND NOT record.superseded
           JOIN ledger_record original ON original.source_id = source.id AND original.kind = 'order'
               AND original.external_id = convert_from(record.body, 'UTF8')::json ->> 'order_id'
               AND NOT original.superseded AND NOT original.deleted
           JOIN ledger_standing standing ON standing.record_id = record.id AND standing.state IN (0, 1)
           WHERE source.company_id = %s""",
        (company_id,),
    )
    for source_id, body, raw_digest, page_id, page_row in found:
        item = Incoming("refund", decode("refund", bytes(body)), bytes(raw_digest), page_row)
        store(company_id=company_id, source_id=source_id, items=[item], page_id=page_id, received_at=now())


def settlements_of(company_id: int, book: Book) -> dict[str, Settlement]:
    """Record id → the payout that settles it, from the payouts that the company's sources have listed."""
    found = sql.rows(
        """SELECT record.body FROM ledger_source source
           JOIN ledger_record record ON record.source_id = source.id AND record.kind = 'payout'
           WHERE source.company_id = %s AND NOT record.superseded AND NOT record.deleted AND record.happened_at > %s""",
        (company_id, now() - PAYOUT_MEMORY),
    )
    settled: dict[str, Settlement] = {}
    for (body,) in found:
        payout = decode("payout", bytes(body))
        if isinstance(payout, Payout):
            settled |= settlements(payout, book.calendar.day_of(payout.arrives_on))
    return settled
