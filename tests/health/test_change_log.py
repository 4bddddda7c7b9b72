"""The log of changes: who, what, when, why and what was different; narrowed, and of nobody else's companies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from msgspec import structs

from commerce_sync.api_keys import create_key
from commerce_sync.branding import set_branding
from commerce_sync.services import pause, save_schedule
from health.console.change_words import KINDS
from health.console.changes import changes
from ledger.models import AuditEntry, Company, Partner
from ledger.services import audit, save_book
from tests.api.cast import make_partner, ready_company
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db


def a_history(partner: Partner) -> Company:
    company = ready_company(partner)
    version = company.book_versions.get()
    accounts = {**version.book.accounts, "sales": "4100"}
    save_book(company=company, book=structs.replace(version.book, accounts=accounts), author="console:kim",
              reason="The accountant asked")  # fmt: skip
    for hour in (4, 6):
        save_schedule(company=company, frequency="daily", hour=hour, zone="Europe/London", actor="console:kim")
    pause(company=company, reason="Stocktaking", actor="console:lou")
    audit(code="document.mismatch", actor="push", company=company, subject="CS1")
    set_branding(partner=partner, values={"display_name": "Till Books"}, actor="console:lou")
    create_key(partner=partner, name="Till", actor="console:lou")
    return company


def log(client: Any, company: Company, **said: Any) -> str:
    answered = client.get(reverse("admin:console-company-changes", args=(company.public_id,)), said)
    assert answered.status_code == 200
    page: str = answered.content.decode()
    return page[page.index('class="filters"') :]


def test_the_changes_of_a_company_have_their_differences_and_reasons() -> None:
    company = a_history(make_partner())
    page = log(person("support"), company)
    for words in ("Mapping changed", "4000 · Sales", "The accountant asked", "console:kim", "Schedule changed",
                  "<td>hour</td>", "Paused", "Stocktaking"):  # fmt: skip
        assert words in page, words
    assert "CS1" not in page
    assert "API key" not in page.partition("</form>")[2]


def test_all_of_a_partner_are_together_and_other_partners_are_apart() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    a_history(own)
    a_history(other)
    client = person("administrator", own)
    page = client.get(reverse("admin:console-partner-changes", args=(own.pk,))).content.decode()
    for words in ("Mapping changed", "API key made", "Till Books"):
        assert words in page, words
    assert page.count("API key made") == 1
    assert client.get(reverse("admin:console-changes")).content.decode().count("API key made") == 1
    everybody = person("administrator", name="Alex").get(reverse("admin:console-changes")).content.decode()
    assert everybody.count("API key made") == 2


def test_it_is_narrowed_by_person_kind_and_day() -> None:
    company, client = a_history(make_partner()), person("support")
    assert "Paused" not in log(client, company, who="kim").partition("</form>")[2]
    only = log(client, company, kind="schedule").partition("</form>")[2]
    assert "Schedule changed" in only
    assert "Mapping changed" not in only
    today = datetime.now(UTC).date().isoformat()
    assert "Mapping changed" in log(client, company, **{"from": today, "to": today})
    assert "Nothing was changed that fits" in log(client, company, to="2020-01-01")
    assert "Mapping changed" in log(client, company, **{"from": "no day", "kind": "no kind", "before": "x"})


def test_longer_logs_have_pages() -> None:
    company, client = ready_company(make_partner()), person("support")
    for number in range(45):
        audit(code="company.changed", actor="test", company=company, subject=f"change {number}.")
    page = log(client, company, kind="company")
    assert "change 44." in page
    assert "change 4." not in page
    before = page.partition("before=")[2].partition('"')[0]
    assert "change 4." in log(client, company, kind="company", before=before)


def test_every_kind_of_change_has_a_name_and_no_two_take_the_same_codes() -> None:
    prefixes = [prefix for kind in KINDS.values() for prefix in kind.prefixes]
    assert len(prefixes) == len(set(prefixes))


def test_logs_are_served_by_the_indexes_made_for_them() -> None:
    company = ready_company(make_partner())
    AuditEntry.objects.bulk_create(
        AuditEntry(code="document.retried", actor="push", company=company, partner=company.partner)
        for _ in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_auditentry")
    for rows, name in ((changes(), "audit_changes"), (changes().filter(partner=company.partner), "audit_changes"),
                       (changes().filter(company=company), "audit_changes")):  # fmt: skip
        assert name in rows[:41].explain()


def test_a_page_of_the_log_costs_the_same_however_much_changed(django_assert_max_num_queries: Any) -> None:
    company, client = a_history(make_partner()), person("support")
    for hour in range(10):
        version = company.book_versions.order_by("-number")[0]
        accounts = {**version.book.accounts, "fee": f"6{hour}00"}
        save_book(company=company, book=structs.replace(version.book, accounts=accounts), author="x", reason="x")
    with django_assert_max_num_queries(20):
        log(client, company)
