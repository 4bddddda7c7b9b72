"""Days that are in the books, kept anew under a changed book."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from msgspec import structs

from commerce_sync import services, work
from commerce_sync.models import Sync
from commerce_sync.restating import restate
from connectors.general_ledger.periods import lock_period
from ledger.models import AuditEntry, Company, Document, Standing
from ledger.services import save_book
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, books_of, sell, trial_balance

pytestmark = pytest.mark.django_db
NEXT_DAY = FIRST_DAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=True):
        yield


def a_synced_shop() -> Company:
    """£12 on Monday and £24 on Tuesday, in the books."""
    company = a_merchant()
    sell(company, an_order(1), an_order(2, day=NEXT_DAY, amount=2_400))
    services.request_sync(company=company)
    work.drain(5)
    return company


def sales_kept_at(company: Company, account: str) -> None:
    book = company.book_versions.order_by("-number")[0].book
    save_book(
        company=company, book=structs.replace(book, accounts={**book.accounts, "sales": account}), author="test",
        reason="moved",
    )  # fmt: skip


def restated(company: Company, from_day: date = FIRST_DAY, through: date = date(2026, 3, 4)) -> Sync:
    calendar = company.book_versions.order_by("-number")[0].book.calendar
    sync = restate(company=company, calendar=calendar, from_day=from_day, through=through, actor="merchant")
    work.drain(5)
    sync.refresh_from_db()
    return sync


def test_past_days_are_moved_to_the_account_that_was_chosen() -> None:
    company = a_synced_shop()
    sales_kept_at(company, "4100")
    assert trial_balance(company)["4000"] == -3_000
    sync = restated(company)
    assert (sync.code, sync.from_day) == (2000, FIRST_DAY)
    assert trial_balance(company) == {"1100": 3_600, "2200": -600, "4100": -3_000}
    entry = AuditEntry.objects.get(code="days.restated")
    assert (entry.actor, entry.detail["records"]) == ("merchant", 2)


def test_only_the_days_asked_for_are_restated() -> None:
    company = a_synced_shop()
    sales_kept_at(company, "4100")
    restated(company, from_day=NEXT_DAY)
    balance = trial_balance(company)
    assert (balance["4000"], balance["4100"]) == (-1_000, -2_000)


def test_restating_what_is_as_it_should_be_posts_nothing() -> None:
    company = a_synced_shop()
    before = Document.objects.count()
    assert restated(company).code == 2040
    assert Document.objects.count() == before
    assert not Standing.objects.filter(state=Standing.State.PENDING).exists()


def test_restated_twice_is_restated_once() -> None:
    company = a_synced_shop()
    sales_kept_at(company, "4100")
    restated(company)
    restated(company)
    assert trial_balance(company)["4100"] == -3_000


def test_what_was_undone_stays_out() -> None:
    company = a_synced_shop()
    Standing.objects.filter(company=company, happened_at__date=FIRST_DAY).update(state=Standing.State.SET_ASIDE)
    sales_kept_at(company, "4100")
    restated(company)
    assert Standing.objects.filter(state=Standing.State.SET_ASIDE).count() == 1


def test_a_closed_day_is_corrected_on_the_first_open_one() -> None:
    company = a_synced_shop()
    lock_period(connection_id=books_of(company).pk, through=NEXT_DAY, author="test", reason="closed")
    sales_kept_at(company, "4100")
    restated(company)
    moved = Document.objects.filter(narration__startswith="adjustment")
    assert {document.date for document in moved} == {date(2026, 3, 4)}


def test_while_a_sync_is_under_way_nothing_is_restated() -> None:
    company = a_synced_shop()
    sales_kept_at(company, "4100")
    services.request_sync(company=company)
    with pytest.raises(services.AlreadyRunning):
        restated(company)
    assert not Standing.objects.filter(state=Standing.State.PENDING).exists()
