"""A partner's words: each is shown at its place, as text, whatever it is; and what shows nothing leaves no hole."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

import pytest
from django.test import Client

from commerce_sync import flow_texts
from commerce_sync.account_keys import REQUIRED
from commerce_sync.branding import set_branding
from commerce_sync.flow_settings import change_texts, choose_visible_keys
from commerce_sync.flow_texts import KEYS, LOCALES, defaults, on_one_line, shows_nothing
from ledger import commerce
from ledger.models import Company
from tests.commerce_sync.cast import sell
from tests.flow.cast import PHONE, a_linked_merchant, a_partner, a_way_in, address_of, chromium, inside

STAGES = ("/flow/sales", "/flow/fees", "/flow/payments", "/flow/schedule")
PAGES = ("/flow/", "/flow/sales-system", "/flow/accounting-software", *STAGES)
RATES = (0, 100_000, 150_000, 200_000)
HOSTILE = {
    "markup": '<script>alert("x")</script><img src=x onerror=alert(1)>&amp;{{ 7|add:7 }}{% now "Y" %}',
    "turned around": "\u202e\u2066abc\u202d def",
    "long": "w" * 2_000,
    "emoji": "\U0001f469\U0001f3fd\u200d\U0001f52c\U0001f3f4\u200d\u2620\ufe0f" * 40,
    "lines": "one\n\n\ttwo\nthree",
    "quotes": "\"'><a href='javascript:alert(1)'>",
}


def a_sale_with_rates() -> commerce.Order:
    """A sale that has each of the rates with a published key."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    lines = tuple(
        commerce.Line("product", "Tea", 100_000, (commerce.Tax(f"t{ppm}", f"Rate {ppm}", ppm // 10, ppm),))
        for ppm in RATES
    )
    total = 4 * 100_000 + sum(RATES) // 10
    paid = commerce.Tender("t1", "card", total, at)
    return commerce.Order("o1", "1", "GBP", at, at, lines, (paid,), total)


def a_shop() -> tuple[Client, Company]:
    """A merchant in the set-up whose sales come as invoices, so that every text has its place."""
    company = a_linked_merchant()
    sell(company, a_sale_with_rates())
    browser = inside(company)
    assert browser.post("/flow/sales", {"seen": "0", "mode": "invoice"}).status_code in (302, 400)
    return browser, company


def shown(browser: Client, path: str, **said: str) -> str:
    return unescape(browser.get(path).content.decode())


def sales_as_invoices(browser: Client) -> str:
    """The stage of sales with its tax rates and the state of its invoices, also while something is missing."""
    return unescape(browser.post("/flow/sales", {"seen": "0", "mode": "invoice", "lines": "x"}).content.decode())


def every_page(browser: Client) -> str:
    return "".join(shown(browser, path) for path in PAGES) + sales_as_invoices(browser)


@pytest.mark.django_db
@pytest.mark.parametrize("locale", LOCALES)
def test_every_published_text_is_shown_at_its_place_in_every_language(locale: str) -> None:
    browser, _ = a_shop()
    marks = {key: f"«{number}»" for number, key in enumerate(KEYS)}
    change_texts(partner=a_partner(), locale=locale, changes=dict(marks), actor="test")
    browser.cookies["flow_language"] = locale
    pages = every_page(browser)
    assert [key for key, mark in marks.items() if mark not in pages] == []


@pytest.mark.django_db
def test_our_own_words_are_shown_while_the_partner_has_set_none() -> None:
    browser, _ = a_shop()
    pages = every_page(browser)
    assert [key for key, text in defaults("en-us").items() if text not in pages] == []


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u200b\u00a0", "\u202e"], ids=repr)
def test_a_text_that_shows_nothing_leaves_no_hole(text: str) -> None:
    browser, _ = a_shop()
    change_texts(partner=a_partner(), locale="en-us", changes=dict.fromkeys(KEYS, text), actor="test")
    for whole in (*(browser.get(path).content.decode() for path in PAGES), sales_as_invoices(browser)):
        page = whole.replace('<button class="unseen" tabindex="-1" aria-hidden="true"></button>', "")
        empty = re.findall(r"<(h[1-6]|p|label|legend|button|a|span|bdi|title)\b[^>]*>\s*</\1>", page)
        assert empty == []
        assert "Setup" not in page
        seen = re.sub(r'<(h\d|label|legend|bdi) class="unseen".*?</\1>', "", page, flags=re.S)
        assert "Choose an account for each" not in page
        assert ">Required<" not in page
        assert re.search(r"<h1[ >]", page)  # for those who listen
        assert not re.search(r"<h1>", seen) or "Rose" in seen
    assert ">Continue<" in browser.get("/flow/fees").content.decode()  # there has to be a way on
    assert ">Back<" not in browser.get("/flow/fees").content.decode()


@pytest.mark.case("S12")
@pytest.mark.django_db
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_written_is_shown_as_text(name: str) -> None:
    browser, _ = a_shop()
    change_texts(partner=a_partner(), locale="en-us", changes=dict.fromkeys(KEYS, HOSTILE[name]), actor="test")
    for path in PAGES:
        page = browser.get(path).content.decode()
        for attack in ("<script>alert", "<img src=x", "<a href='javascript"):
            assert attack not in page
        title = re.search(r"<title>(.*?)</title>", page, re.S)
        assert title is not None
        assert not re.search("[\u202a-\u202e\u2066-\u2069\n\t]", unescape(title[1]))
    page = browser.get("/flow/fees").content.decode()
    assert escape(HOSTILE[name]).replace("&#x27;", "&#39;")[:60] in page.replace("&#x27;", "&#39;")


@pytest.mark.parametrize("text", ["\x00", "a\x07b", "\x1b[31m", "x" * 2_001])
def test_control_characters_and_floods_are_refused_in_words(text: str) -> None:
    assert flow_texts.problem(text)


def test_a_title_is_one_line_that_turns_nothing_around() -> None:
    assert on_one_line("a\u202eb\n c\u200b") == "a b c"
    assert shows_nothing("")
    assert not shows_nothing("\U0001f469")
    assert not shows_nothing("0")


@pytest.mark.django_db
def test_accounts_that_the_partner_hides_are_not_asked_for_and_required_ones_always_are() -> None:
    browser, company = a_shop()
    before = "".join(shown(browser, path) for path in STAGES)
    assert 'name="account:gratuity"' in before
    assert 'name="account:loan"' in before
    choose_visible_keys(partner=a_partner(), platform_key="partner", keys=["payments-accounts-cash"], actor="test")
    choose_visible_keys(partner=a_partner(), platform_key="books", keys=["payments-accounts-cash"], actor="test")
    after = "".join(shown(browser, path) for path in STAGES)
    for name in ("gratuity", "loan", "vipps", "paymentFee"):
        assert f'name="account:{name}"' not in after
    assert 'name="account:cash"' in after
    for key in REQUIRED:
        if "-accounts-" in key:
            assert f'name="account:{key.partition("-accounts-")[2]}"' in after
    # What is hidden cannot be chosen by a form made by hand, either.
    browser.post("/flow/fees", {"seen": "0", "keeps_fees": "1", "account:paymentFee": "1100"})
    assert 'name="account:paymentFee"' not in shown(browser, "/flow/fees")


@pytest.mark.django_db(transaction=True)
def test_nothing_that_a_partner_writes_breaks_a_page_of_390_pixels(live_server: Any) -> None:
    company = a_linked_merchant()
    partner = a_partner()
    set_branding(partner=partner, values={"display_name": "W" * 100}, actor="test")
    dialogs: list[str] = []
    for name, text in HOSTILE.items():
        link = a_way_in(company)
        change_texts(partner=partner, locale="en-us", changes=dict.fromkeys(KEYS, text), actor="test")
        with chromium(size=PHONE) as (page, complaints):
            page.on("dialog", lambda dialog: dialogs.append(dialog.message))
            page.goto(live_server.url + address_of(link))
            page.wait_for_url("**/flow/")
            for path in PAGES:
                page.goto(live_server.url + path)
                wide = page.evaluate(WIDE)
                assert wide == [], (name, path)
            assert complaints == []
    assert dialogs == []


WIDE = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(['page', document.documentElement.scrollWidth]);
  for (const each of document.querySelectorAll('h1, h2, p, label, button, a.button, legend, select, input, .brand')) {
    const box = each.getBoundingClientRect();
    if (['unseen', 'skip'].includes(each.className) || !box.width) continue;
    if (box.right > innerWidth + 1 || box.left < -1)
      found.push([each.outerHTML.slice(0, 80), box.left, box.right]);
  }
  return found;
}"""
