"""The floor for many small merchants: twenty orders each, one transaction a merchant, prepared ``unnest`` upserts.

With so few rows the fixed cost of a merchant decides, so there is no staging and no COPY: one prepared statement a
table, its rows as binary arrays, then the same posting as the big floor's, and one commit. The tables are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from tests.benchmarks import floor_schema as schema
from tests.benchmarks.floor import DoesNotAddUp
from tests.benchmarks.floor_wire import METHODS, ORDERS, REFUNDS
from tests.benchmarks.orders import ZONE, Page

_UPSERT_ORDERS = """
    INSERT INTO floor.orders AS o
    SELECT nextval('floor.order_id'), %s, external_id, number, currency, closed_at, updated_at, total, tip, location
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[],
        %s::text[]) AS t(external_id, number, currency, closed_at, updated_at, total, tip, location)
    ON CONFLICT (source, external_id) DO UPDATE SET closed_at = excluded.closed_at,
        updated_at = excluded.updated_at, total = excluded.total, tip = excluded.tip
    WHERE o.updated_at < excluded.updated_at
    RETURNING id, external_id
"""
_INSERT_LINES = """
    INSERT INTO floor.lines SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::text[],
        %s::bigint[], %s::bigint[])
    ON CONFLICT (order_id, position) DO UPDATE SET category = excluded.category, net = excluded.net,
        discount = excluded.discount, quantity = excluded.quantity"""
_INSERT_TAXES = """
    INSERT INTO floor.taxes SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::bigint[])
    ON CONFLICT (order_id, position, component) DO UPDATE SET amount = excluded.amount"""
_INSERT_TENDERS = """
    INSERT INTO floor.tenders SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[],
        %s::timestamptz[])
    ON CONFLICT (order_id, external_id) DO UPDATE SET amount = excluded.amount"""
_UPSERT_REFUNDS = """
    INSERT INTO floor.refunds AS r SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[],
        %s::timestamptz[], %s::timestamptz[])
    ON CONFLICT (source, external_id) DO UPDATE SET amount = excluded.amount, updated_at = excluded.updated_at
    WHERE r.updated_at < excluded.updated_at"""

# The posting of the big floor without its temporary table, which a merchant of twenty orders cannot afford.
_DUE = """
    SELECT o.id AS order_id, NULL::text AS refund, (o.closed_at AT TIME ZONE %(zone)s)::date AS day, 1 AS sign
    FROM floor.orders o
    WHERE o.source = %(source)s AND NOT EXISTS (SELECT FROM floor.order_links l WHERE l.order_id = o.id)
    UNION ALL
    SELECT o.id, r.external_id, (r.refunded_at AT TIME ZONE %(zone)s)::date, -1
    FROM floor.refunds r JOIN floor.orders o ON o.source = r.source AND o.external_id = r.order_external_id
    WHERE r.source = %(source)s AND NOT EXISTS (
        SELECT FROM floor.refund_links l WHERE l.source = r.source AND l.external_id = r.external_id)"""
_DOCUMENTS = f"WITH due AS ({_DUE}) {schema.DOCUMENTS}"
_LINES = schema.LINES.replace("WITH made", f"WITH due AS ({_DUE}), made", 1)


class SmallFloor:
    """Many merchants over one connection, which must not be in autocommit."""

    def __init__(self, connection: psycopg.Connection, categories: dict[str, str]) -> None:
        self.connection, self.categories = connection, categories

    def sync(self, source: int, pages: Sequence[Page]) -> int:
        """Store and post one merchant's pages in one transaction; how many documents."""
        with self.connection.cursor(binary=True) as cursor:
            for page in pages:
                if page.dataset == "orders":
                    self._orders(cursor, source, page.body)
                elif page.dataset == "transactions":
                    rows = [
                        (r.id, r.transaction_source_ref.id, r.sub_type, round(r.total_amount * 100),
                         r.source_created_date, r.source_modified_date)
                        for r in REFUNDS.decode(page.body)
                    ]  # fmt: skip
                    _run(cursor, _UPSERT_REFUNDS, rows, source)
            parameters = {"source": source, "zone": ZONE}
            documents = cursor.execute(_DOCUMENTS, parameters, prepare=True).fetchall()
            if documents:
                parameters["first"] = min(row[0] for row in documents)
                cursor.execute(_LINES, parameters, prepare=True)
        self.connection.commit()
        return len(documents)

    def _orders(self, cursor: psycopg.Cursor, source: int, body: bytes) -> None:
        orders = ORDERS.decode(body)
        heads = [
            (o.id, o.order_number, o.currency, o.closed_date, o.source_modified_date,
             round(o.total_amount * 100) + round(o.total_gratuity * 100), round(o.total_gratuity * 100),
             o.location_ref.id)
            for o in orders
        ]  # fmt: skip
        ids = {external_id: order_id for order_id, external_id in _run(cursor, _UPSERT_ORDERS, heads, source)}
        lines: list[tuple[Any, ...]] = []
        taxes: list[tuple[Any, ...]] = []
        tenders: list[tuple[Any, ...]] = []
        for order, head in zip(orders, heads, strict=True):
            order_id = ids.get(order.id)
            if order_id is None:
                continue  # it was there already, as new as this
            found = paid = 0
            for position, line in enumerate(order.order_line_items):
                gross = round(line.total_amount * 100)
                found += gross
                discount = sum([round(part.total_amount * 100) for part in line.discount_allocations])
                net = gross - round(line.total_tax_amount * 100)
                product = line.product_ref
                category = self.categories[product.id]
                lines.append((order_id, position, category, product.name, str(line.quantity), net, discount))
                taxes += [(order_id, position, t.tax_component_ref.id, round(t.tax_amount * 100)) for t in line.taxes]
            for payment in order.payments:
                amount = round(payment.amount * 100)
                paid += amount
                method = METHODS[payment.type]
                tenders.append((order_id, payment.id, method, payment.payment_provider, amount, payment.created_date))
            if found + head[6] != head[5] or paid != head[5]:
                raise DoesNotAddUp(order.id)
        if lines:
            _run(cursor, _INSERT_LINES, lines)
            _run(cursor, _INSERT_TAXES, taxes)
            _run(cursor, _INSERT_TENDERS, tenders)


def _run(cursor: psycopg.Cursor, query: str, rows: Sequence[tuple[Any, ...]], *first: object) -> list[tuple[Any, ...]]:
    """One prepared statement over the columns of ``rows``."""
    if not rows:
        return []
    cursor.execute(query, (*first, *[list(column) for column in zip(*rows, strict=True)]), prepare=True)
    return cursor.fetchall() if cursor.description else []
