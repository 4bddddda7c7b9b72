"""Every page in Chromium: axe finds nothing in light and dark, on a phone and at a desk; nothing runs over the edge,
nothing moves, and nothing is asked of anybody else."""

from __future__ import annotations

from typing import Any, Final

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, resolve
from playwright.sync_api import Page

from commerce_sync.flow.urls import urlpatterns
from tests.flow.cast import CHROMIUM, DESK, PHONE, Seen, a_way_in, address_of, chromium
from tests.flow.rooms import TODAY, House, a_beginner, a_paused_merchant, a_settled_merchant, a_stranger

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
HOUSES: Final = (a_beginner, a_settled_merchant, a_paused_merchant, a_stranger)
RULES: Final = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
SHIFTS: Final = """() => new Promise(done => {
    let moved = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) moved += entry.value; })
        .observe({type: "layout-shift", buffered: true});
    requestAnimationFrame(() => setTimeout(() => done(moved), 50));
})"""
FIRST_PAGE_BYTES: Final = 100_000
# What is no page: pieces of one, forms, styles, pictures, and the ways through other sites.
NO_PAGES: Final = {
    "flow-start", "flow-language", "flow-brand", "flow-picture", "flow-fetching", "flow-fetch-again",
    "flow-sync-progress", "flow-retry", "flow-run-day", "flow-run", "flow-post-day", "flow-finish", "flow-new-account",
    "oauth-keys", "oauth-callback", "integration-picture", "flow-evidence", "flow-document-retry", "flow-redo",
    "flow-change-effect", "flow-change-rebase", "flow-change-drop", "flow-version-use", "flow-download",
    "flow-view-end",
    "flow-organization",  # asks Xero: looked at where it is tested
}  # fmt: skip


@pytest.fixture
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is now, in words."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def walk(seen: Seen, server: str, house: House) -> list[str]:
    """Everything that is wrong on any page of a house."""
    wrong: list[str] = []
    page, host = seen.page, server.partition("//")[2]
    page.on("request", lambda asked: wrong.append(f"asks {asked.url}") if host not in asked.url else None)
    for name, path in house.pages.items():
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.emulate_media(color_scheme="light")
        page.goto(server + path)
        if moved := page.evaluate(SHIFTS):
            wrong.append(f"{name}: the layout moves by {moved}")
        for size in (PHONE, DESK):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            if (width := page.evaluate("document.documentElement.scrollWidth")) > size[0]:
                wrong.append(f"{name}: {width} px wide at {size[0]}")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of them
                wrong += [f"{name}, {size[0]}, {scheme}: {each}" for each in violations(page)]
    return wrong + [each for each in seen.complaints if "status of 404" not in each]


@pytest.mark.usefixtures("_in_march")
@pytest.mark.parametrize("a_house", HOUSES)
def test_nothing_is_wrong_with_any_page(live_server: Any, a_house: Any) -> None:
    house = a_house()
    link = a_way_in(house.company)
    with chromium() as seen:
        seen.page.goto(live_server.url + address_of(link))
        seen.page.wait_for_url("**/flow/")
        assert walk(seen, live_server.url, house) == []


@pytest.mark.usefixtures("_in_march")
def test_the_pages_of_those_who_are_not_in_are_as_good(live_server: Any) -> None:
    company = a_stranger().company
    paths = {"again": "/flow/", "link": f"/link/{company.public_id}", "code": f"/flow/start/{company.public_id}"}
    with chromium() as seen:
        wrong = walk(seen, live_server.url, House(company, paths))
        assert [each for each in wrong if "status of 401" not in each] == []


@pytest.mark.usefixtures("_in_march")
def test_the_first_page_is_light(live_server: Any) -> None:
    link = a_way_in(a_stranger().company)
    with chromium() as (page, _):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.wait_for_load_state("networkidle")
        sizes = page.evaluate(
            """() => Object.fromEntries([...performance.getEntriesByType("navigation"),
                ...performance.getEntriesByType("resource")].map(each => [each.name, each.transferSize]))"""
        )
        assert len(sizes) >= 4
        assert sum(sizes.values()) < FIRST_PAGE_BYTES, sizes


@pytest.mark.usefixtures("_in_march")
def test_every_page_is_walked() -> None:
    named = {each.name for each in urlpatterns if isinstance(each, URLPattern) and each.name}
    walked = {resolve(path).url_name for a_house in HOUSES for path in a_house().pages.values()}
    assert named - NO_PAGES - walked == set()
    assert named >= NO_PAGES
