"""The stages of choosing: what is offered, kept, refused, and what two windows do."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.formats import date_format
from msgspec.structs import replace

from commerce_sync.configuration.changing import with_tax_code
from commerce_sync.configuration.state import known_of, links_of
from commerce_sync.flow import fees
from commerce_sync.flow.draft import draft_of as draft_value
from commerce_sync.flow.stage import Begun
from commerce_sync.models import SetupDraft
from connectors.general_ledger.periods import lock_period
from connectors.models import Connection
from ledger.book import TaxCode
from ledger.models import AuditEntry, Company
from tests.flow.cast import a_linked_merchant, a_new_merchant, inside

pytestmark = pytest.mark.django_db
SALES, FEES, PAYMENTS, SCHEDULE = "/flow/sales", "/flow/fees", "/flow/payments", "/flow/schedule"
FIRST = {"start_on": "2026-03-01", "frequency": "daily", "hour": "5", "zone": "Europe/Paris"}


def a_browser() -> tuple[Client, Company]:
    company = a_linked_merchant()
    return inside(company), company


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def sent(browser: Client, path: str, seen: int = 0, **said: str) -> Any:
    return browser.post(path, {"seen": str(seen), **said})


def draft_of(company: Company) -> SetupDraft:
    return SetupDraft.objects.get(company=company)


def test_what_is_chosen_is_kept_in_a_draft_that_no_sync_sees() -> None:
    browser, company = a_browser()
    answered = sent(browser, FEES, keeps_fees="1", **{"account:paymentFee": "6010"})
    assert (answered.status_code, answered["Location"]) == (302, PAYMENTS)
    draft = draft_of(company)
    assert draft.stages == ["fees"]
    assert draft.book.account("fee", "GBP") == "6010"
    assert not company.book_versions.exists()
    assert 'value="6010" selected' in words_of(browser.get(FEES))


def test_the_stages_lead_from_one_to_the_next_and_can_be_left_and_gone_on_with() -> None:
    browser, company = a_browser()
    assert sent(browser, SALES, mode="journal")["Location"] == FEES
    again = inside(company)
    assert "Continue" in words_of(again.get(FEES))
    assert sent(again, FEES, seen=1, keeps_fees="1")["Location"] == PAYMENTS
    assert sent(again, PAYMENTS, seen=2)["Location"] == SCHEDULE
    assert sent(again, SCHEDULE, seen=3, **FIRST)["Location"] == "/flow/preview"
    assert draft_of(company).stages == ["fees", "payments", "sales", "schedule"]


def test_no_stage_of_choosing_opens_before_both_sides_are_linked() -> None:
    company = a_new_merchant()
    browser = inside(company)
    for path in (SALES, FEES, PAYMENTS, SCHEDULE):
        assert browser.get(path)["Location"] == "/flow/"
        assert sent(browser, path)["Location"] == "/flow/"
    assert not SetupDraft.objects.exists()


def test_a_supplier_that_is_not_asked_for_stays_as_it_is() -> None:
    company = a_linked_merchant()
    known = known_of(company, links_of(company))
    nobody = [option for option in known.options if option.kind != "supplier"]  # as of software that lists none
    known = replace(known, options=tuple(nobody), book=replace(known.book, supplier="Processor"))
    at = Begun("fees", known, known, draft_value(company, known), [], {})
    found = fees._chosen(at, {"keeps_fees": "1", "account:paymentFee": "6010"})
    assert (found.book.supplier, found.problems) == ("Processor", {})


def test_a_stage_that_is_sent_twice_is_one_choice() -> None:
    browser, company = a_browser()
    for _ in range(2):
        assert sent(browser, FEES, keeps_fees="1", **{"account:paymentFee": "6010"}).status_code == 302
    assert draft_of(company).revision == 1


def test_of_two_windows_the_second_is_told_and_nothing_is_lost() -> None:
    browser, company = a_browser()
    assert sent(browser, FEES, keeps_fees="1", **{"account:paymentFee": "6010"}).status_code == 302
    answered = sent(browser, FEES, seen=0, keeps_fees="1", **{"account:paymentFee": "6020"})
    assert answered.status_code == 409
    assert "changed in another window" in words_of(answered)
    assert draft_of(company).book.account("fee", "GBP") == "6010"


def test_what_is_refused_keeps_what_was_typed_and_says_what_to_do() -> None:
    browser, company = a_browser()
    answered = sent(browser, SALES, mode="journal", **{"account:sales": "", "account:gratuity": "no such account"})
    assert answered.status_code == 400
    words = words_of(answered)
    assert "Choose an account for Sales." in words
    assert "“no such account” is not in the list." in words
    assert not SetupDraft.objects.exists()


def test_an_account_that_tips_must_not_share_is_named_at_its_field() -> None:
    browser, _ = a_browser()
    words = words_of(sent(browser, SALES, mode="journal", **{"account:tax": "4000"}))
    assert "“4000” is not in the list." in words  # the page offers no account of income for a tax


def test_the_mode_and_what_makes_a_line_or_a_document_are_kept() -> None:
    browser, company = a_browser()
    said = {"mode": "invoice", "grouped": "1", "split:location": "1", "lines": "channel", "status": "submitted"}
    assert sent(browser, SALES, **said).status_code == 302
    book = draft_of(company).book
    assert (book.mode, book.policy.group_by, book.policy.sales_by) == ("invoice", ("location",), "channel")
    assert sent(browser, SALES, seen=1, grouped="1", mode="invoice").status_code == 302
    assert draft_of(company).book.policy.group_by == ()


def test_a_draft_invoice_that_cannot_take_payments_is_told_at_the_stage() -> None:
    browser, _ = a_browser()
    answered = sent(browser, SALES, mode="invoice", status="draft")
    assert answered.status_code == 400
    assert "Payments cannot be recorded on draft invoices." in words_of(answered)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start_on": ""}, "Choose the first day that is to be kept."),
        ({"start_on": "31.12.2026"}, "“31.12.2026” is no date."),
        ({"start_on": "0001-01-01"}, "“0001-01-01” is no date."),
        ({"start_on": "2199-01-01"}, "Choose a day within the next year."),
        ({"hour": "24"}, "Choose an hour of the day."),
        ({"zone": "Mars/Olympus"}, "There is no time zone “Mars/Olympus”."),
        ({"frequency": "yearly"}, "Choose one of the list."),
        ({"frequency": "monthly", "day_of_month": "31"}, "Choose a day from 1 to 28"),
    ],
)
def test_a_schedule_that_cannot_be_is_told_in_words(changes: dict[str, str], sentence: str) -> None:
    browser, _ = a_browser()
    answered = sent(browser, SCHEDULE, **{**FIRST, **changes})
    assert answered.status_code == 400
    assert sentence in words_of(answered)
    assert not SetupDraft.objects.exists()


def test_a_first_day_in_a_closed_period_is_refused_and_the_one_after_it_is_suggested() -> None:
    browser, company = a_browser()
    closed = date.today() + timedelta(days=3)  # noqa: DTZ011  # any day does
    link = Connection.objects.get(company=company, kind="accounting")
    lock_period(connection_id=link.pk, through=closed, author="test", reason="closed")
    assert f'value="{closed + timedelta(days=1)}"' in words_of(browser.get(SCHEDULE))
    words = words_of(sent(browser, SCHEDULE, **{**FIRST, "start_on": str(closed)}))
    assert f"Your books are closed through {date_format(closed)}." in words


def test_the_schedule_is_on_the_clock_that_was_chosen() -> None:
    browser, company = a_browser()
    assert sent(browser, SCHEDULE, **FIRST).status_code == 302
    draft = draft_of(company)
    assert draft.plan == {"frequency": "daily", "hour": 5, "zone": "Europe/Paris", "day_of_month": 1}
    assert (draft.book.days[-1].zone, draft.book.start_on) == ("Europe/Paris", date(2026, 3, 1))


def test_a_missing_account_is_made_and_chosen_and_what_was_typed_stays() -> None:
    browser, company = a_browser()
    button = words_of(browser.get(SALES)).split('id="account:shipping"')[1].split("<button")[1]
    wanted = button.split('value="')[1].split('"')[0]
    typed = {"seen": "0", "mode": "invoice", "account:gratuity": "2100", "new_for": wanted}
    asked = words_of(browser.post("/flow/accounts/new", typed))
    assert 'name="account:gratuity" value="2100"' in asked
    made = browser.post("/flow/accounts/new", {**typed, "new_name": "Courier income", "new_type": "income"})
    words = words_of(made)
    assert made.status_code == 200
    shipping = words.split('id="account:shipping"')[1].split("</select>")[0]
    assert "Courier income" in shipping.split(" selected>")[1].split("</option>")[0]
    assert 'value="2100" selected' in words
    again = browser.post("/flow/accounts/new", {**typed, "new_name": "courier income", "new_type": "income"})
    assert again.status_code == 200
    assert AuditEntry.objects.filter(code="account.created", company=company).count() == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"new_name": " ", "new_type": "income"}, "Give the account a name"),
        ({"new_name": "x", "new_type": "bank"}, "Choose what kind of account it is."),
        ({"new_name": "x", "new_type": "income", "new_code": "12345678901"}, "A number has at most 10"),
    ],
)
def test_an_account_that_cannot_be_made_is_told_in_words(said: dict[str, str], sentence: str) -> None:
    browser, _ = a_browser()
    answered = browser.post("/flow/accounts/new", {"new_for": "sales:shipping", **said})
    assert answered.status_code == 400
    assert sentence in words_of(answered)


def test_tax_codes_of_sales_may_begin_on_a_day() -> None:
    codes = (TaxCode("vat", "OLD"),)
    at = date(2026, 3, 10)
    later = with_tax_code(codes, "vat", "NEW", at, date(2026, 4, 1))
    assert later == (*codes, TaxCode("vat", "NEW", date(2026, 4, 1)))
    assert with_tax_code(codes, "vat", "NEW", at) == (TaxCode("vat", "NEW"),)
    assert with_tax_code(later, "vat", "NEWER", at, date(2026, 4, 1))[-1] == TaxCode("vat", "NEWER", date(2026, 4, 1))
    assert with_tax_code(codes, "vat", "", at) == ()
