"""The end of the set-up: a real day looked at, one day posted, and turned on."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from commerce_sync import fetching, work
from commerce_sync.fetch_requests import ensure_fetch
from commerce_sync.models import Fetch, Job, Schedule, SetupDraft, Sync
from commerce_sync.origins import register_origin
from commerce_sync.services import save_schedule
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.services import connect_commerce, link
from ledger.models import Company, Document
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, an_order, sell
from tests.flow.cast import a_linked_merchant, a_new_merchant, a_partner, inside

pytestmark = pytest.mark.django_db
PREVIEW = "/flow/preview"
TODAY = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def chosen(browser: Client, start_on: str = "2026-03-01") -> None:
    """Everything as it is suggested."""
    assert browser.post("/flow/sales", {"seen": "0"}).status_code == 302
    assert browser.post("/flow/fees", {"seen": "1", "keeps_fees": "1"}).status_code == 302
    assert browser.post("/flow/payments", {"seen": "2"}).status_code == 302
    said = {"seen": "3", "start_on": start_on, "frequency": "daily", "hour": "4", "zone": "Europe/London"}
    assert browser.post("/flow/schedule", said)["Location"] == PREVIEW


def a_shop() -> tuple[Client, Company]:
    company = a_linked_merchant()
    sell(company, *(an_order(number) for number in range(3)))
    return inside(company), company


def test_a_real_day_is_shown_as_it_would_be_and_nothing_is_posted() -> None:
    browser, company = a_shop()
    chosen(browser)
    words = words_of(browser.get(PREVIEW))
    assert 'value="2026-03-02"' in words  # the newest whole day with sales
    assert "1100 · Card clearing" in words
    assert "36.00" in words
    assert not Document.objects.exists()
    assert not company.book_versions.exists()


def test_the_preview_opens_when_all_stages_are_done() -> None:
    browser, _ = a_shop()
    assert browser.get(PREVIEW)["Location"] == "/flow/sales"
    assert browser.post("/flow/finish")["Location"] == "/flow/sales"
    assert browser.post("/flow/preview/post", {"day": "2026-03-02"})["Location"] == "/flow/sales"
    assert not Schedule.objects.exists()


def test_one_day_is_posted_looked_at_and_then_it_is_turned_on() -> None:
    browser, company = a_shop()
    chosen(browser)
    answered = browser.post("/flow/preview/post", {"day": "2026-03-02"})
    sync = Sync.objects.get(company=company)
    assert answered["Location"] == f"/flow/preview/posted/{sync.public_id}"
    assert "Waiting for its turn" in words_of(browser.get(answered["Location"]))
    work.drain(5)
    assert "It is there." in words_of(browser.get(answered["Location"]))
    assert not Schedule.objects.filter(company=company, enabled=True).exists()
    assert SetupDraft.objects.get(company=company).is_setup
    assert browser.post("/flow/finish")["Location"] == "/flow/finished"
    assert "The next time is" in words_of(browser.get("/flow/finished"))
    assert Schedule.objects.get(company=company).enabled
    assert not SetupDraft.objects.exists()
    assert company.book_versions.count() == 1


@pytest.mark.parametrize("day", ["2026-02-27", "2026-03-05", "2031-01-01", "never", ""])
def test_a_day_that_cannot_be_posted_is_told_and_nothing_happens(day: str) -> None:
    browser, company = a_shop()
    chosen(browser)
    answered = browser.post("/flow/preview/post", {"day": day})
    assert answered.status_code == 400
    assert "Choose a whole day" in words_of(answered)
    assert not Sync.objects.exists()
    assert not company.book_versions.exists()


def test_a_second_click_does_not_post_the_day_twice() -> None:
    browser, _ = a_shop()
    chosen(browser)
    browser.post("/flow/preview/post", {"day": "2026-03-02"})
    again = browser.post("/flow/preview/post", {"day": "2026-03-02"})
    assert again.status_code == 409
    assert "A sync is under way already." in words_of(again)
    assert Sync.objects.count() == 1


def test_without_sales_it_says_so_and_can_be_turned_on() -> None:
    browser = inside(a_linked_merchant())
    chosen(browser)
    assert "There are no sales yet to show." in words_of(browser.get(PREVIEW))
    assert browser.post("/flow/finish")["Location"] == "/flow/finished"


def test_somebody_elses_settings_are_not_overwritten_and_both_are_shown() -> None:
    browser, company = a_shop()
    chosen(browser)
    save_book(company=company, book=default_book("GBP", DAYS), author="partner", reason="API")
    for answered in (browser.post("/flow/finish"), browser.get(PREVIEW)):
        assert answered["Location"] == "/flow/change"
    assert "Somebody else was faster" in words_of(browser.get("/flow/change"))
    assert company.book_versions.get().author == "partner"
    seen = str(SetupDraft.objects.get(company=company).revision)
    assert browser.post("/flow/change/rebase", {"seen": seen})["Location"] == "/flow/change"
    assert browser.get("/flow/change")["Location"] == "/flow/"
    assert browser.post("/flow/finish")["Location"] == "/flow/finished"
    assert company.book_versions.latest("number").author == "merchant"


def test_the_way_back_is_the_one_that_the_link_was_made_with() -> None:
    partner = a_partner()
    register_origin(partner=partner, text="https://till.example", actor="test")
    browser = inside(a_linked_merchant(partner=partner), back="https://till.example/done")
    chosen(browser)
    browser.post("/flow/finish")
    assert 'href="https://till.example/done"' in words_of(browser.get("/flow/finished"))


def test_another_companys_sync_is_as_unknown_as_none() -> None:
    browser, _ = a_shop()
    other = a_linked_merchant("Anchor Inn")
    save_schedule(company=other, frequency="daily", hour=4, zone="UTC", actor="test")
    theirs = Sync.objects.create(company=other, trigger="request", started_at=TODAY)
    for path in ("preview/posted/{}", "syncs/{}/progress"):
        assert browser.get("/flow/" + path.format(theirs.public_id)).status_code == 404


def test_what_is_linked_is_fetched_once_in_the_background() -> None:
    company = a_linked_merchant()
    browser = inside(company)
    words = words_of(browser.get("/flow/"))
    assert "are being fetched" in words
    browser.get("/flow/accounting-software")
    assert Job.objects.filter(kind="fetch").count() == 1
    work.drain(5)
    row = Fetch.objects.get(company=company)
    assert (row.state, row.options > 50) == ("done", True)
    assert "Fetched:" in words_of(browser.get("/flow/fetching"))
    assert not Sync.objects.exists()
    assert not Job.objects.exists()
    browser.get("/flow/")
    assert not Job.objects.exists()


def test_what_is_linked_while_the_other_side_is_fetched_is_fetched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    company = a_new_merchant()
    connect_commerce(company=company, platform="partner", actor="test")
    inside(company).get("/flow/")
    original = fetching.registry.commerce

    def meanwhile(key: str) -> Any:
        """The merchant links the other side in the very moment in which the first is looked at."""
        if not company.connections.filter(platform="books", status="Linked").exists():
            books = company.connections.get(platform="books")
            link(books, actor="test")
            install_chart(connection_id=books.pk)
            ensure_fetch(company)
        return original(key)

    monkeypatch.setattr(fetching.registry, "commerce", meanwhile)
    work.drain(5)
    row = Fetch.objects.get(company=company)
    assert (row.state, len(row.links), row.options > 50) == ("done", 2, True)


def test_nothing_is_fetched_while_nothing_is_linked() -> None:
    browser = inside(a_new_merchant())
    browser.get("/flow/")
    assert not Fetch.objects.exists()
