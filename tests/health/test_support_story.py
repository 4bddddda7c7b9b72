"""The story of a support agent, in Chromium: told by mail, from the finding to its cause, mended by two people in their
roles, closed by the watch, and told that it is over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from playwright.sync_api import Page, expect

from commerce_sync import services, work
from commerce_sync.models import Job, Sync
from connectors import registry
from connectors.general_ledger.accounts import archive_account
from connectors.push_local import deliver_local
from connectors.session import Session
from health.findings.errand import look_at_asked
from health.models import AlertRule, Finding
from ledger.models import AuditEntry, Company, Document, Partner
from ledger.post_due import post_due
from ledger.services import now
from tests.api.cast import make_partner, ready_company
from tests.commerce_sync.cast import FIRST_DAY, allow_truncate, an_order, books_of, sell, trial_balance
from tests.flow.cast import DESK, PHONE, chromium
from tests.health.alert_cast import a_person, a_rule, send_all, told

pytestmark = pytest.mark.django_db(transaction=True)
CARD, ANOTHER = "1100", "1140"


@pytest.fixture(autouse=True)
def _a_place(settings: Any, live_server: Any) -> None:
    allow_truncate()
    settings.COMMERCE_SYNC_PUBLIC_URL = live_server.url
    AlertRule.objects.all().delete()


def a_sync_that_was_refused(partner: Partner) -> Company:
    """While a sync ran, the merchant archived the account for card payments: its documents are refused."""
    company = ready_company(partner)
    sell(company, an_order(1), an_order(2, amount=2_400))
    sync = services.request_sync(company=company, through=FIRST_DAY)
    post_due(company_id=company.pk, through=FIRST_DAY, act=sync.public_id)
    archive_account(connection_id=books_of(company).pk, code=CARD, actor="merchant")
    deliver_local(registry.accounting("books"), Session(books_of(company).pk, company.pk), lambda _: None)
    Job.objects.all().delete()
    Sync.objects.update(
        code=5130, stage="done", finished_at=now(), failure_code="account_inactive", failure_turn="merchant",
        failure_sentence="Documents were refused.", failure_remedy="See the documents.",
    )  # fmt: skip
    return company


def logged_in(user: Any) -> str:
    """The cookie of this person's session."""
    browser = Client()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


@contextmanager
def at_work(cookie: str, url: str, size: tuple[int, int] = DESK) -> Iterator[Page]:
    """A person's browser; nothing may go wrong in it."""
    with chromium(size=size) as (page, complaints):
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
        yield page
        assert [each for each in complaints if "404" not in each] == []  # a favicon is asked for everywhere


def look() -> None:
    """What the workers do: companies to which something happened are looked at."""
    while look_at_asked():
        pass


def mails(after: int = 10) -> list[Any]:
    """Those that the rules send so many minutes from now."""
    before = len(mail.outbox)
    told(now() + timedelta(minutes=after))
    send_all()
    return mail.outbox[before:]


def test_from_the_alert_to_the_recovery(live_server: Any) -> None:
    partner = make_partner()
    sam, fay = a_person("support", name="sam"), a_person("finance", name="fay")
    a_rule(audience="role", role="support", name="Support")
    company = a_sync_that_was_refused(partner)
    look()
    finding = Finding.objects.get()
    assert finding.code == "account_archived"

    # The alert, and from its link to the finding.
    [alert] = mails()
    assert alert.to == ["sam@example.com"]
    assert finding.kind.title in alert.subject
    [link] = set(re.findall(rf"{live_server.url}\S+/findings/[0-9a-f-]{{36}}/", alert.body))
    support, finance, reference = logged_in(sam), logged_in(fay), Document.objects.get().reference

    # On the phone: the finding, the document that was refused, the sync that it came of; then to the one who may map.
    with at_work(support, live_server.url, PHONE) as page:
        page.goto(link)
        expect(page.get_by_role("heading", name=f"The account {CARD}")).to_contain_text("is archived")
        page.get_by_role("link", name=reference).click()
        expect(page.get_by_text("archived").first).to_be_visible()
        page.locator("dd a", has_text=re.compile(r"\d{4} \d\d:\d\d")).click()
        expect(page.get_by_text("5130").first).to_be_visible()
        page.goto(link)
        assert page.get_by_role("link", name="Mapping").count() == 0
        page.get_by_label("Reason or comment").fill("The merchant archived it; cards now go to the bank account.")
        page.get_by_label("Give it to").select_option(label="fay")
        page.get_by_role("button", name="Give", exact=True).click()
        expect(page.get_by_text("The finding is given away.")).to_be_visible()

    # The finance person chooses another account, and hands it back.
    with at_work(finance, live_server.url) as page:
        page.goto(f"{live_server.url}/admin/findings/?who=mine")
        page.get_by_role("link", name=finding.kind.title).click()
        assert page.get_by_role("button", name="Retry failed items").count() == 0
        page.locator(".f-facts").get_by_role("link", name=company.name).click()
        page.get_by_role("link", name="Mapping", exact=True).first.click()
        while (closed := page.locator("#mapping details:not([open]) > summary")).count():
            closed.first.click()
        for field in page.locator(f'select:has(option[value="{CARD}"][selected])').all():
            field.select_option(ANOTHER)
        page.get_by_role("button", name="Show what this would change").click()
        page.get_by_label("Why").fill("The former one was archived.")
        page.get_by_role("button", name="Put in force").click()
        page.goto(link)
        page.get_by_label("Give it to").select_option(label="sam")
        page.get_by_label("Reason or comment").fill("Another account is chosen: please retry.")
        page.get_by_role("button", name="Give", exact=True).click()
        expect(page.get_by_text("The finding is given away.")).to_be_visible()

    # Retried, closed by the watch, and told.
    with at_work(support, live_server.url) as page:
        page.goto(link)
        expect(page.get_by_text("please retry")).to_be_visible()
        page.get_by_label("Reason or comment").fill("Another account is chosen.")
        page.get_by_role("button", name="Retry failed items").click()
        expect(page.get_by_text("1 company: 1 document goes again.")).to_be_visible()
    work.drain(10)
    look()
    finding.refresh_from_db()
    assert (finding.state, finding.resolved_by) == ("resolved", "the watch")
    assert not Finding.objects.filter(resolved_at=None).exists()
    assert trial_balance(company)[ANOTHER] == 3_600
    [over] = mails(20)
    assert over.subject.startswith(f"Over: {finding.kind.title}")
    with at_work(support, live_server.url) as page:
        page.goto(link)
        expect(page.get_by_text("Its cause is not there any more.")).to_be_visible()
        page.goto(f"{live_server.url}/admin/findings/")
        expect(page.get_by_text("Nothing here.")).to_be_visible()
    trail = AuditEntry.objects.filter(company=company, actor__startswith="console:").order_by("id")
    assert list(trail.values_list("actor", "code")) == [
        ("console:sam", "finding.assigned"), ("console:fay", "book.changed"), ("console:fay", "finding.assigned"),
        ("console:sam", "posting.withdrawn"), ("console:sam", "finding.retried"),
    ]  # fmt: skip


def test_a_finding_is_worked_on_without_any_script(live_server: Any) -> None:
    a_sync_that_was_refused(make_partner())
    look()
    cookie = logged_in(a_person("support", name="sam"))
    with chromium(size=PHONE, script=False) as (page, _):
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(f"{live_server.url}/admin/findings/")
        page.locator(".f-item a").first.click()
        page.get_by_role("button", name="Resolve").click()  # without its reason: the browser asks for it
        assert page.get_by_label("Reason or comment").evaluate("each => each.matches(':invalid')")
        page.get_by_role("button", name="Take it").click()
        expect(page.get_by_text("The finding is taken.")).to_be_visible()
    assert Finding.objects.get().assigned_to == "sam"
