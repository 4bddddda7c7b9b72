"""The charts and the downloads in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from commerce_sync import services, work
from ledger.models import Company
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import DESK, PHONE, Scheme, a_way_in, address_of, chromium

pytestmark = pytest.mark.django_db(transaction=True)


def a_shop_with_sales() -> Company:
    """Three days of which one is in the books, one waits, and one has a problem; a payment of long ago waits too."""
    company, today = a_merchant(), datetime.now(UTC).date()
    sell(company, an_order(1, day=today - timedelta(days=5)), an_order(2, day=today - timedelta(days=60)))
    services.request_sync(company=company)
    work.drain(5)
    sell(
        company,
        an_order(3, day=today - timedelta(days=4), amount=800),
        an_order(4, day=today - timedelta(days=3), stated=9_900),
    )
    services.request_sync(
        company=company, from_day=today - timedelta(days=3), through=today - timedelta(days=3), trigger="historic"
    )
    work.drain(5)
    return company


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_charts_are_drawn_and_read_out_and_fit(live_server: Any, size: tuple[int, int], scheme: Scheme) -> None:
    link = a_way_in(a_shop_with_sales())
    with chromium(size=size, scheme=scheme) as (page, complaints):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.get_by_role("link", name="Charts").click()
        chart = page.get_by_role("img", name="Sales per day, in GBP")
        assert chart.is_visible()
        drawn = chart.locator("path.posted").evaluate("path => path.getBoundingClientRect().height")
        assert drawn > 10
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_text("Show the figures as a table").click()
        page.get_by_text("Show the balances as a table").click()
        assert page.get_by_role("table", name="Sales per day, in GBP").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(page).generate_report().startswith("Found 0")
        page.get_by_role("link", name="A year").click()
        assert page.get_by_role("img", name="Sales per week, in GBP").is_visible()
        assert [each for each in complaints if not each.endswith("icon.svg")] == []  # given up when we go on quickly


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")])
def test_a_file_is_downloaded_and_then_another(live_server: Any, size: tuple[int, int], scheme: Scheme) -> None:
    link = a_way_in(a_shop_with_sales())
    with chromium(size=size, scheme=scheme) as (page, complaints):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.get_by_role("link", name="Downloads").click()
        assert Axe().run(page).generate_report().startswith("Found 0")
        names = []
        for what in ("Documents", "Debits and credits"):
            page.get_by_role("radio", name=what).check()
            with page.expect_download() as awaited:
                page.get_by_role("button", name="Download").click()
            names.append(awaited.value.suggested_filename.partition("-")[0])
        assert names == ["documents", "lines"]
        page.get_by_label("From").fill("2020-01-01")
        page.get_by_role("button", name="Download").click()
        page.get_by_role("alert").get_by_text("A file holds a year at most.").wait_for()
        assert page.get_by_label("From").input_value() == "2020-01-01"
        assert Axe().run(page).generate_report().startswith("Found 0")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not [each for each in complaints if "Content Security Policy" in each]  # a download ends its request
