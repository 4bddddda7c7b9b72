"""A store group's merchant: its baskets pushed and posted by the ordinary doors, its books beside the source's sums.

Imported after Django is set up.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from connectors.services import connect_commerce
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.models import Partner
from ledger.services import create_company, save_book
from tests.benchmarks import journey, real

THROUGH = date(2018, 1, 31)


class Compared(NamedTuple):
    """What came of one store group. ``differences`` are (day, account, in the books, in the source)."""

    orders: int
    documents: int
    balances: int
    differences: list[tuple[date, str, int, int]]


def book(table: Any) -> Book:
    """A book with an account per department, called like the role."""
    departments = sorted(table.department.unique())
    roles = [f"{head}:{name}" for head in ("sales", "refunds") for name in departments]
    roles += ["discount", f"tax:{journey.TAX}", "tender:card", "tender:cash"]
    days = (DayRule(date(2000, 1, 1), journey.ZONE, 0),)
    return Book(journey.CURRENCY, days, accounts={role: role for role in roles}, suspense="suspense")


def run_group(partner: Partner, table: Any, group: int) -> Compared:
    """Push and post one store group; raises ``AssertionError`` when a row or a record is kept out."""
    name = f"Stores of group {group}"
    company = create_company(partner=partner, name=name, currency=journey.CURRENCY, zone=journey.ZONE, actor=real.ACTOR)
    save_book(company=company, book=book(table), author=real.ACTOR, reason="benchmark")
    connection = connect_commerce(company=company, platform="partner", actor=real.ACTOR)
    orders = 0
    for page in journey.pages(table, group):
        connection.refresh_from_db()  # products that were named change what later pages are mapped with
        statuses = real.push(connection, [page])
        refused = {status: count for status, count in statuses.items() if status not in ("new", "unchanged")}
        assert not refused, refused
        orders += sum(statuses.values()) if page.dataset == "orders" else 0
    posted = real.post(company, THROUGH)
    assert (posted.records, posted.held, posted.refused) == (orders, 0, 0), posted
    books, source = real.totals(company), journey.expected(table, group)
    differences = [
        (day, account, books.get((day, account), 0), source.get((day, account), 0))
        for day, account in sorted(books.keys() | source.keys())
        if books.get((day, account), 0) != source.get((day, account), 0)
    ]
    return Compared(orders, posted.documents, len(books), differences)
