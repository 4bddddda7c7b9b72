"""What accounting software offers: fetched when a connection is linked, kept, and fetched again when it is old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from connectors.accounting.books import Books
from connectors.authorizing import authorize
from connectors.errors import NotAuthorized
from connectors.linked import after_linking
from connectors.models import Connection, Option
from connectors.options import FRESH, ensure_fresh, keep_options, options_of, refresh_options
from connectors.services import connect_accounting
from connectors.session import Option as Found
from ledger.book import Book
from ledger.models import AuditEntry, Company, Partner
from ledger.services import create_company, now, save_book
from tests.platforms import hostile_books, listing_books

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    partner = Partner.objects.create(name="Till Systems", currency="GBP")
    return create_company(partner=partner, name="Rose & Crown", actor="test")


@pytest.fixture
def listing(settings: Any) -> Iterator[listing_books.Listing]:
    with listing_books.running() as found:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [found.server.place]
        yield found


@pytest.fixture
def connection(company: Company, listing: listing_books.Listing) -> Connection:
    """A linked connection whose options have not been fetched."""
    made = connect_accounting(company=company, platform="listing", actor="test")
    hostile_books.connect(made, listing.server)
    made.refresh_from_db()
    return made


def offered(connection: Connection) -> dict[str, bool]:
    """Id → whether it can be chosen."""
    return {option.id: option.active for option in options_of(connection)}


def test_linking_brings_the_options_and_what_the_company_is_called(
    company: Company, listing: listing_books.Listing
) -> None:
    made = connect_accounting(company=company, platform="listing", actor="test", linked=False)
    linked = authorize(
        connection=made, secrets={"apiKey": "k-123", "base_url": listing.server.url}, actor="test"
    )  # fmt: skip
    assert len(offered(linked)) == len(listing.rows)
    assert linked.settings["company_name"] == "Rose SARL"
    company.refresh_from_db()
    assert company.currency == "EUR"
    told = AuditEntry.objects.get(code="company.changed")
    assert (told.detail["before"], told.detail["after"]) == ("GBP", "EUR")


def test_a_company_that_has_a_book_keeps_its_currency(connection: Connection) -> None:
    book = Book("GBP", (), accounts={"sales": "A1"}, suspense="A4")
    save_book(company=connection.company, book=book, author="test", reason="test")
    refresh_options(connection)
    connection.company.refresh_from_db()
    assert connection.company.currency == "GBP"
    assert connection.settings["base_currency"] == "EUR"


def test_an_unknown_currency_is_not_adopted(connection: Connection, listing: listing_books.Listing) -> None:
    listing.currency = "XXX"
    refresh_options(connection)
    connection.company.refresh_from_db()
    assert connection.company.currency == "GBP"


def test_our_own_books_get_their_chart_when_they_are_linked(company: Company) -> None:
    made = connect_accounting(company=company, platform="books", actor="test")
    after_linking(made)
    after_linking(made)
    assert made.books_accounts.filter(code="4000").count() == 1
    assert Option.objects.filter(connection=made, kind="account").count() == made.books_accounts.count()
    assert {option.kind for option in options_of(made)} == {"account", "customer", "supplier"}
    made.refresh_from_db()
    assert "company_name" not in made.settings


def test_software_that_does_not_answer_now_does_not_undo_the_link(
    connection: Connection, listing: listing_books.Listing
) -> None:
    listing.server.fail("echo400", times=20)
    after_linking(connection)
    connection.refresh_from_db()
    assert connection.status == "Linked"
    assert offered(connection) == {}


def test_what_has_disappeared_is_kept_as_inactive_and_may_come_back(
    connection: Connection, listing: listing_books.Listing
) -> None:
    assert refresh_options(connection) == len(listing.rows)
    gone = listing.row("A6")
    listing.rows.remove(gone)
    listing.row("A4")["active"] = False
    refresh_options(connection)
    found = offered(connection)
    assert (found["A6"], found["A4"], found["A1"]) == (False, False, True)
    listing.rows.append({**gone, "name": "Fees, renamed"})
    refresh_options(connection)
    assert offered(connection)["A6"] is True
    assert Option.objects.get(external_id="A6").name == "Fees, renamed"


def test_options_are_asked_for_again_only_when_they_are_old(
    connection: Connection, listing: listing_books.Listing
) -> None:
    ensure_fresh(connection, now())
    ensure_fresh(connection, now())
    assert listing.asked() == 1
    Option.objects.update(fetched_at=F("fetched_at") - FRESH - timedelta(seconds=1))
    ensure_fresh(connection, now())
    assert listing.asked() == 2


def test_access_that_is_refused_ends_the_link(connection: Connection, listing: listing_books.Listing) -> None:
    listing.server.fail("e401", times=5)
    with pytest.raises(NotAuthorized):
        refresh_options(connection)
    connection.refresh_from_db()
    assert connection.status == "Deauthorized"


def test_long_names_and_doubled_rows_are_kept_once(connection: Connection) -> None:
    twice = Found("account", "X", "n" * 500, "c" * 200, "income")
    assert keep_options(connection_id=connection.pk, found=[twice, twice, Found("account", "", "nameless")]) == 1
    assert len(Option.objects.get().name) == 400


def test_the_options_of_our_own_books_are_what_they_are_now(company: Company) -> None:
    made = connect_accounting(company=company, platform=Books.key, actor="test")
    after_linking(made)
    made.books_accounts.filter(code="4000").update(archived_at=now())
    assert offered(made)["4000"] is False
