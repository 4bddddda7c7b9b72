"""The cast of the tests of syncs: merchants with books and sales, and what their books say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db import connection as database
from django.db.backends.signals import connection_created

from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger import commerce, sql
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.intake import Stored, store
from ledger.models import Company, Partner
from ledger.services import create_company, save_book
from ledger.settling import Incoming

FIRST_DAY = date(2026, 3, 2)
DAYS = (DayRule(date(2026, 1, 1), "Europe/London", 0),)


def allow_truncate(*, connection: Any = database, **_: Any) -> None:
    """Tests that commit empty the tables afterwards, which append-only tables refuse elsewhere: in every session."""
    connection_created.connect(allow_truncate, dispatch_uid="allow_truncate")
    with connection.cursor() as cursor:
        cursor.execute("SET commerce_sync.allow_truncate = 'on'")


def a_merchant(name: str = "Rose & Crown", *, platform: str = "books", book: Book | None = None) -> Company:
    """A company with a linked shop and linked books, ready to be synced."""
    partner, _ = Partner.objects.get_or_create(name="Till Systems")
    company = create_company(partner=partner, name=name, currency="GBP", zone="Europe/London", actor="test")
    connect_commerce(company=company, platform="partner", actor="test")
    link = connect_accounting(company=company, platform=platform, actor="test")
    if platform == "books":
        install_chart(connection_id=link.pk)
    save_book(company=company, book=book or default_book("GBP", DAYS), author="test", reason="start")
    return company


def books_of(company: Company) -> Connection:
    return Connection.objects.get(company=company, kind="accounting")


def an_order(number: int, *, day: date = FIRST_DAY, amount: int = 1_200, **changes: Any) -> commerce.Order:
    """A card sale of `amount` pence, a sixth of it VAT."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(seconds=number % 3_600)
    tax = amount // 6
    line = commerce.Line("product", "Tea", amount - tax, (commerce.Tax("vat20", "VAT 20 %", tax, 200_000),))
    paid = commerce.Tender(f"t{number}", "card", amount, at)
    order = commerce.Order(
        f"o{number}", str(number), "GBP", at, changes.pop("updated_at", at), (line,), (paid,), amount
    )
    return (
        order
        if not changes
        else commerce.Order(**{f: changes.get(f, getattr(order, f)) for f in order.__struct_fields__})
    )


def sell(company: Company, *records: commerce.Record) -> list[Stored]:
    """Bring records in, as if the shop had pushed them."""
    source = company.sources.get()
    items = [
        Incoming(commerce.KIND_OF[type(record)], record, blake2b(commerce.encode(record), digest_size=16).digest(), row)
        for row, record in enumerate(records)
    ]
    return store(company_id=company.pk, source_id=source.pk, items=items, page_id=None, received_at=datetime.now(UTC))


def trial_balance(company: Company) -> dict[str, int]:
    """Account code → signed balance in the built-in books, in pence."""
    found = sql.rows(
        """SELECT account.code, sum(line.debit - line.credit)::bigint FROM books_line line
           JOIN books_account account ON account.id = line.account_id
           WHERE account.connection_id = %s GROUP BY account.code HAVING sum(line.debit - line.credit) <> 0""",
        (books_of(company).pk,),
    )
    return dict(found)
