"""A mapping that breaks after the set-up is named, leads to the page that mends it, and is tried again."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
import time_machine

from commerce_sync import services, work
from commerce_sync.models import Sync
from connectors.general_ledger.accounts import archive_account
from connectors.models import Connection
from tests.commerce_sync.cast import an_order, sell
from tests.flow.cast import a_linked_merchant, a_new_merchant, inside
from tests.flow.rooms import TODAY, in_force

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def a_broken_shop() -> tuple[Any, Any, Sync]:
    """The account of card payments was archived in the accounting software before the sales came in."""
    company = a_linked_merchant()
    in_force(company)
    books = Connection.objects.get(company=company, kind="accounting")
    archive_account(connection_id=books.pk, code="1100", actor="test")
    sell(company, an_order(1))
    services.request_sync(company=company)
    work.drain(5)
    return inside(company), company, Sync.objects.get(company=company)


def test_what_broke_is_named_with_the_page_that_mends_it() -> None:
    browser, _, sync = a_broken_shop()
    for path in ("/flow/", f"/flow/history/{sync.public_id}"):
        words = words_of(browser.get(path))
        assert "The account 1100 “Card clearing” is archived" in words, path
        assert 'href="/flow/payments"' in words.split("Card clearing” is archived")[1], path
    assert "Nothing needs you" not in words_of(browser.get("/flow/"))


def test_the_stage_marks_what_broke_before_anything_is_sent() -> None:
    browser, _, _ = a_broken_shop()
    words = words_of(browser.get("/flow/payments"))
    card = words.split('id="account:card"')[1].split("</div>")[0]
    assert 'aria-invalid="true"' in card
    assert "Choose another" in card
    assert "Nothing was saved" not in words
    assert browser.get("/flow/sales").content.count(b"aria-invalid") == 0


def test_it_is_mended_saved_and_tried_again() -> None:
    browser, company, sync = a_broken_shop()
    said = {"seen": "0", "account:card": "1140", "account:onlineCard": "1140"}
    assert browser.post("/flow/payments", said)["Location"] == "/flow/change"
    browser.post("/flow/change", {"seen": "1", "when": "now"})
    assert company.book_versions.count() == 2
    words = words_of(browser.get("/flow/"))
    assert "archived" not in words
    assert "The last time was not completed" in words
    assert "Try again now" in words_of(browser.get(f"/flow/history/{sync.public_id}"))
    answered = browser.post("/flow/run")
    again = browser.post("/flow/run")  # a second click is the same sync
    assert answered["Location"] == again["Location"]
    work.drain(5)
    assert Sync.objects.filter(company=company).latest("id").code == 2000
    assert "Nothing needs you" in words_of(browser.get("/flow/"))


def test_nothing_is_brought_in_before_there_are_choices_and_links() -> None:
    assert inside(a_new_merchant()).post("/flow/run")["Location"] == "/flow/"
    company = a_linked_merchant("Anchor Inn")
    assert inside(company).post("/flow/run")["Location"] == "/flow/"
    assert not Sync.objects.exists()
