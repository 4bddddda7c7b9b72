"""An account that is archived between two stages: told before anything is turned on, with the way to mend it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from commerce_sync.models import Sync
from connectors.general_ledger.accounts import archive_account, restore_account
from connectors.models import Connection
from ledger.models import Company
from tests.commerce_sync.cast import an_order, sell
from tests.flow.cast import a_linked_merchant, inside
from tests.flow.rooms import TODAY, choose_all

pytestmark = pytest.mark.django_db
SENTENCE = "The account 1100 “Card clearing” is archived"


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def a_shop_whose_account_went() -> tuple[Client, Company, int]:
    """All is chosen; then the account of card payments is archived."""
    company = a_linked_merchant()
    sell(company, an_order(1))
    choose_all(company)
    books = Connection.objects.get(company=company, kind="accounting")
    archive_account(connection_id=books.pk, code="1100", actor="test")
    return inside(company), company, books.pk


def test_the_preview_says_so_and_leads_to_the_stage() -> None:
    browser, _, _ = a_shop_whose_account_went()
    words = words_of(browser.get("/flow/preview"))
    assert SENTENCE in words
    assert 'href="/flow/payments"' in words.split(SENTENCE)[1].split("</li>")[0]


@pytest.mark.parametrize("path", ["/flow/finish", "/flow/preview/post"])
def test_nothing_is_turned_on_or_posted(path: str) -> None:
    browser, company, _ = a_shop_whose_account_went()
    answered = browser.post(path, {"day": "2026-03-02"})
    assert answered.status_code == 409
    assert SENTENCE in words_of(answered)
    assert not company.book_versions.exists()
    assert not Sync.objects.exists()


def test_the_stage_marks_the_field_and_the_set_up_goes_on_once_it_is_mended() -> None:
    browser, company, _ = a_shop_whose_account_went()
    card = words_of(browser.get("/flow/payments")).split('id="account:card"')[1].split("</div>")[0]
    assert 'aria-invalid="true"' in card
    assert browser.post("/flow/payments", {"seen": "4"}).status_code == 400  # as it stands
    said = {"seen": "4", "account:card": "1140", "account:onlineCard": "1140"}
    assert browser.post("/flow/payments", said).status_code == 302
    assert SENTENCE not in words_of(browser.get("/flow/preview"))
    assert browser.post("/flow/finish")["Location"] == "/flow/finished"
    assert company.book_versions.get().book.account("tender:card", "GBP") == "1140"


def test_an_account_that_comes_back_is_no_problem_any_more() -> None:
    browser, _, books = a_shop_whose_account_went()
    restore_account(connection_id=books, code="1100", actor="test")
    assert SENTENCE not in words_of(browser.get("/flow/preview"))
    assert browser.post("/flow/finish")["Location"] == "/flow/finished"
