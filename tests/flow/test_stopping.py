"""Pausing, switching off and going on: what is stopped stays stopped, and no day is met twice or never by surprise."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from commerce_sync import services, work
from commerce_sync.models import Job, Schedule, Sync
from commerce_sync.services import save_schedule
from connectors.general_ledger.periods import lock_period
from connectors.models import Connection
from ledger.models import AuditEntry, Company, Document
from tests.api.cast import an_order as a_pushed_order
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import inside

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 12, 12, tzinfo=UTC)
PAUSE, RESUME = "/flow/pause", "/flow/resume"


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def a_shop(frequency: str = "daily", through: date | None = date(2026, 3, 5)) -> tuple[Client, Company]:
    """A shop that runs by itself, and whose books are right through the fifth."""
    company = a_merchant()
    save_schedule(company=company, frequency=frequency, hour=4, zone="Europe/London", actor="test")
    Schedule.objects.update(last_success_through=through)
    return inside(company), company


def schedule_of(company: Company) -> Schedule:
    return Schedule.objects.get(company=company)


def told(company: Company, code: str) -> int:
    return AuditEntry.objects.filter(company=company, code=code, actor="merchant").count()


def test_a_pause_says_why_and_a_second_click_changes_nothing() -> None:
    browser, company = a_shop()
    assert "Switch off" in words_of(browser.get(PAUSE))
    for why in (" Winter \n break ", "Something else"):
        assert browser.post(PAUSE, {"what": "pause", "why": why})["Location"] == "/flow/"
    assert schedule_of(company).pause_reason == "Winter break"
    assert told(company, "sync.paused") == 1
    assert "It is paused" in words_of(browser.get("/flow/"))
    assert browser.get(PAUSE)["Location"] == RESUME
    assert "Winter break" in words_of(browser.get(RESUME))


def test_no_reason_is_asked_for_and_a_long_or_hostile_one_is_cut_and_shown_as_text() -> None:
    browser, company = a_shop()
    browser.post(PAUSE)
    assert "You paused it." in words_of(browser.get(RESUME))
    Schedule.objects.update(paused_at=None, pause_reason="")
    browser.post(PAUSE, {"why": "<b>\0" + "x" * 400})
    assert len(schedule_of(company).pause_reason) == 300
    assert b"<b>" not in browser.get(RESUME).content


def test_a_paused_shop_is_not_rung_for_by_its_sales_and_catches_up_when_it_goes_on() -> None:
    browser, company = a_shop("event", through=None)
    browser.post(PAUSE)
    shop = Connection.objects.get(company=company, kind="commerce")
    body = json.dumps([a_pushed_order(1, day=date(2026, 3, 11))]).encode()
    assert [each.status for each in services.receive_sales(connection=shop, dataset="orders", body=body)] == ["new"]
    assert not Job.objects.exists()
    assert browser.post(RESUME, {"start_on": "2026-03-10"}).status_code == 302
    work.drain(5)
    assert Document.objects.filter(company=company).exists()


def test_what_is_switched_off_can_be_switched_on_again() -> None:
    browser, company = a_shop()
    for _ in range(2):
        assert browser.post(PAUSE, {"what": "off"})["Location"] == "/flow/"
    assert not schedule_of(company).enabled
    assert told(company, "schedule.changed") == 1
    assert "Switch on again" in words_of(browser.get(RESUME))
    assert browser.post(RESUME, {"start_on": "2026-03-06"})["Location"] == "/flow/"
    row = schedule_of(company)
    assert (row.enabled, row.paused_at, row.next_due_at is not None) == (True, None, True)


def test_going_on_from_the_next_day_asks_nothing_and_twice_is_once() -> None:
    browser, company = a_shop()
    browser.post(PAUSE)
    assert 'value="2026-03-06"' in words_of(browser.get(RESUME))
    for _ in range(2):
        assert browser.post(RESUME, {"start_on": "2026-03-06"})["Location"] == "/flow/"
    assert schedule_of(company).paused_at is None
    assert told(company, "sync.resumed") == 1
    assert company.book_versions.count() == 1
    assert browser.get(RESUME)["Location"] == "/flow/"


def test_days_that_would_be_left_out_are_named_and_left_out_only_when_that_is_wanted() -> None:
    browser, company = a_shop()
    sell(company, an_order(1, day=date(2026, 3, 7)), an_order(2, day=date(2026, 3, 10)))
    browser.post(PAUSE)
    asked = browser.post(RESUME, {"start_on": "2026-03-09"})
    assert asked.status_code == 409
    assert "The days from March 6, 2026 to March 8, 2026 would never come into your books." in words_of(asked)
    assert schedule_of(company).paused_at is not None
    token = words_of(asked).split('name="accepted" value="')[1].split('"')[0]
    assert browser.post(RESUME, {"start_on": "2026-03-10", "accepted": token}).status_code == 409  # other days
    assert browser.post(RESUME, {"start_on": "2026-03-09", "accepted": token}).status_code == 302
    services.request_sync(company=company)
    work.drain(5)
    assert [each.date for each in Document.objects.filter(company=company)] == [date(2026, 3, 10)]


def test_days_that_are_there_already_are_named_and_nothing_is_posted_twice() -> None:
    browser, company = a_shop(through=None)
    sell(company, an_order(1))
    services.request_sync(company=company)
    work.drain(5)
    browser.post(PAUSE)
    asked = browser.post(RESUME, {"start_on": "2026-03-02"})
    assert asked.status_code == 409
    assert "The days from March 2, 2026 to March 11, 2026 are in your books already." in words_of(asked)
    token = words_of(asked).split('name="accepted" value="')[1].split('"')[0]
    assert browser.post(RESUME, {"start_on": "2026-03-02", "accepted": token}).status_code == 302
    before = Document.objects.count()
    services.request_sync(company=company)
    work.drain(5)
    assert Document.objects.count() == before
    assert company.book_versions.count() == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("", "Choose the day from which it goes on."),
        ("soon", "“soon” is no date."),
        ("0001-01-01", "“0001-01-01” is no date."),
        ("2199-01-01", "Choose a day within the next year."),
    ],
)
def test_a_day_that_cannot_be_is_told_and_stays_in_the_field(said: str, sentence: str) -> None:
    browser, company = a_shop()
    browser.post(PAUSE)
    answered = browser.post(RESUME, {"start_on": said, "accepted": "gap:x:y"})
    assert answered.status_code == 400
    assert sentence in words_of(answered)
    assert f'value="{said}"' in words_of(answered)
    assert schedule_of(company).paused_at is not None


def test_a_closed_period_is_told_before_it_goes_on() -> None:
    browser, company = a_shop()
    link = Connection.objects.get(company=company, kind="accounting")
    lock_period(connection_id=link.pk, through=date(2026, 3, 8), author="test", reason="closed")
    browser.post(PAUSE)
    assert "Your books are closed through March 8, 2026" in words_of(browser.get(RESUME))


def test_a_stop_after_31_failing_days_is_told_as_what_it_is() -> None:
    browser, _ = a_shop()
    Schedule.objects.update(paused_at=TODAY, pause_reason="31 failing days", failing_days=31)
    assert "It stopped by itself" in words_of(browser.get(RESUME))


def test_there_is_nothing_to_pause_before_the_set_up_is_done() -> None:
    company = a_merchant()
    browser = inside(company)
    for path in (PAUSE, RESUME):
        assert browser.get(path)["Location"] == "/flow/"
        assert browser.post(path, {"start_on": "2026-03-09"})["Location"] == "/flow/"
    assert not Sync.objects.exists()


def test_without_a_session_nothing_is_stopped() -> None:
    a_shop()
    assert Client().post(PAUSE).status_code == 401
    assert Schedule.objects.get().paused_at is None
