"""The console's front page: figures that lead somewhere, a chart that is a table too, and counts that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from commerce_sync.models import Heartbeat, Job, Schedule, Sync, SyncDay
from commerce_sync.services import save_schedule
from commerce_sync.sync_days import count_days, syncs_by_day
from connectors.models import Connection
from health.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from ledger.company_search import companies_said
from ledger.models import AuditEntry, Company, Partner
from tests.api.cast import make_company, make_partner, ready_company
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def words_of(client: Client, path: str = "/admin/") -> str:
    answered = client.get(path)
    assert answered.status_code == 200
    return unescape(answered.content.decode())


def a_sync(company: Company, days_ago: float, code: int = 2000, **facts: Any) -> Sync:
    at = NOW - timedelta(days=days_ago)
    ended = None if code < 2000 else at
    return Sync.objects.create(
        company=company, trigger="schedule", code=code, started_at=at, finished_at=ended, **facts
    )  # fmt: skip


def figure(words: str, name: str) -> str:
    """The number of the figure called so."""
    return words.split(f"<span>{name}</span>")[0].rsplit("<strong>", 1)[1].split("<")[0]


def test_what_needs_somebody_is_counted_and_named() -> None:
    company = ready_company(make_partner())
    a_sync(company, 3, 4220)
    a_sync(company, 0.1, 4220, failure_code="unauthorized", failure_sentence="Square lets us in no longer.")
    save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="test")
    Schedule.objects.update(failing_days=4)
    Connection.objects.filter(kind="commerce").update(status="Deauthorized")
    Heartbeat.objects.create(slot="one", at=NOW - timedelta(seconds=30))
    Job.objects.create(company=company, key="k", state="dead", next_at=NOW, created_at=NOW)
    words = words_of(person("support"))
    assert figure(words, "Syncs failed since yesterday") == "1"
    assert figure(words, "Companies failing") == "1"
    assert figure(words, "Connections to reconnect") == "1"
    for said in ("Square lets us in no longer.", "4 days", "1 seen in the last 5 minutes", "2 failed"):
        assert said in words


def test_a_partners_people_see_their_own_only_and_nothing_of_the_machinery() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    a_sync(ready_company(own, "Ours"), 0.1, 4220)
    for _ in range(3):
        a_sync(ready_company(other, f"Theirs {_}"), 0.2, 4220)
    words = words_of(person("administrator", own))
    assert figure(words, "Syncs failed since yesterday") == "1"
    assert "1 syncs in 14 days" in words
    assert "Theirs" not in words
    assert "Machinery" not in words


def test_finance_sees_documents_and_nothing_of_the_machinery() -> None:
    ready_company(make_partner())
    words = words_of(person("finance"))
    assert "Documents refused" in words
    assert "Machinery" not in words


def test_every_link_of_the_front_page_opens() -> None:
    company = ready_company(make_partner())
    a_sync(company, 0.1, 4220)
    client = person("administrator")
    words = words_of(client)
    links = {part.split('"')[0] for part in words.split("<main")[-1].split('href="')[1:]}
    links = {link for link in links if link.startswith("/admin/") and "logout" not in link and "password" not in link}
    assert len(links) > 15
    assert {link: client.get(link).status_code for link in links if client.get(link).status_code != 200} == {}


def test_days_that_are_over_are_counted_once_and_later_ones_as_they_are() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    ours, theirs = make_company(own, "Ours"), make_company(other, "Theirs")
    for days, code in ((0.1, 2000), (1, 4220), (5, 2000), (5, 2040), (5, 5130), (6, 2000)):
        a_sync(ours, days, code)
    a_sync(theirs, 5, 2000)
    before = syncs_by_day(14, None)
    assert count_days(5) is False
    assert count_days(5) is False
    assert syncs_by_day(14, None) == before
    assert dict(before)[date(2026, 3, 15)] == {"written": 2, "nothing": 1, "failed": 1}
    assert SyncDay.objects.filter(day=date(2026, 3, 15), partner=own).count() == 3
    assert not SyncDay.objects.filter(day__gt=date(2026, 3, 18)).exists()
    assert dict(syncs_by_day(14, other.pk))[date(2026, 3, 15)] == {"written": 1}
    Sync.objects.filter(started_at__lt=NOW - timedelta(days=4)).delete()
    assert syncs_by_day(14, None) == before  # kept, not counted again
    a_sync(theirs, 0.2, 1000)
    assert dict(syncs_by_day(14, None))[date(2026, 3, 20)] == {"written": 1, "running": 1}


def test_a_count_of_nothing_is_refused() -> None:
    partner = make_partner()
    with pytest.raises(IntegrityError, match="sync_day_counts_some"), transaction.atomic():
        SyncDay.objects.create(day=NOW.date(), partner=partner, code=2000, syncs=0)


@pytest.mark.parametrize(
    ("said", "found"),
    [("rose", True), ("CROWN ro", True), ("o'neill", True), ("own", False), ("' | x", False), ("&!:*", False),
     ("  ", False), ("rose\0", True), ("rose nobody", False), ("ö", True)],
)  # fmt: skip
def test_a_company_is_found_by_the_beginnings_of_the_words_of_its_name(said: str, found: bool) -> None:
    company = make_company(make_partner(), "Rose & Crown, O'Neill's Öl")
    assert companies_said(said, Company.objects.all()).exists() is found
    assert companies_said(str(company.public_id), Company.objects.all()).get() == company


def test_a_delivery_shows_what_was_sent_and_is_sent_again_for_a_reason() -> None:
    partner = make_partner()
    endpoint = WebhookEndpoint.objects.create(
        partner=partner, url="https://partner.example/hook", sealed_secret=b"x", key_id="k"
    )  # fmt: skip
    event = WebhookEvent.objects.create(partner=partner, type="sync.failed", body=b'{"a": 1}', happened_at=NOW)
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, event=event, state="failed", ended_at=NOW)
    page = reverse("admin:console-delivery", args=(delivery.public_id,))
    again = reverse("admin:console-delivery-replay", args=(delivery.public_id,))
    client = person("engineer")
    assert '{"a": 1}' in words_of(client, page)
    client.post(again)
    assert WebhookDelivery.objects.get().state == "failed"
    client.post(again, {"why": "they were down"})
    assert WebhookDelivery.objects.get().state == "waiting"
    assert AuditEntry.objects.get(code="console.replayed").detail == {"why": "they were down"}
    support = person("support", name="Alex")
    assert "Send it again" not in words_of(support, page)
    assert support.post(again, {"why": "x"}).status_code == 403
    stranger = person("administrator", Partner.objects.create(name="Other"), name="Eve")
    assert stranger.get(page).status_code == 404
