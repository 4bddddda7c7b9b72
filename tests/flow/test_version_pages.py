"""The versions of the settings, in words, and using one of them again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from msgspec import structs

from commerce_sync import services, work
from commerce_sync.configuration.merging import rebased
from commerce_sync.models import SetupDraft
from connectors.general_ledger.chart import default_book
from ledger.book import Policy, TaxCode, Tracking
from ledger.calendar import DayRule
from ledger.models import Company
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, a_merchant, an_order, sell
from tests.flow.cast import a_linked_merchant, inside

pytestmark = pytest.mark.django_db
VERSIONS = "/flow/versions"


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=True):
        yield


def words_of(answered: Any) -> str:
    return " ".join(unescape(answered.content.decode()).split())


def saved(company: Company, author: str = "merchant", reason: str = "", **changes: Any) -> None:
    book = company.book_versions.order_by("-number")[0].book
    accounts = {**book.accounts, **changes.pop("accounts", {})}
    save_book(company=company, book=structs.replace(book, accounts=accounts, **changes), author=author, reason=reason)


def a_shop_with_history() -> tuple[Client, Company]:
    """Sales were kept at 4000, then at 4100, with tips at 2130 by somebody of the partner's."""
    company = a_merchant()
    saved(company, accounts={"sales": "4100"}, reason="Our accountant wants it")
    saved(company, author="api:Head office", accounts={"tip": "2130"}, policy=Policy(group_by=("location",)))
    return inside(company), company


def test_each_version_says_who_changed_what_and_why() -> None:
    browser, _ = a_shop_with_history()
    words = words_of(browser.get(VERSIONS))
    latest, second, first = (part.split("</section>")[0] for part in words.split('<section class="card">')[1:])
    assert "Till Systems" in latest
    assert "api:" not in words
    assert "In force" in latest
    assert "2130 · Store credit outstanding" in latest
    assert "A document of its own for each" in latest
    assert "You, on these pages · Our accountant wants it" in second
    assert "4000 · Sales" in second
    assert "In force" not in second
    assert "The first settings." in first


def test_one_version_says_what_using_it_again_would_change() -> None:
    browser, _ = a_shop_with_history()
    words = words_of(browser.get(f"{VERSIONS}/1"))
    again = words.split("What using them again would change")[1]
    assert "4100 · " in again
    assert "2130 · Store credit outstanding" in again
    assert "What using them again" not in words_of(browser.get(f"{VERSIONS}/3"))


def test_a_version_that_is_used_again_becomes_a_draft_and_holds_when_it_is_saved() -> None:
    browser, company = a_shop_with_history()
    for _ in range(2):
        assert browser.post(f"{VERSIONS}/1/use", {"seen": "0"})["Location"] == "/flow/change"
    assert company.book_versions.count() == 3
    assert SetupDraft.objects.get(company=company).revision == 1
    assert browser.post("/flow/change", {"seen": "1"})["Location"] == "/flow/change/saved"
    versions = company.book_versions.order_by("number")
    assert versions[3].book == versions[0].book


def test_the_clock_of_an_earlier_version_is_not_brought_back() -> None:
    browser, company = a_shop_with_history()
    later = (*DAYS, DayRule(date(2026, 3, 4), "Europe/Paris", 0))
    saved(company, days=later)
    browser.post(f"{VERSIONS}/1/use", {"seen": "0"})
    assert SetupDraft.objects.get(company=company).book.days == later


def test_a_change_that_is_under_way_is_only_replaced_when_the_page_said_so() -> None:
    browser, company = a_shop_with_history()
    browser.post("/flow/sales", {"seen": "0", "account:sales": "4200"})
    assert "You have begun another change" in words_of(browser.get(f"{VERSIONS}/1"))
    browser.post(f"{VERSIONS}/1/use", {"seen": "0"})
    assert SetupDraft.objects.get(company=company).book.account("sales", "GBP") == "4200"
    browser.post(f"{VERSIONS}/1/use", {"seen": "1"})
    assert SetupDraft.objects.get(company=company).book.account("sales", "GBP") == "4000"


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999"])
def test_what_does_not_exist_is_a_page_in_words(number: str) -> None:
    browser, _ = a_shop_with_history()
    assert "There is nothing here" in words_of(browser.get(f"{VERSIONS}/{number}"))
    assert browser.post(f"{VERSIONS}/{number}/use", {"seen": "0"}).status_code == 404


def test_another_companys_versions_are_as_unknown_as_none() -> None:
    a_shop_with_history()
    browser = inside(a_merchant("Anchor Inn"))
    assert browser.get(f"{VERSIONS}/3").status_code == 404
    assert "4100" not in words_of(browser.get(VERSIONS))


def test_before_anything_was_saved_there_are_no_versions() -> None:
    browser = inside(a_linked_merchant())
    assert browser.get(VERSIONS)["Location"] == "/flow/"
    assert browser.get(f"{VERSIONS}/1").status_code == 404


def test_many_versions_are_shown_in_pages_of_constant_cost(django_assert_max_num_queries: Any) -> None:
    browser, company = a_shop_with_history()
    for number in range(45):
        saved(company, accounts={"sales": ("4000", "4100")[number % 2]}, reason=f"change {number}")
    with django_assert_max_num_queries(12):
        first = browser.get(VERSIONS)
    assert words_of(first).count('<section class="card">') == 20
    assert "change 44" in words_of(first)
    more = words_of(browser.get(VERSIONS, {"before": words_of(first).split("before=")[1].split('"')[0]}))
    assert "change 24" in more
    assert "change 25" not in more
    assert browser.get(VERSIONS, {"before": "x"}).status_code == 200


def test_days_under_earlier_settings_are_told_with_the_effect() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    services.request_sync(company=company)
    work.drain(5)
    browser = inside(company)
    browser.post("/flow/sales", {"seen": "0", "account:sales": "4100"})
    assert "under earlier settings" not in words_of(browser.get("/flow/change/effect"))
    browser.post("/flow/change", {"seen": "1", "when": "now"})
    browser.post("/flow/sales", {"seen": "0", "account:sales": "4200"})
    assert "under earlier settings" in words_of(browser.get("/flow/change/effect"))


def test_two_changes_of_one_book_become_one() -> None:
    base = default_book("GBP", DAYS)
    base = structs.replace(base, tax_codes=(TaxCode("vat20", "A"), TaxCode("vat5", "B")))
    mine = structs.replace(
        base,
        accounts={
            key: ("4100" if key == "sales" else account) for key, account in base.accounts.items() if key != "tip"
        },
        tax_codes=(TaxCode("vat20", "C"),),
        policy=structs.replace(base.policy, sales_by="sku"),
        mode="invoice",
    )
    theirs = structs.replace(
        base,
        accounts={**base.accounts, "sales": "4200", "shipping": "4000"},
        tax_codes=(*base.tax_codes, TaxCode("vat0", "Z")),
        tracking=(Tracking("Class", "location", {"High Street": "1"}),),
        policy=structs.replace(base.policy, group_by=("channel",)),
        customer="Walk-in",
    )
    both = rebased(base, mine, theirs)
    assert (both.accounts["sales"], both.accounts["shipping"], "tip" in both.accounts) == ("4100", "4000", False)
    assert set(both.tax_codes) == {TaxCode("vat20", "C"), TaxCode("vat0", "Z")}
    assert (both.policy.sales_by, both.policy.group_by) == ("sku", ("channel",))
    assert (both.mode, both.customer, both.tracking) == ("invoice", "Walk-in", theirs.tracking)
    assert rebased(base, base, theirs) == theirs
    assert rebased(base, mine, base) == mine
