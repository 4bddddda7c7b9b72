"""Taking back and pausing in a real browser: live progress by itself, and all of it without a script too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection as database

from commerce_sync import services, work
from commerce_sync.models import Schedule, Undo
from commerce_sync.services import save_schedule
from connectors.general_ledger.chart import default_book
from ledger.models import Company
from tests.commerce_sync.cast import DAYS, a_merchant, allow_truncate, an_order, sell, trial_balance
from tests.flow.cast import CHROMIUM, DESK, PHONE, a_way_in, address_of, chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(autouse=True)
def _emptied() -> None:
    allow_truncate()


def elsewhere(what: Callable[[], Any]) -> None:
    """Beside the browser, as a worker does it: with a database connection of its own, which is closed."""

    def run() -> None:
        what()
        database.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


def a_synced_shop() -> Company:
    company = a_merchant(book=default_book("GBP", DAYS, "invoice"))
    save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="test")
    sell(company, *(an_order(number) for number in range(3)))
    services.request_sync(company=company)
    work.drain(5)
    return company


def flawless(page: Any) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_sync_is_taken_back_before_the_merchants_eyes_and_brought_back(live_server: Any) -> None:
    company = a_synced_shop()
    link, before = a_way_in(company), trial_balance(company)
    with chromium(size=PHONE) as (page, complaints):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.click("table a >> nth=0")
        flawless(page)
        page.click("text=Show what would be taken back")
        flawless(page)
        page.click("button:has-text('Take it back')")
        page.wait_for_url("**/flow/undo/*")
        assert "Waiting for its turn" in page.inner_text("#sync")
        elsewhere(lambda: work.drain(5))
        page.wait_for_selector("button:has-text('Bring it back')", timeout=10_000)  # by itself
        flawless(page)
        page.click("button:has-text('Bring it back')")
        page.wait_for_selector("#sync")
        elsewhere(lambda: work.drain(5))
        page.wait_for_selector("text=Brought back", timeout=10_000)
        assert complaints == []
    assert trial_balance(company) == before
    assert Undo.objects.get().redone_by == "merchant"


def test_without_a_script_it_is_paused_goes_on_and_is_disconnected(live_server: Any) -> None:
    company = a_synced_shop()
    Schedule.objects.update(last_success_through=date(2026, 3, 5))
    link = a_way_in(company)
    with chromium(size=DESK, scheme="dark", script=False) as (page, _):
        page.goto(live_server.url + address_of(link))
        page.click("button")
        page.click("text=Pause, or switch off")
        page.fill("#why", "Winter break")
        page.click("button:has-text('Pause')")
        page.click("a:has-text('Go on')")
        assert "Winter break" in page.inner_text("main")
        page.fill("#start_on", "2026-03-08")
        page.click("button:has-text('Go on')")
        assert "The days from March 6, 2026 to March 7, 2026" in page.inner_text("[role=alert]")
        assert page.input_value("input[type=date]") == "2026-03-08"
        page.click("text=Leave these days out")
        assert "It is paused" not in page.inner_text("main")
        page.click("nav >> text=Connections")
        page.click("a:has-text('Disconnect') >> nth=0")
        page.click("button:has-text('Disconnect')")
        page.wait_for_url("**/flow/accounting-software")
        assert "Disconnected" in page.inner_text("main")
    assert Schedule.objects.get().start_on == date(2026, 3, 8)
