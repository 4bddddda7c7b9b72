"""The set-up from the link to the end by keyboard alone, and without a script: in Chromium, on a phone."""

from __future__ import annotations

from typing import Any, Final

import pytest
import time_machine
from playwright.sync_api import Page, expect

from commerce_sync.models import Schedule
from ledger.models import Company
from tests.commerce_sync.cast import an_order, sell
from tests.flow.cast import CHROMIUM, a_linked_merchant, a_way_in, address_of, chromium
from tests.flow.rooms import TODAY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FOCUS: Final = """wanted => {
    const at = document.activeElement, box = at.getBoundingClientRect(), look = getComputedStyle(at);
    const isPart = at.matches("[type=date]") && !at.matches(":focus-visible");  // the browser's own button inside
    return {
        found: at.matches(wanted),
        what: at.outerHTML.slice(0, 120),
        isMain: Boolean(at.closest("main")),
        top: box.top + scrollY,
        isSeen: isPart || (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2 && box.width > 1),
        isInView: box.bottom > 0 && box.top < innerHeight,
    };
}"""
MOST_TABS: Final = 120


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def a_shop() -> Company:
    company = a_linked_merchant()
    sell(company, *(an_order(number) for number in range(3)))
    return company


def reach(page: Page, wanted: str) -> None:
    """Tab until ``wanted`` has the focus: it can be seen all the way, and goes down the page."""
    top = 0.0
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS, wanted)
        assert at["isSeen"], f"no focus to be seen: {at['what']}"
        assert at["isInView"], f"the focus is out of view: {at['what']}"
        if at["isMain"]:
            assert at["top"] >= top - 60, f"the focus jumps back: {at['what']}"  # two fields of one line
            top = at["top"]
        if at["found"]:
            return
    raise AssertionError(f"the keyboard does not reach {wanted} at {page.url}")


def enter(page: Page, wanted: str, leads_to: str) -> None:
    reach(page, wanted)
    page.keyboard.press("Enter")
    page.wait_for_url(leads_to)


def test_the_keyboard_alone_is_enough(live_server: Any) -> None:
    company = a_shop()
    link = a_way_in(company)
    onward = "main .buttons button:not([formaction])"
    with chromium() as (page, complaints):
        page.emulate_media(reduced_motion="reduce")  # where the focus is does not depend on an animation
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        enter(page, "main .buttons a.button", "**/flow/sales")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS, ".skip")["found"]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        reach(page, "input[name=mode]")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_label("One invoice a day")).to_be_checked()
        page.keyboard.press("ArrowUp")
        expect(page.get_by_label("One journal a day")).to_be_checked()
        enter(page, onward, "**/flow/fees")
        reach(page, "#keeps_fees")
        page.keyboard.press("Space")
        expect(page.locator("#keeps_fees")).not_to_be_checked()
        page.keyboard.press("Space")
        enter(page, onward, "**/flow/payments")
        reach(page, "summary")
        page.keyboard.press("Enter")
        expect(page.locator("details.more")).to_have_attribute("open", "")
        enter(page, onward, "**/flow/schedule")
        reach(page, "#start_on")
        page.keyboard.type("03012026")
        reach(page, "input[name=frequency]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        enter(page, onward, "**/flow/preview")
        enter(page, "form[action='/flow/finish'] button", "**/flow/finished")
        expect(page.locator("h1")).to_have_text("It is on")
        assert complaints == []
    schedule = Schedule.objects.get(company=company)
    assert schedule.enabled
    assert str(company.book_versions.get().book.start_on) == "2026-03-01"


def test_what_a_form_refuses_has_the_focus_and_the_way_to_the_field(live_server: Any) -> None:
    link = a_way_in(a_shop())
    with chromium() as (page, _):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.goto(live_server.url + "/flow/schedule")
        page.locator("#zone").fill("Mars/Olympus")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#zone")).to_be_in_viewport()
        expect(page.locator("#zone")).to_have_value("Mars/Olympus")
        expect(page.locator("#zone")).to_have_attribute("aria-invalid", "true")


def test_without_a_script_all_of_it_works(live_server: Any) -> None:
    company = a_shop()
    link = a_way_in(company)
    with chromium(script=False) as (page, complaints):
        page.goto(live_server.url + address_of(link))
        page.get_by_role("button", name="Continue").click()
        main = page.locator("main")
        main.locator("a.button").click()
        for stage in ("sales", "fees", "payments"):
            expect(page).to_have_url(f"{live_server.url}/flow/{stage}")
            main.get_by_role("button", name="Continue").click()
        page.get_by_label("First day").fill("2026-03-01")
        main.get_by_role("button", name="Continue").click()
        expect(page.locator("h1")).to_have_text("Look before you post")
        expect(page.get_by_role("table").first).to_contain_text("Card clearing")
        page.get_by_role("button", name="Turn it on").click()
        expect(page.locator("h1")).to_have_text("It is on")
        assert complaints == []
    assert Schedule.objects.get(company=company).enabled


def test_a_form_goes_once_however_often_its_button_is_pressed_and_again_after_the_back_button(live_server: Any) -> None:
    link = a_way_in(a_shop())
    with chromium() as (page, complaints):
        sent: list[str] = []
        page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        page.goto(live_server.url + "/flow/sales")
        sent.clear()
        page.locator("main .buttons button").dblclick()
        page.wait_for_url("**/flow/fees")
        assert len(sent) == 1
        page.go_back()
        page.wait_for_url("**/flow/sales")
        page.locator("main .buttons button").click()
        page.wait_for_url("**/flow/fees")
        assert complaints == []
