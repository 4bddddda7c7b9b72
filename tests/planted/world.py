"""The world: merchants whose sales were received, synced and kept, each through the ordinary services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from commerce_sync.demo.pricing import Row
from commerce_sync.demo_sales import encode_rows
from commerce_sync.models import Schedule
from commerce_sync.services import receive_sales, request_sync, save_schedule
from commerce_sync.tasks import ensure_schedules
from commerce_sync.work import drain
from connectors import registry
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.models.books_account import BooksAccount
from connectors.models.books_entry import BooksEntry
from connectors.models.books_line import BooksLine
from connectors.push_local import deliver_local
from connectors.services import connect_accounting, connect_commerce
from connectors.session import Session
from ledger.book import Book, Mode
from ledger.calendar import DayRule
from ledger.models import Company, Document, Partner
from ledger.post_due import post_due
from ledger.services import create_company, save_book
from tests.planted.shops import SHOP, days_of, names_of, together

ACTOR: Final = "tests.planted"
Days = dict[date, dict[str, list[Row]]]


class Shop(Struct):
    """One merchant of the world. ``days`` are the rows that its sales system has; a fault may change them before they
    are pushed."""

    company: Company
    days: Days
    last_day: date

    @property
    def sales(self) -> Connection:
        """What its sales come by."""
        return Connection.objects.select_related("company").filter(company=self.company, kind="commerce").earliest("id")

    @property
    def books(self) -> Connection:
        """Where its books are."""
        return Connection.objects.select_related("company").get(company=self.company, kind="accounting")

    def day(self, back: int) -> date:
        """A business day, so many before the last."""
        return self.last_day - timedelta(days=back)


def partner() -> Partner:
    """The one partner of the world."""
    return Partner.objects.get_or_create(name="Till Systems", currency="GBP", zone=SHOP.zone)[0]


def begin() -> None:
    """What an installation has before the first merchant comes: the minute's bell, which a test's clean-up took."""
    ensure_schedules()


def settled_day() -> date:
    """The last day that is over everywhere."""
    return timezone.now().date() - timedelta(days=2)


def open_shop(key: str, *, mode: Mode = "journal", change: Callable[[Book], Book] | None = None) -> Shop:
    """A merchant with a linked till, linked built-in books and a schedule; nothing is received yet."""
    last_day = settled_day()
    company = create_company(partner=partner(), name=f"Shop {key}", currency=SHOP.currency, zone=SHOP.zone, actor=ACTOR)
    connect_commerce(company=company, platform="partner", actor=ACTOR)
    books = connect_accounting(company=company, platform="books", actor=ACTOR)
    install_chart(connection_id=books.pk)
    book = default_book(SHOP.currency, (DayRule(date(2020, 1, 1), SHOP.zone, 0),), mode)
    save_book(company=company, book=change(book) if change else book, author=ACTOR, reason="start")
    save_schedule(company=company, frequency=Schedule.Frequency.DAILY, hour=4, zone=SHOP.zone, actor=ACTOR)
    return Shop(company, dict(days_of(key, last_day)), last_day)


def receive(shop: Shop, days: Days | None = None, connection: Connection | None = None) -> None:
    """Push names and sales."""
    found = shop.days if days is None else days
    link = connection or shop.sales
    first_day = min(found)
    for dataset, rows in [*names_of(shop.company.name.removeprefix("Shop "), first_day), *together(found).items()]:
        for result in receive_sales(connection=link, dataset=dataset, body=encode_rows(rows)):
            assert result.status != "refused", result
        link.refresh_from_db(fields=["references_version"])


def sync(*shops: Shop) -> None:
    """Bring the sales of merchants into their books, as the queue's workers do."""
    syncs = [request_sync(company=shop.company, through=shop.last_day) for shop in shops]
    while any(each.finished_at is None for each in syncs):
        done = drain(10)
        assert done.ended or done.later, "no work is done, and syncs are open"
        for each in syncs:
            each.refresh_from_db()


def tamper(statement: str, *parameters: Any) -> int:
    """Write past the guards of the one table that ``statement`` names, as no code of ours can; how many rows it
    touched."""
    table = statement.removeprefix("DELETE FROM ").removeprefix("UPDATE ").split()[0]
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        touched = int(cursor.rowcount)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return touched


def kept(key: str, *, mode: Mode = "journal", change: Callable[[Book], Book] | None = None) -> Shop:
    """A shop whose sales are all in its books."""
    shop = open_shop(key, mode=mode, change=change)
    receive(shop)
    sync(shop)
    return shop


def posted(key: str) -> Shop:
    """A shop whose documents are composed and not delivered yet."""
    shop = open_shop(key)
    receive(shop)
    post_due(company_id=shop.company.pk, through=shop.last_day, act=uuid4())
    return shop


def deliver(shop: Shop) -> None:
    """Deliver what is composed."""
    deliver_local(registry.accounting("books"), Session(shop.books.pk, shop.company.pk), lambda _: None)


def document_of(shop: Shop, day: date, kind: str = "journal") -> Document:
    """The first document of a day."""
    return Document.objects.filter(company=shop.company, date=day, kind=kind).earliest("id")


def entry_of(document: Document) -> BooksEntry:
    """What the document is in the built-in books."""
    return BooksEntry.objects.get(document_key=document.key)


def enter_by_hand(shop: Shop, day: date, *lines: tuple[str, int], reference: str = "MANUAL-1") -> None:
    """An entry of somebody else's in the merchant's books: (account, amount), debits positive."""
    total = sum(amount for _, amount in lines if amount > 0)
    entry = BooksEntry(
        connection=shop.books, document_key=f"by hand {reference}", reference=reference, kind="journal", date=day,
        currency=SHOP.currency, narration="Entered by hand", total=total, line_count=len(lines), digest=b"by hand",
    )  # fmt: skip
    accounts = {row.code: row for row in BooksAccount.objects.filter(connection=shop.books)}
    with transaction.atomic():
        entry.save()
        BooksLine.objects.bulk_create(
            BooksLine(entry=entry, position=place, account=accounts[code], debit=max(amount, 0), credit=max(-amount, 0))
            for place, (code, amount) in enumerate(lines, 1)
        )
