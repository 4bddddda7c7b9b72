"""The mapping at the console: the rules of everywhere, the effect before it holds, and nothing of anybody's lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from msgspec import structs

from commerce_sync.models import Sync
from connectors.general_ledger.accounts import archive_account
from connectors.models import Connection
from ledger.book import Book
from ledger.models import AuditEntry, Company
from ledger.services import save_book
from tests.flow.rooms import TODAY, a_settled_merchant
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=True):
        yield


def a_company() -> Company:
    """A merchant with days in the books and a mapping without a fault."""
    company = a_settled_merchant().company
    book = book_of(company)
    save_book(company=company, book=structs.replace(book, accounts={**book.accounts, "tender:card": "1010"}),
              author="test", reason="Card clearing is archived")  # fmt: skip
    return company


def book_of(company: Company) -> Book:
    version = company.book_versions.order_by("-number").first()
    assert version is not None
    return version.book


def at(company: Company) -> str:
    return reverse("admin:console-mapping", args=(company.public_id,))


def form_of(client: Client, company: Company) -> dict[str, str]:
    """What a browser would send of the form as it stands."""
    page = client.get(at(company)).content.decode()
    form = page[page.index('id="mapping"') : page.index("</form>", page.index('id="mapping"'))]
    said = {}
    for name, body in re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body) or re.search(r'<option value="([^"]*)"', body)
        assert chosen
        said[unescape(name)] = unescape(chosen[1])
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or "checked" in tag):
            said[unescape(name[1])] = unescape(value[1]) if value else ""
    said.pop("csrfmiddlewaretoken", None)
    return said


def test_a_form_that_changes_nothing_changes_nothing() -> None:
    company, client = a_company(), person("finance")
    said = form_of(client, company)
    assert len(said) > 60
    shown = client.post(at(company), {**said, "act": "check"})
    assert shown.status_code == 200, shown.content.decode()[:20000]
    assert "Nothing differs from what is in force" in shown.content.decode()


def test_a_change_is_shown_with_its_effect_then_put_in_force_for_a_reason() -> None:
    company, client = a_company(), person("finance")
    before = book_of(company)
    said = {**form_of(client, company), "account:sales": "4100", "switch:disputes": "sales_return"}
    shown = client.post(at(company), {**said, "act": "check"}).content.decode()
    for words in ("4000 · Sales", "Kept as refunds", "What it would do to"):
        assert words in shown, words
    assert book_of(company) == before
    refused = client.post(at(company), {**said, "act": "save"})
    assert (refused.status_code, "Say why" in refused.content.decode()) == (400, True)
    done = client.post(at(company), {**said, "act": "save", "why": "The accountant asked"})
    assert done.status_code == 302
    after = book_of(company)
    assert (after.accounts["sales"], after.policy.disputes) == ("4100", "sales_return")
    assert structs.replace(after, accounts=before.accounts, policy=before.policy) == before
    version = company.book_versions.order_by("-number")[0]
    assert (version.author, version.reason) == ("console:Sam", "The accountant asked")
    told = client.get(reverse("admin:console-company-changes", args=(company.public_id,))).content.decode()
    for words in ("Mapping changed", "console:Sam", "The accountant asked", "4000 · Sales", "Kept as refunds"):
        assert words in told, words


def test_past_days_are_corrected_on_request() -> None:
    company, client = a_company(), person("administrator")
    Sync.objects.filter(company=company, finished_at=None).delete()
    said = {**form_of(client, company), "account:sales": "4100", "act": "save", "why": "From the beginning"}
    wrong = client.post(at(company), {**said, "restate_from": "2026-13-01"})
    assert (wrong.status_code, "is no date" in wrong.content.decode()) == (400, True)
    assert client.post(at(company), {**said, "restate_from": "2026-02-24"}).status_code == 302
    assert str(Sync.objects.get(company=company, finished_at=None).from_day) == "2026-02-24"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account:sales": ""}, "Choose an account for Sales"),
        ({"account:sales": "no such"}, "is not in the list"),
        ({"account:sales": "1010"}, "is not in the list"),
        ({"switch:rounding_cap": "-1"}, "Write a whole number"),
        ({"switch:discounts": "never"}, "Choose one of the list"),
        ({"mode": "weekly"}, "cannot take sales this way"),
        ({"account:card": "1000"}, "must not be the account that payouts arrive in"),
    ],
)
def test_the_rules_of_everywhere_hold_and_nothing_is_saved(changes: dict[str, str], words: str) -> None:
    company, client = a_company(), person("finance")
    count = company.book_versions.count()
    answered = client.post(at(company), {**form_of(client, company), **changes, "act": "save", "why": "x"})
    page = answered.content.decode()
    assert answered.status_code == 400
    assert words in unescape(page)
    assert company.book_versions.count() == count


def test_what_is_archived_stays_to_be_seen_and_has_to_be_chosen_anew() -> None:
    company, client = a_company(), person("finance")
    books = Connection.objects.get(company=company, kind="accounting")
    archive_account(connection_id=books.pk, code="4010", actor="test")
    assert "4010 (archived, or gone)" in client.get(at(company)).content.decode()
    said = {**form_of(client, company), "act": "save", "why": "x"}
    assert said["account:refund"] == "4010"
    assert client.post(at(company), said).status_code == 400
    assert client.post(at(company), {**said, "account:refund": "4000"}).status_code == 302


def test_what_somebody_else_saved_meanwhile_is_shown_and_nothing_of_either_is_lost() -> None:
    company, client = a_company(), person("finance")
    mine = {**form_of(client, company), "account:sales": "4100"}
    book = book_of(company)
    other = structs.replace(book, accounts={**book.accounts, "fee": "6200"})
    save_book(company=company, book=other, author="merchant", reason="Fees")
    answered = client.post(at(company), {**mine, "act": "save", "why": "x"})
    page = answered.content.decode()
    assert answered.status_code == 409
    assert "merchant saved version" in page
    assert book_of(company) == other
    assert '<option value="4100" selected>' in page
    again = {**mine, "account:paymentFee": "6200", "version": str(company.book_versions.count())}
    assert client.post(at(company), {**again, "act": "save", "why": "x"}).status_code == 302
    both = book_of(company).accounts
    assert (both["sales"], both["fee"]) == ("4100", "6200")


def test_who_may_not_change_it_sees_it_and_sends_nothing() -> None:
    company, client = a_company(), person("support")
    page = client.get(at(company)).content.decode()
    assert "<fieldset disabled>" in page
    assert "Show what this would change" not in page
    count = company.book_versions.count()
    said: dict[str, Any] = {"account:sales": "4100", "act": "save", "why": "x"}
    assert client.post(at(company), said).status_code == 403
    assert company.book_versions.count() == count
    assert not AuditEntry.objects.filter(actor="console:Sam").exists()


def test_the_page_costs_a_bounded_number_of_statements(django_assert_max_num_queries: Any) -> None:
    company, client = a_company(), person("finance")
    with django_assert_max_num_queries(30):
        client.get(at(company))
