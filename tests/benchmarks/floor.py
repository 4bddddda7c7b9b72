"""The floor: what the same work costs when it is written by hand for nothing else.

    pages ──typed decode──▶ tuples ──COPY──▶ unlogged staging ──INSERT … ON CONFLICT──▶ orders, lines, taxes,
    tenders, refunds (keys, indexes) ──one statement──▶ daily documents, their lines, a link per record

It is idempotent, it streams (`ORDERS_A_BATCH` orders in memory), and each batch and each posting is one transaction.
It checks that an order adds up, and nothing else: it keeps no raw page, no versions and no problems, knows one
accounting rule and one currency. What the real path costs above it is the price of everything that it does not do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import psycopg

from tests.benchmarks import floor_schema as sql
from tests.benchmarks.floor_wire import METHODS, ORDERS, PRODUCTS, REFUNDS
from tests.benchmarks.orders import ZONE, Page

ORDERS_A_BATCH = 5_000


class Rows(NamedTuple):
    """The rows of a batch as lines of COPY text, one list per staging table."""

    orders: list[str]
    lines: list[str]
    taxes: list[str]
    tenders: list[str]
    refunds: list[str]


class DoesNotAddUp(Exception):
    """An order whose lines, total and payments disagree."""


class Floor:
    """One sales source. ``connection`` must not be in autocommit: each batch is a transaction."""

    def __init__(self, connection: psycopg.Connection, source: int) -> None:
        self.connection, self.source = connection, source
        self.categories: dict[str, str] = {}
        self._rows = Rows([], [], [], [], [])
        self._seen: set[str] = set()

    def load(self, pages: Iterable[Page]) -> None:
        """Store all pages."""
        for page in pages:
            self.take(page)
        self._store()
        self.connection.commit()

    def take(self, page: Page) -> None:
        """Decode one page; store when a batch is full."""
        # Every character that COPY needs escaped is escaped in JSON too: without a backslash there is none.
        if b"\\" in page.body:
            raise ValueError("the floor takes plain texts only")
        if page.dataset == "orders":
            self._decode_orders(page.body)
        elif page.dataset == "transactions":
            for refund in REFUNDS.decode(page.body):
                self._rows.refunds.append(
                    f"{self.source}\t{refund.id}\t{refund.transaction_source_ref.id}\t{refund.sub_type}\t"
                    f"{round(refund.total_amount * 100)}\t{refund.source_created_date}\t{refund.source_modified_date}\n"
                )
        else:
            self.categories |= {product.id: product.categorization for product in PRODUCTS.decode(page.body)}
        if len(self._rows.orders) >= ORDERS_A_BATCH:
            self._store()

    def _decode_orders(self, body: bytes) -> None:
        orders = ORDERS.decode(body)
        if not self._seen.isdisjoint([order.id for order in orders]):
            self._store()  # one statement must not meet the same order twice
        source, categories = self.source, self.categories
        order_rows, line_rows, tax_rows, tender_rows, _ = self._rows
        order_id = self._ids(len(orders))
        for order in orders:
            self._seen.add(order.id)
            total, tip, found, paid = round(order.total_amount * 100), round(order.total_gratuity * 100), 0, 0
            order_rows.append(
                f"{order_id}\t{source}\t{order.id}\t{order.order_number}\t{order.currency}\t{order.closed_date}\t"
                f"{order.source_modified_date}\t{total + tip}\t{tip}\t{order.location_ref.id}\n"
            )
            for position, line in enumerate(order.order_line_items):
                gross, discount = round(line.total_amount * 100), 0
                found += gross
                for allocation in line.discount_allocations:
                    discount += round(allocation.total_amount * 100)
                product = line.product_ref
                line_rows.append(
                    f"{order_id}\t{position}\t{categories[product.id]}\t{product.name}\t{line.quantity}\t"
                    f"{gross - round(line.total_tax_amount * 100)}\t{discount}\n"
                )
                for tax in line.taxes:
                    amount = round(tax.tax_amount * 100)
                    tax_rows.append(f"{order_id}\t{position}\t{tax.tax_component_ref.id}\t{amount}\n")
            for payment in order.payments:
                amount = round(payment.amount * 100)
                paid += amount
                tender_rows.append(
                    f"{order_id}\t{payment.id}\t{METHODS[payment.type]}\t{payment.payment_provider}\t{amount}\t"
                    f"{payment.created_date}\n"
                )
            if found != total or paid != total + tip:
                raise DoesNotAddUp(order.id)
            order_id += 1

    def _ids(self, count: int) -> int:
        """The first of ``count`` new order ids."""
        query = "SELECT setval('floor.order_id', nextval('floor.order_id') + %s) - %s"
        found = self.connection.execute(query, (count, count)).fetchone()
        assert found is not None
        first: int = found[0]
        return first

    def _store(self) -> None:
        """COPY the batch into staging and upsert it from there."""
        with self.connection.cursor() as cursor:
            for table, rows in zip(sql.STAGING, self._rows, strict=True):
                if rows:
                    with cursor.copy(f"COPY floor.{table} FROM STDIN") as copy:
                        copy.write("".join(rows))
            if self._rows.orders:
                touched = cursor.execute(sql.UPSERT_ORDERS).fetchall()
                # Nothing was there before: what is staged is what is new, under the ids it was staged with.
                if len(touched) == len(self._rows.orders) and self._all_new(cursor):
                    for statement in sql.INSERT_CHILDREN:
                        cursor.execute(statement)
                elif touched:
                    ids = [row[0] for row in touched]
                    for statement in sql.REPLACE_CHILDREN:
                        cursor.execute(statement, {"touched": ids})
            if self._rows.refunds:
                cursor.execute(sql.UPSERT_REFUNDS)
            cursor.execute(f"TRUNCATE {', '.join(f'floor.{table}' for table in sql.STAGING)}")
        self.connection.commit()
        self._seen.clear()
        for rows in self._rows:
            rows.clear()

    @staticmethod
    def _all_new(cursor: psycopg.Cursor) -> bool:
        query = """SELECT NOT EXISTS (SELECT FROM floor.staged_orders s
                   WHERE NOT EXISTS (SELECT FROM floor.orders o WHERE o.id = s.id))"""
        found = cursor.execute(query).fetchone()
        return bool(found and found[0])

    def post(self) -> int:
        """Bring what is not in a document yet into documents by day; how many documents."""
        with self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")
            cursor.execute("SET LOCAL enable_nestloop = off")  # fresh tables have no statistics that would say so
            parameters = {"source": self.source, "zone": ZONE}
            cursor.execute(sql.DUE, parameters)
            documents = cursor.execute(sql.DOCUMENTS, parameters).fetchall()
            if documents:
                cursor.execute(sql.LINES, {**parameters, "first": min(row[0] for row in documents)})
        self.connection.commit()
        return len(documents)

    def totals(self) -> dict[tuple[date, str], int]:
        """Debit minus credit, in pennies, by day and account."""
        found = self.connection.execute(sql.TOTALS, (self.source,)).fetchall()
        self.connection.commit()
        return {(day, account): amount for day, account, amount in found}


def create_tables(connection: psycopg.Connection) -> None:
    """Fresh, empty tables."""
    connection.execute(sql.TABLES)
    connection.commit()
