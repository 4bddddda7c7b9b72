"""After the set-up: how it stands, what needs the merchant, the history, and doing it again."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from commerce_sync import services, work
from commerce_sync.models import Sync
from ledger import commerce
from ledger.models import Company, Document
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import inside

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def a_synced_shop(*records: commerce.Record) -> tuple[Client, Company]:
    company = a_merchant()
    sell(company, *(records or (an_order(1), an_order(2))))
    services.request_sync(company=company)
    work.drain(5)
    return inside(company), company


def test_the_first_page_says_how_it_stands() -> None:
    browser, _ = a_synced_shop()
    words = words_of(browser.get("/flow/"))
    assert "Nothing needs you" in words
    assert "Asked for" in words
    assert "It is switched off" in words  # nobody has made a schedule


def test_what_needs_the_merchant_is_told_with_the_page_that_mends_it() -> None:
    wrong = an_order(3, stated=99_999)
    browser, _ = a_synced_shop(an_order(1), wrong)
    words = words_of(browser.get("/flow/"))
    assert "The lines add up to £12.00, but your sales system says £999.99." in words
    assert "Nothing needs you" not in words


def test_the_history_can_be_narrowed_and_leads_to_each_sync() -> None:
    browser, company = a_synced_shop()
    sync = Sync.objects.get(company=company)
    assert str(sync.public_id) in words_of(browser.get("/flow/history", {"from": "2026-03-01", "state": "good"}))
    assert str(sync.public_id) not in words_of(browser.get("/flow/history", {"to": "2026-03-04"}))
    assert str(sync.public_id) not in words_of(browser.get("/flow/history", {"state": "bad"}))
    assert browser.get("/flow/history", {"from": "never", "before": "x", "state": "?"}).status_code == 200
    words = words_of(browser.get(f"/flow/history/{sync.public_id}"))
    assert "£24.00" in words
    assert "In your books" in words


def test_a_long_history_is_shown_in_pages_of_constant_cost(django_assert_max_num_queries: Any) -> None:
    browser, company = a_synced_shop()
    Sync.objects.bulk_create(
        Sync(company=company, trigger="schedule", started_at=TODAY, finished_at=TODAY, code=2040, stage="done")
        for _ in range(120)
    )
    with django_assert_max_num_queries(10):
        first = browser.get("/flow/history")
    assert words_of(first).count("/flow/history/") == 50
    more = words_of(first).split("before=")[1].split('"')[0]
    assert words_of(browser.get("/flow/history", {"before": more})).count("/flow/history/") == 50


def test_a_day_can_be_brought_in_again_and_nothing_is_posted_twice() -> None:
    browser, company = a_synced_shop()
    before = Document.objects.count()
    assert "£24.00" in words_of(browser.get("/flow/day/2026-03-02"))
    answered = browser.post("/flow/day/2026-03-02/run")
    assert answered.status_code == 302
    work.drain(5)
    assert Document.objects.count() == before
    again = Sync.objects.filter(company=company).latest("id")
    assert answered["Location"] == f"/flow/history/{again.public_id}"
    assert again.code == 2040


@pytest.mark.parametrize("day", ["2026-03-05", "2030-01-01"])
def test_a_day_that_is_not_over_is_refused_in_words(day: str) -> None:
    browser, _ = a_synced_shop()
    answered = browser.post(f"/flow/day/{day}/run")
    assert answered.status_code == 400
    assert "Only a day that is over" in words_of(answered)


@pytest.mark.parametrize("path", ["day/never", "day/0001-01-01", "history/00000000-0000-0000-0000-000000000000"])
def test_what_does_not_exist_is_a_page_in_words(path: str) -> None:
    browser, _ = a_synced_shop()
    answered = browser.get(f"/flow/{path}")
    assert answered.status_code == 404
    assert "There is nothing here" in words_of(answered)


def test_another_companys_sync_is_as_unknown_as_none() -> None:
    browser, _ = a_synced_shop()
    other = a_merchant("Anchor Inn")
    theirs = Sync.objects.create(company=other, trigger="request", started_at=TODAY)
    assert browser.get(f"/flow/history/{theirs.public_id}").status_code == 404
    assert browser.post(f"/flow/history/{theirs.public_id}/retry").status_code == 404
