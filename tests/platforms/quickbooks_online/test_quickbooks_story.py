"""A month with every case in it, told at Square and kept in QuickBooks Online: to the cent what our own books keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from commerce_sync import services, work
from commerce_sync.models import Job
from connectors import credentials, push_send
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.auth import Secrets
from connectors.declare import Budget
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import Binding, PushItem
from connectors.services import connect_accounting, connect_commerce
from ledger.book import Mode
from ledger.calendar import DayRule
from ledger.models import AuditEntry, Company, Partner
from ledger.services import create_company, save_book
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer
from tests.connectors.server import running as running_server
from tests.platforms.quickbooks_online.fake import Fake, FakeQuickBooks, running
from tests.platforms.square import story
from tests.platforms.square.fake import FakeSquare
from tests.platforms.square.story import Straight
from tests.platforms.targets import balances, book_on, opened

pytestmark = pytest.mark.django_db
DAYS = (DayRule(date(2026, 1, 1), "America/New_York", 0),)
LAST = date(2026, 4, 30)


@pytest.fixture
def square(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    with running_server() as state:
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.fixture
def quickbooks(settings: Any, square: PlatformServer) -> Iterator[Fake]:
    with running(lambda: FakeQuickBooks(currency="USD", country="US")) as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [square.place, state.place]
        yield state


def a_seller(name: str, url: str, mode: Mode, quickbooks: Fake | None) -> Company:
    partner, _ = Partner.objects.get_or_create(name="Till Systems")
    company = create_company(partner=partner, name=name, currency="USD", zone="America/New_York", actor="test")
    shop = connect_commerce(company=company, platform="square", actor="test")
    shop.settings = {"base_url": url}
    shop.save()
    credentials.store(connection_id=shop.pk, secrets=Secrets(access_token="square-test-token"))
    books = connect_accounting(company=company, platform="quickbooks_online" if quickbooks else "books", actor="test")
    if quickbooks:
        book = book_on(opened(books, quickbooks), quickbooks, mode, "USD", DAYS)
    else:
        install_chart(connection_id=books.pk)
        book = default_book("USD", DAYS, mode)
    save_book(company=company, book=book, author="test", reason="story")
    return company


def told(square: PlatformServer, company: Company) -> None:
    """The month, with a sync after each part of it."""
    fake = FakeSquare(page=7)
    square.otherwise = fake.answer
    till = Straight(fake)
    story.catalog(fake)
    for part in (story.sales, story.returns, story.money_matters):
        part(fake, till)
        services.request_sync(company=company, through=LAST, trigger="historic")
        for _ in range(10):
            Job.objects.filter(state="ready").update(next_at="2026-01-01T00:00Z")
            if not work.drain(20).later:
                break


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_the_month_is_in_quickbooks_to_the_cent(square: PlatformServer, quickbooks: Fake, mode: Any) -> None:
    company = a_seller("at QuickBooks", square.url, mode, quickbooks)
    told(square, company)
    refused = PushItem.objects.filter(company=company).exclude(state="pushed")
    assert [(item.failure_code, item.failure_sentence) for item in refused] == []
    assert set(Binding.objects.values_list("agrees", flat=True)) == {True}
    assert not AuditEntry.objects.filter(code="document.mismatch").exists()
    own = a_seller("with books", square.url, mode, None)
    told(square, own)
    assert balances(quickbooks.documents()) == trial_balance(own)
