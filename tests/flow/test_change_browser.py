"""A change in a real browser: its effect comes by itself, or by a link without one; no page has a barrier."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from commerce_sync import services, work
from ledger.models import Company
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import CHROMIUM, DESK, PHONE, Scheme, a_way_in, address_of, chromium, inside

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def a_shop_with_a_change() -> Company:
    company = a_merchant()
    sell(company, an_order(1, day=date.today() - timedelta(days=1)))  # noqa: DTZ011  # any day of late does
    services.request_sync(company=company)
    work.drain(5)
    assert inside(company).post("/flow/sales", {"seen": "0", "account:sales": "4100"}).status_code == 302
    return company


def opened(page: Page, base: str, link: Any, path: str) -> None:
    page.goto(base + address_of(link))
    page.wait_for_url("**/flow/")
    page.goto(base + path)


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")])
def test_the_effect_comes_by_itself_and_no_page_has_a_barrier(
    live_server: Any, size: tuple[int, int], scheme: Scheme
) -> None:
    link = a_way_in(a_shop_with_a_change())
    with chromium(size=size, scheme=scheme) as (page, complaints):
        opened(page, live_server.url, link, "/flow/change")
        page.wait_for_selector("#effect tfoot")
        assert "4100 · Shipping income" in page.inner_text("#effect")
        for path in ("/flow/change", "/flow/versions", "/flow/versions/1", "/flow/change/saved"):
            page.goto(live_server.url + path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        assert complaints == []


def test_the_effect_is_a_link_away_without_a_script(live_server: Any) -> None:
    link = a_way_in(a_shop_with_a_change())
    with chromium(script=False) as (page, _complaints):
        page.goto(live_server.url + address_of(link))
        page.click("button")
        page.wait_for_url("**/flow/")
        page.goto(live_server.url + "/flow/change")
        page.click("text=Show it")
        assert "4100 · Shipping income" in page.inner_text("#effect")
