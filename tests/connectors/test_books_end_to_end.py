"""From canonical records to the trial balance of the built-in general ledger, and its pages in the console."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from books_cast import CARD, SALES, TAX, a_connection, a_journal, session_of
from django.contrib.admin.sites import AdminSite
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from connectors import admin_books, registry
from connectors.accounting.books import Books
from connectors.errors import Refused
from connectors.general_ledger import periods, reports
from connectors.general_ledger.chart import default_book
from connectors.models.books_account import BooksAccount
from connectors.models.books_entry import BooksEntry
from connectors.models.books_lock import BooksLock
from connectors.models.books_tax_rate import BooksTaxRate
from ledger import commerce
from ledger.book import Book, Mode
from ledger.calendar import DayRule
from ledger.closing import Context, post
from ledger.documents import Document
from ledger.posting import Change, Tally

pytestmark = pytest.mark.django_db
NOON, DAY = datetime(2026, 3, 1, 12, tzinfo=UTC), date(2026, 3, 1)
DAYS = (DayRule(date(2026, 1, 1), "Europe/London", 0),)


def records() -> list[commerce.Record]:
    """A sale of 120.00 with a tip, a refund of half of it, a fee and the payout of the rest."""
    tax = commerce.Tax("vat20", "VAT 20 %", 2_000, 200_000)
    goods = commerce.Line("product", "Tea", 10_000, (tax,), 500, category="Food")
    half = commerce.Line("product", "Tea", 5_000, (commerce.Tax("vat20", "VAT 20 %", 1_000, 200_000),), category="Food")
    tip = commerce.Line("tip", "Tip", 300)
    paid, back = commerce.Tender("t1", "card", 12_300, NOON), commerce.Tender("t2", "card", 6_000, NOON)
    return [
        commerce.Order("o", "1", "GBP", NOON, NOON, (goods, tip), (paid,), 12_300),
        commerce.Refund("r", "o", "GBP", NOON, NOON, (half,), (back,), 6_000),
        commerce.Fee("f", "GBP", NOON, NOON, 200),
        commerce.Payout("p", "GBP", NOON, NOON, 6_100),
    ]


def documents(book: Book) -> list[Document]:
    posted = post(((n, Change(record)) for n, record in enumerate(records())), Tally(book), Context("c", DAY))
    assert not posted.refused
    assert not posted.held
    assert not posted.notices
    return posted.documents


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order"])
def test_a_day_of_sales_leaves_the_same_trial_balance_in_every_mode(mode: Mode) -> None:
    session = session_of(a_connection())
    outcomes = Books().push_many(session, documents(default_book("GBP", DAYS, mode)))
    assert not any(isinstance(outcome, Refused) for outcome in outcomes)
    figures = {row.name: row.amount for row in reports.trial_balance(session.connection_id)}
    assert figures == {
        "Bank account": 6_100,
        "Discounts": 500,
        "Payment processing fees": 200,
        "Sales": -10_500,
        "Sales returns": 5_000,
        "Sales tax payable": -1_000,
        "Tips payable": -300,
    }


def test_every_pushed_document_reads_back_as_its_own_entries() -> None:
    session = session_of(a_connection())
    for document in documents(default_book("GBP", DAYS, "invoice")):
        pushed = Books().push(session, document)
        entries = [tuple(each) for each in document.entries() if each.debit or each.credit]
        assert Books().read_back(session, pushed.remote_id, document.kind) == entries


def test_the_registry_finds_the_books_and_every_kind_of_document_is_taken() -> None:
    books = registry.accounting("books")
    assert books.local
    assert books.may_post_automatically
    kinds = {type(document).__name__ for document in documents(default_book("GBP", DAYS, "invoice"))}
    assert {"Invoice", "CreditNote", "Payment", "Bill", "Deposit"} <= kinds <= books.document_kinds


def test_an_entry_of_thousands_of_lines_is_one_entry() -> None:
    session = session_of(a_connection())
    Books().push(session, a_journal("big", *[(CARD, 3), (SALES, -2), (TAX, -1)] * 3_000))
    assert BooksEntry.objects.get().line_count == 9_000


def test_the_console_shows_the_books_and_lets_nobody_edit_them() -> None:
    session = session_of(a_connection())
    Books().push(session, a_journal())
    periods.lock_period(connection_id=session.connection_id, through=DAY, author="amy")
    request = RequestFactory().get("/")
    request.user = get_user_model().objects.create_superuser("amy", "amy@example.com", "secret")
    for admin_class, model in (
        (admin_books.BooksEntryAdmin, BooksEntry),
        (admin_books.BooksAccountAdmin, BooksAccount),
        (admin_books.BooksTaxRateAdmin, BooksTaxRate),
        (admin_books.BooksLockAdmin, BooksLock),
    ):
        console = admin_class(model, AdminSite())
        assert console.changelist_view(request).render().status_code == 200
        assert not console.has_add_permission(request)
        assert not console.has_change_permission(request)
        assert not console.has_delete_permission(request)
    entry = admin_books.BooksEntryAdmin(BooksEntry, AdminSite())
    page = entry.change_view(request, str(BooksEntry.objects.get().pk)).render().content.decode()
    assert "120.00" in page
    assert 'name="_save"' not in page
