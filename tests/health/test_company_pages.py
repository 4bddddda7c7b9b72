"""The pages of a company, a document and a record: everything that support needs, and nothing of anybody else's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from commerce_sync.models import Schedule, Sync
from commerce_sync.services import save_schedule
from connectors.models import PushItem
from health.models import CompanyContact, Finding, ReconciledDay
from ledger.models import AuditEntry, Company, Document, RecordRow
from ledger.post_due import post_due
from tests.api.cast import make_partner
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop, a_shop
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *args: Any, **asked: Any) -> str:
    answered = client.get(reverse(f"admin:{name}", args=args), asked)
    assert answered.status_code == 200, (name, answered.status_code)
    return answered.content.decode()


def a_company() -> Company:
    company = a_posted_shop().company
    save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="test")
    return company


def test_a_company_s_page_gathers_what_is_known_of_it() -> None:
    company = a_company()
    Finding.objects.create(
        company=company, partner=company.partner, code="company_paused", subject="x", root="x", severity="error",
        turn="support", params={"since": "Monday", "said": "Nobody paid"}, digest=b"x",
    )  # fmt: skip
    said = page(person("support"), "console-company", company.public_id)
    for words in ("A company is paused", "Nothing has been synced since Monday", "Built-in general ledger", "Version 1",
                  "Syncs by itself", "4:00 in Europe/London", "The partner has no webhook address"):  # fmt: skip
        assert words in said, words


def test_who_is_to_be_told_of_a_merchant_s_own_matters_stands_there() -> None:
    company, client = a_company(), person("support")
    assert "has given no address" in page(client, "console-company", company.public_id)
    CompanyContact.objects.create(
        company=company, email="rose@example.com", locale="fr-fr", wants="daily", updated_at=company.created_at
    )
    said = page(client, "console-company", company.public_id)
    assert "rose@example.com" in said
    assert "Français (France)" in said


def test_the_list_of_companies_opens_it_and_finds_it_by_its_name_or_id() -> None:
    company = a_company()
    client = person("support")
    at = reverse("admin:ledger_company_changelist")
    shown = "Bell &amp; Crumb, London"
    for said in ("BELL &", str(company.public_id)):
        assert shown in client.get(at, {"q": said}).content.decode()
    assert shown not in client.get(at, {"q": "Crumble"}).content.decode()
    row = client.get(reverse("admin:ledger_company_change", args=(company.pk,)))
    assert row["Location"] == reverse("admin:console-company", args=(company.public_id,))


def test_every_list_that_the_page_leads_to_opens_narrowed_to_the_company() -> None:
    company, client = a_company(), person("administrator")
    said = page(client, "console-company", company.public_id)
    found = re.findall(rf'href="(/admin/[^"]+\?company={company.public_id}[^"]*)"', said)
    assert len(found) > 8
    for at in found:
        assert client.get(at.replace("&amp;", "&")).status_code == 200, at


def test_its_money_is_reconciled_aged_and_balanced() -> None:
    company = a_company()
    last = Document.objects.filter(company=company).latest("date").date
    said = page(person("finance"), "console-company-money", company.public_id)
    assert "Trial balance of the built-in books" in said
    assert "4000 Sales" in said
    assert "Clearing accounts" in said
    assert last.year == 2026


def test_days_are_shown_as_they_were_reconciled_last_those_that_are_off_first() -> None:
    company = a_company()
    told = {"company": company, "currency": "GBP", "records": 3, "documents": 1, "undelivered": 0, "unread": 0,
            "disagreeing": 0, "looked_at": datetime(2026, 3, 5, tzinfo=UTC)}  # fmt: skip
    ReconciledDay.objects.create(day=date(2026, 3, 3), totals={"sales": [900, 900, 900, None]}, difference=0, **told)
    ReconciledDay.objects.create(day=date(2026, 3, 4), totals={"sales": [1000, 1000, 999, 999]}, difference=1, **told)
    said = page(person("finance"), "console-company-money", company.public_id)
    assert "off by GBP 0.01" in said
    assert '<strong class="alarm">sales</strong>' in said
    assert said.index("Wed 4 Mar 2026") < said.index("Tue 3 Mar 2026")
    assert "Added up now" in page(
        person("finance", name="Alex"), "console-company-money", company.public_id, all="days"
    )


def test_a_click_path_leads_from_the_company_to_the_raw_row() -> None:
    company, client = a_company(), person("support")
    document = Document.objects.filter(company=company, lines__account="4000").distinct()[0]
    found = client.get(reverse("admin:console-find", args=(company.public_id,)), {"of": document.reference})
    assert found["Location"] == reverse("admin:console-document", args=(document.pk,))
    said = client.get(found["Location"]).content.decode()
    for words in ("As T-accounts", "adds up", "4000 Sales", "Why these accounts", "reads back the same"):
        assert words in said, words
    account = re.search(r'\?account=([^"&]+)"', said)
    assert account
    narrowed = page(client, "console-document", document.pk, account=account[1])
    assert "Records on" in narrowed
    number = re.search(r"record=(\d+)#opened", narrowed)
    assert number
    beside = page(client, "console-document", document.pk, record=number[1])
    assert "As it was received" in beside
    record = page(client, "console-record", number[1])
    row = RecordRow.objects.get(pk=number[1])
    assert row.external_id in record
    assert document.reference in record
    assert "&quot;createdDate&quot;" in record


def test_finance_sees_the_record_and_not_the_raw_row() -> None:
    company, client = a_company(), person("finance")
    document = Document.objects.filter(company=company)[0]
    number = RecordRow.objects.filter(source__company=company)[0].pk
    for said in (page(client, "console-record", number), page(client, "console-document", document.pk)):
        assert "createdDate" not in said
    assert "Your role does not see" in page(client, "console-record", number)
    assert client.get(reverse("admin:console-evidence", args=(document.pk,))).status_code == 403


def test_the_evidence_is_a_file() -> None:
    company = a_company()
    document = Document.objects.filter(company=company)[0]
    answered = person("engineer").get(reverse("admin:console-evidence", args=(document.pk,)))
    assert f'filename="evidence-{document.reference}.txt"' in answered["Content-Disposition"]
    assert "The records that it is made of" in answered.content.decode()


def test_nothing_of_another_partner_s_is_found() -> None:
    company = a_company()
    client = person("administrator", make_partner("Other"))
    document, record = Document.objects.filter(company=company)[0], RecordRow.objects.all()[0]
    gets = [
        *((name, company.public_id) for name in ("company", "company-money", "find", "company-changes")),
        ("document", document.pk), ("evidence", document.pk), ("record", record.pk),
        ("partner-changes", company.partner_id),
    ]  # fmt: skip
    for name, at in gets:
        assert client.get(reverse(f"admin:console-{name}", args=(at,))).status_code == 404, name
    posts = [("view-as", company.public_id), ("document-retry", document.pk), ("mapping", company.public_id)]
    posts += [(f"company-{act}", company.public_id) for act in ("sync", "pause", "resume")]
    for name, at in posts:
        assert client.post(reverse(f"admin:console-{name}", args=(at,)), {"why": "x"}).status_code == 404, name
    assert not Sync.objects.filter(company=company).exists()


def test_a_sync_is_asked_for_with_a_reason_and_not_without() -> None:
    company, client = a_company(), person("support")
    at = reverse("admin:console-company-sync", args=(company.public_id,))
    assert "Say why" in client.post(at, {"why": " "}, follow=True).content.decode()
    assert not Sync.objects.filter(company=company).exists()
    client.post(at, {"why": "The merchant called"})
    sync = Sync.objects.get(company=company)
    entry = AuditEntry.objects.get(code="sync.requested")
    assert (entry.actor, entry.detail["why"], entry.subject) == (
        "console:Sam",
        "The merchant called",
        str(sync.public_id),
    )
    assert "under way already" in client.post(at, {"why": "again"}, follow=True).content.decode()


def test_a_company_is_paused_and_resumed_with_days_that_would_be_lost_named_first() -> None:
    company, client = a_company(), person("support")
    client.post(reverse("admin:console-company-pause", args=(company.public_id,)), {"why": "Stocktaking"})
    schedule = Schedule.objects.get(company=company)
    assert schedule.pause_reason == "Stocktaking"
    Schedule.objects.filter(company=company).update(last_success_through="2026-03-04")
    at = reverse("admin:console-company-resume", args=(company.public_id,))
    assert 'value="2026-03-05"' in client.get(at).content.decode()
    assert client.post(at, {"start_on": "2026-03-05"}).status_code == 400
    refused = client.post(at, {"start_on": "2026-03-08", "why": "Done"})
    assert (refused.status_code, "would never come into the books" in refused.content.decode()) == (409, True)
    token = re.search(r'name="accepted" value="([^"]+)"', refused.content.decode())
    assert token
    client.post(at, {"start_on": "2026-03-08", "why": "Done", "accepted": token[1]})
    assert Schedule.objects.get(company=company).paused_at is None
    assert AuditEntry.objects.get(code="sync.resumed").detail["why"] == "Done"


def test_roles_that_may_not_act_are_refused_and_see_no_button() -> None:
    company, client = a_company(), person("finance")
    said = page(client, "console-company", company.public_id)
    assert "View as merchant" not in said
    assert ">Pause<" not in said
    for name in ("company-pause", "view-as"):
        assert client.post(reverse(f"admin:console-{name}", args=(company.public_id,)), {"why": "x"}).status_code == 403


def test_a_refused_document_is_sent_again_with_its_reason_in_its_trail() -> None:
    company = a_shop().company
    post_due(company_id=company.pk, through=LAST_DAY, act=uuid4())
    document = Document.objects.filter(company=company)[0]
    link = company.connections.get(kind="accounting")
    said = {"failure_sentence": "The account is archived.", "failure_remedy": "Choose another."}
    PushItem.objects.create(
        document=document, company=company, connection=link, state="refused", failure_code="archived",
        updated_at=document.created_at, **said,
    )  # fmt: skip
    client = person("support")
    said = page(client, "console-document", document.pk)
    assert "The account is archived." in said
    client.post(reverse("admin:console-document-retry", args=(document.pk,)), {"why": "Activated again"})
    assert PushItem.objects.get(document=document).state == "prepared"
    assert "Activated again" in page(client, "console-document", document.pk)


@pytest.mark.parametrize("days", [1, 6])
def test_pages_cost_the_same_number_of_statements_however_much_there_is(
    days: int, django_assert_max_num_queries: Any
) -> None:
    company = a_posted_shop(days=days).company
    client = person("support")
    document, record = Document.objects.filter(company=company)[0], RecordRow.objects.all()[0]
    with django_assert_max_num_queries(30):
        page(client, "console-company", company.public_id)
    with django_assert_max_num_queries(30):
        page(client, "console-company-money", company.public_id)
    with django_assert_max_num_queries(30):
        page(client, "console-document", document.pk, record=record.pk)
    with django_assert_max_num_queries(30):
        page(client, "console-record", record.pk)
