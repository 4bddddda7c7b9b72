"""The way into the merchant's pages in a real browser: under its own policy, with a script and without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, sync_playwright

from commerce_sync.models import SetupLink
from tests.commerce_sync.test_flow_start import a_link, at
from tests.flow.cast import is_failure

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


class Seen(NamedTuple):
    """A phone's page, and all that the browser complained of."""

    page: Page
    complaints: list[str]


def phone(script: bool) -> Iterator[Seen]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 760}, java_script_enabled=script)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda request: complaints.append(request.url) if is_failure(request) else None)
        yield Seen(page, complaints)
        browser.close()


# The rows are made before the browser starts: within it, Django would open a connection that nobody closes.
def test_the_page_posts_itself_and_leaves_no_way_back_to_a_used_code(live_server: Any) -> None:
    link = a_link()
    for page, complaints in phone(script=True):
        page.goto("about:blank")
        page.goto(f"{live_server.url}{at(link)}?code={link.code}")
        page.wait_for_url("**/flow/")
        assert page.inner_text("h1") == "Rose & Crown"
        page.go_back()
        assert page.url == "about:blank"
        assert complaints == []
    assert SetupLink.objects.get().used_at is not None


def test_the_button_does_the_same_without_a_script(live_server: Any) -> None:
    link = a_link()
    for page, complaints in phone(script=False):
        page.goto(f"{live_server.url}{at(link)}?code={link.code}")
        assert page.url.endswith(link.code)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Continue").click()
        assert page.inner_text("h1") == "Rose & Crown"
        assert complaints == []
