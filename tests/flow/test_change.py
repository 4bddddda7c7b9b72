"""A change of what is in force: seen with its effect, saved from now on or for past days, thrown away, overtaken."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from msgspec import structs

from commerce_sync import services, work
from commerce_sync.models import Schedule, SetupDraft, Sync
from commerce_sync.restating import restate
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.periods import lock_period
from connectors.models import Connection
from ledger.book import TaxCode, encode_book
from ledger.models import Company, Document
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, books_of, sell, trial_balance
from tests.flow.cast import inside

pytestmark = pytest.mark.django_db
CHANGE = "/flow/change"


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=True):
        yield


def words_of(answered: Any) -> str:
    return " ".join(unescape(answered.content.decode()).split())


def a_shop() -> tuple[Client, Company]:
    """£12 and £24 of sales in the books, one after the other."""
    company = a_merchant()
    sell(company, an_order(1), an_order(2, day=date(2026, 3, 3), amount=2_400))
    services.request_sync(company=company)
    work.drain(5)
    return inside(company), company


def with_sales_at(browser: Client, account: str = "4100", seen: str = "0") -> str:
    """The account of sales changed on its page; where that leads."""
    answered = browser.post("/flow/sales", {"seen": seen, "account:sales": account})
    assert answered.status_code == 302, words_of(answered)
    return str(answered["Location"])


def somebody_else(company: Company, **changes: Any) -> None:
    book = company.book_versions.order_by("-number")[0].book
    accounts = {**book.accounts, **changes.pop("accounts", {})}
    save_book(
        company=company, book=structs.replace(book, accounts=accounts, **changes), author="api:Head office",
        reason="New chart",
    )  # fmt: skip


def test_a_change_is_told_in_names_of_accounts_before_anything_holds() -> None:
    browser, company = a_shop()
    assert with_sales_at(browser) == CHANGE
    words = words_of(browser.get(CHANGE))
    assert "4000 · Sales" in words
    assert "4100 · " in words
    assert "From now on" in words
    assert company.book_versions.count() == 1


def test_the_effect_is_shown_per_account_over_the_months_that_it_touches() -> None:
    browser, _ = a_shop()
    with_sales_at(browser)
    words = words_of(browser.get(CHANGE + "/effect"))
    assert "Feb. 1, 2026 – March 4, 2026" in words
    row = words.split("4000 · Sales")[1].split("</tr>")[0]
    assert '30.00 <span class="note">credit</span>' in row
    assert '<td class="figure">30.00</td><td class="figure"></td>' in row  # leaves it on the debit side
    assert "1100 · Card clearing" not in words
    assert "2 other accounts stay as they are." in words


def test_the_days_of_the_effect_can_be_chosen_and_are_on_the_page_without_a_script() -> None:
    browser, _ = a_shop()
    with_sales_at(browser)
    words = words_of(browser.get(CHANGE, {"from": "2026-03-03", "to": "2026-03-03"}))
    assert "20.00" in words
    assert "30.00" not in words
    assert "no sales in these days" in words_of(browser.get(CHANGE, {"from": "2026-01-01", "to": "2026-01-31"}))
    assert browser.get(CHANGE, {"from": "never", "to": "9999-12-31"}).status_code == 200


def test_from_now_on_leaves_the_books_as_they_are() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    answered = browser.post(CHANGE, {"seen": "1", "when": "now", "why": "New accountant"})
    assert answered["Location"] == CHANGE + "/saved"
    assert "What is in your books stays as it is" in words_of(browser.get(answered["Location"]))
    sell(company, an_order(3, day=date(2026, 3, 4)))
    services.request_sync(company=company)
    work.drain(5)
    assert trial_balance(company) == {"1100": 4_800, "2200": -800, "4000": -3_000, "4100": -1_000}
    version = company.book_versions.latest("number")
    assert (version.author, version.reason) == ("merchant", "New accountant")
    assert not SetupDraft.objects.exists()


def test_past_days_follow_when_the_merchant_wants_it() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    answered = browser.post(CHANGE, {"seen": "1", "when": "restate", "restate_from": "2026-03-03"})
    sync = Sync.objects.filter(company=company).latest("id")
    assert answered["Location"] == f"/flow/history/{sync.public_id}"
    work.drain(5)
    assert trial_balance(company) == {"1100": 3_600, "2200": -600, "4000": -1_000, "4100": -2_000}


def test_a_change_that_is_saved_twice_is_saved_once() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    for _ in range(2):
        answered = browser.post(CHANGE, {"seen": "1", "when": "restate", "restate_from": "2026-03-02"})
    assert answered["Location"] == "/flow/"
    assert company.book_versions.count() == 2
    assert Sync.objects.count() == 2


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("", "“” is no date."),
        ("1.3.2026", "“1.3.2026” is no date."),
        ("2026-03-05", "Choose a day that is over: the last one is March 4, 2026."),
        ("2019-01-01", "Choose a day from March 2, 2023 on."),
        ("0001-01-01", "Choose a day from"),
    ],
)
def test_a_first_day_that_cannot_be_is_told_and_nothing_is_saved(day: str, sentence: str) -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    answered = browser.post(CHANGE, {"seen": "1", "when": "restate", "restate_from": day, "why": "I <b>want</b> it"})
    assert answered.status_code == 400
    words = words_of(answered)
    assert sentence in words
    assert 'value="I <b>want</b> it"' in words
    assert company.book_versions.count() == 1


def test_while_a_sync_is_under_way_past_days_are_not_touched_and_nothing_is_saved() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    services.request_sync(company=company)
    answered = browser.post(CHANGE, {"seen": "1", "when": "restate", "restate_from": "2026-03-02"})
    assert answered.status_code == 409
    assert "A sync is under way already." in words_of(answered)
    assert company.book_versions.count() == 1
    assert SetupDraft.objects.exists()


def test_a_closed_period_is_told_and_corrected_on_the_first_open_day() -> None:
    browser, company = a_shop()
    lock_period(connection_id=books_of(company).pk, through=FIRST_DAY, author="test", reason="closed")
    with_sales_at(browser)
    assert "Your books are closed through March 2, 2026." in words_of(browser.get(CHANGE))
    browser.post(CHANGE, {"seen": "1", "when": "restate", "restate_from": "2026-03-02"})
    work.drain(5)
    corrections = Document.objects.filter(narration__startswith="adjustment")
    assert {each.date for each in corrections} == {date(2026, 3, 3)}


def test_a_change_can_be_thrown_away_and_that_twice_is_harmless() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    for _ in range(2):
        assert browser.post(CHANGE + "/drop", {"seen": "1"})["Location"] == "/flow/"
    assert not SetupDraft.objects.exists()
    assert company.book_versions.count() == 1
    assert "You have begun no change." in words_of(browser.get(CHANGE))


def test_what_another_window_changed_meanwhile_is_neither_saved_nor_thrown_away() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    with_sales_at(browser, "4010", seen="1")
    answered = browser.post(CHANGE, {"seen": "1", "when": "now"})
    assert answered.status_code == 409
    assert "changed in another window" in words_of(answered)
    assert browser.post(CHANGE + "/drop", {"seen": "1"})["Location"] == CHANGE
    assert SetupDraft.objects.get(company=company).revision == 2


def test_of_two_changes_both_are_shown_and_mine_can_come_on_top() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    somebody_else(company, accounts={"tip": "2130"}, start_on=date(2026, 3, 1))
    answered = browser.post(CHANGE, {"seen": "1", "when": "now"})
    assert answered.status_code == 409
    words = words_of(browser.get(CHANGE))
    assert "Somebody else was faster" in words
    assert "Till Systems" in words
    assert "New chart" in words
    assert "2130 · Store credit outstanding" in words
    assert browser.post(CHANGE + "/rebase", {"seen": "1"})["Location"] == CHANGE
    assert browser.post(CHANGE + "/rebase", {"seen": "1"})["Location"] == CHANGE
    assert browser.post(CHANGE, {"seen": "2", "when": "now"})["Location"] == CHANGE + "/saved"
    book = company.book_versions.latest("number").book
    assert (book.account("sales", "GBP"), book.account("tip", "GBP")) == ("4100", "2130")
    assert book.start_on == date(2026, 3, 1)


def test_of_two_changes_the_other_can_be_taken() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    somebody_else(company, accounts={"sales": "4010"})
    assert browser.post(CHANGE + "/drop", {"seen": "1"})["Location"] == "/flow/"
    assert company.book_versions.latest("number").book.account("sales", "GBP") == "4010"


def test_an_account_that_is_gone_since_is_told_with_the_page_that_mends_it() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    draft = SetupDraft.objects.get(company=company)
    draft.body = bytes(draft.body).replace(b'"4100"', b'"4199"')
    draft.save()
    words = words_of(browser.get(CHANGE))
    assert "The account 4199 does not exist" in words
    answered = browser.post(CHANGE, {"seen": "1", "when": "now"})
    assert answered.status_code == 409
    assert 'href="/flow/sales"' in words_of(answered)
    assert company.book_versions.count() == 1


def test_a_change_of_the_rhythm_alone_touches_no_day() -> None:
    browser, company = a_shop()
    services.save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="test")
    said = {"seen": "0", "start_on": "2026-03-01", "frequency": "hourly", "hour": "4", "zone": "Europe/London"}
    somebody_else(company, start_on=date(2026, 3, 1))
    assert browser.post("/flow/schedule", said)["Location"] == CHANGE
    words = words_of(browser.get(CHANGE))
    assert "Every hour" in words
    assert "What it does to past days" not in words
    browser.post(CHANGE, {"seen": "1"})
    assert Schedule.objects.get(company=company).frequency == "hourly"


def test_a_change_of_the_form_says_from_which_day_it_holds_and_what_it_leaves() -> None:
    browser, company = a_shop()
    assert browser.post("/flow/sales", {"seen": "0", "mode": "invoice"})["Location"] == CHANGE
    assert "From the next sync on your sales come as: One invoice a day." in words_of(browser.get(CHANGE))
    services.save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="test")
    Schedule.objects.filter(company=company).update(last_success_through=date(2026, 3, 4))
    words = words_of(browser.get(CHANGE, {"from": "2026-03-01", "to": "2026-03-04"}))
    assert "From March 5, 2026 on your sales come as: One invoice a day." in words
    assert "Days that are in your books keep their form." in words
    assert "Nothing moves on your accounts in these days." in words
    assert words.split("Sales invoice")[1].split("</tr>")[0].count(">2<") == 1


def test_a_tax_rate_may_change_from_a_day_on_and_only_days_from_then_on_are_corrected() -> None:
    book = structs.replace(default_book("GBP", DAYS), mode="invoice", tax_codes=(TaxCode("vat20", "OLD"),))
    company = a_merchant(book=book)
    sell(company, an_order(1), an_order(2, day=date(2026, 3, 3), amount=2_400))
    services.request_sync(company=company)
    work.drain(5)
    browser = inside(company)
    later = structs.replace(book, tax_codes=(*book.tax_codes, TaxCode("vat20", "NEW", date(2026, 3, 3))))
    SetupDraft.objects.create(
        company=company, base_version=1, body=encode_book(later), plan={"zone": "Europe/London"}, is_setup=False,
        stages=["sales", "fees", "payments", "schedule"], updated_at=datetime.now(UTC),
    )  # fmt: skip
    words = words_of(browser.get(CHANGE, {"from": "2026-03-01", "to": "2026-03-04"}))
    assert "from March 3, 2026" in words
    told = words.split("What is told at each tax rate")[1].split("</table>")[0]
    assert "£30.00" in told.split("OLD")[1]
    assert "£20.00" in told.split("NEW")[1]
    assert "Nothing moves" not in words
    before = Document.objects.count()
    book_in_force = save_book(company=company, book=later, author="test", reason="by hand")
    restate(
        company=company, calendar=book_in_force.book.calendar, from_day=date(2026, 3, 2), through=date(2026, 3, 4),
        actor="test",
    )  # fmt: skip
    work.drain(5)
    corrections = Document.objects.order_by("id")[before:]
    assert [(each.date, each.total) for each in corrections] == [(date(2026, 3, 3), 2_400)]


def test_without_a_link_to_the_books_there_is_nothing_to_change() -> None:
    browser, company = a_shop()
    Connection.objects.filter(company=company, kind="accounting").update(status="Unlinked")
    for path in (CHANGE, CHANGE + "/effect"):
        assert browser.get(path)["Location"] == "/flow/"
    for path in (CHANGE, CHANGE + "/drop", CHANGE + "/rebase"):
        assert browser.post(path)["Location"] == "/flow/"


def test_a_large_change_costs_no_more_queries_than_a_small_one(django_assert_max_num_queries: Any) -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    draft = SetupDraft.objects.get(company=company)
    accounts = {**draft.book.accounts, **{f"sales:Product {number}": "4100" for number in range(300)}}
    draft.body = encode_book(structs.replace(draft.book, accounts=accounts))
    draft.save()
    with django_assert_max_num_queries(22):
        words = words_of(browser.get(CHANGE))
    assert words.count("Sales: Product") == 300
    with django_assert_max_num_queries(36):
        assert browser.get(CHANGE + "/effect").status_code == 200


def test_another_companys_change_is_out_of_reach() -> None:
    browser, company = a_shop()
    with_sales_at(browser)
    stranger = inside(a_merchant("Anchor Inn"))
    assert "You have begun no change." in words_of(stranger.get(CHANGE))
    for path in ("", "/drop", "/rebase"):
        assert stranger.post(CHANGE + path, {"seen": "1", "when": "now"}).status_code == 302
    assert SetupDraft.objects.get().company == company
    assert company.book_versions.count() == 1


def test_what_is_typed_as_reason_is_shown_as_text() -> None:
    browser, _ = a_shop()
    with_sales_at(browser)
    browser.post(CHANGE, {"seen": "1", "when": "now", "why": "<script>alert(1)</script>" + "x" * 300})
    raw = browser.get("/flow/versions").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;xx" in raw
    assert "<script>alert" not in raw
