"""Platforms ring: believed deliveries count once, everything else changes nothing, and a missed one costs only time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from commerce_sync import housekeeping
from commerce_sync.models import Job
from commerce_sync.services import pause, save_schedule
from connectors import credentials, deliveries
from connectors.auth import Secrets
from connectors.http import open_door
from connectors.models import Connection, IncomingWebhook
from connectors.pull import pull_connection
from connectors.services import connect_commerce
from connectors.session import Session
from ledger.models import AuditEntry, RecordRow
from tests.commerce_sync.bells import CLIENT, KEY, a_ringing_shop, event, jobs, of, ring
from tests.connectors.server import running
from tests.ledger.cast import outsider
from tests.platforms.square.fake import FakeSquare
from tests.platforms.square.story import Straight, line

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _settings(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # the directory that a deployment makes; its absence would be warned of
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"square": CLIENT}


@pytest.fixture
def link() -> Connection:
    return a_ringing_shop()


def test_a_delivery_is_noted_and_rung_for_in_one_transaction(link: Connection) -> None:
    body = event()
    assert ring(of(link), body) == 200
    [noted] = IncomingWebhook.objects.all()
    assert (noted.delivery_id, noted.event, bytes(noted.body)) == ("e1", "payment.updated", body)
    assert jobs() == 1


@pytest.mark.case("S21", "D01", "D08")
def test_the_same_delivery_again_is_answered_and_counts_once(link: Connection) -> None:
    body = event()
    assert [ring(of(link), body) for _ in range(3)] == [200, 200, 200]
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 1)
    Job.objects.all().delete()
    assert ring(of(link), body) == 200
    assert jobs() == 0


@pytest.mark.case("S21", "D05")
def test_what_is_not_signed_by_the_platform_changes_nothing(link: Connection) -> None:
    body = event()
    assert ring(of(link), body, key="another") == 401
    assert ring(of(link), body, url="https://elsewhere.example/") == 401
    assert ring(of(link), event(created_at="2020-01-01T00:00:00Z")) == 401
    assert (IncomingWebhook.objects.count(), jobs()) == (0, 0)


def test_every_address_that_leads_nowhere_answers_alike(link: Connection) -> None:
    theirs = connect_commerce(company=outsider().company, platform="partner", actor="test")
    paths = (
        f"/webhooks/square/{uuid4()}",
        f"/webhooks/nobody/{link.public_id}",
        f"/webhooks/partner/{link.public_id}",
        f"/webhooks/partner/{theirs.public_id}",
        f"/webhooks/square/{theirs.public_id}",
        "/webhooks/partner",
    )
    assert [ring(path, event()) for path in paths] == [404] * len(paths)


@pytest.mark.case("D11")
def test_a_body_of_more_than_a_megabyte_is_not_read(link: Connection) -> None:
    assert ring(of(link), event(filler="x" * 1024 * 1024)) == 413
    assert ring(of(link), event(filler="x" * 1000 * 1000)) == 200
    [noted] = IncomingWebhook.objects.all()
    assert (len(noted.body), noted.body_bytes > 1_000_000) == (deliveries.KEPT_BYTES, True)


def test_nonsense_that_is_signed_is_kept_and_breaks_nothing(link: Connection) -> None:
    link.settings = {**link.settings, "webhook_url": "https://proxy.example/hooks"}
    link.save()
    at = datetime.now(UTC).isoformat()
    for number, odd in enumerate(
        ({"event_id": 5}, {"event_id": ""}, {"type": None}, {"type": "x" * 5_000, "event_id": "\x00"})
    ):
        body = json.dumps({"created_at": at, "n": number, **odd}).encode()
        assert ring(of(link), body, url="https://proxy.example/hooks") == 200
    assert IncomingWebhook.objects.count() == 4


@pytest.mark.case("D14")
def test_one_address_for_all_sellers_of_the_app_reaches_the_one_whose_event_it_is(link: Connection) -> None:
    other = connect_commerce(company=outsider().company, platform="square", actor="test")
    other.settings = {"merchant_id": "MERCH2"}
    other.save()
    assert ring("/webhooks/square", event()) == 200
    assert list(IncomingWebhook.objects.values_list("connection_id", flat=True)) == [link.pk]
    assert ring("/webhooks/square", event(number=2, merchant_id="NOBODY")) == 200
    assert ring("/webhooks/square", event(number=3, merchant_id={"$ne": ""})) == 200
    assert ring("/webhooks/square", event(), key="another") == 401
    assert IncomingWebhook.objects.count() == 1


@pytest.mark.case("C12", "D14")
def test_a_revoked_authorization_ends_the_link(link: Connection) -> None:
    assert ring(of(link), event("oauth.authorization.revoked")) == 200
    link.refresh_from_db()
    assert link.status == Connection.Status.DEAUTHORIZED
    assert AuditEntry.objects.filter(code="connection.deauthorized").count() == 1
    assert jobs() == 0
    assert ring(of(link), event(number=2)) == 200
    assert jobs() == 0


def test_a_company_that_is_synced_by_the_clock_is_not_rung_for(link: Connection) -> None:
    save_schedule(company=link.company, frequency="daily", hour=3, zone="America/New_York", actor="test")
    assert ring(of(link), event()) == 200
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 0)


def test_a_company_that_is_paused_is_not_rung_for(link: Connection) -> None:
    pause(company=link.company, reason="Winter break", actor="merchant")
    assert ring(of(link), event()) == 200
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 0)


@pytest.mark.case("D12")
def test_a_connection_may_have_a_secret_of_its_own(link: Connection) -> None:
    credentials.store(connection_id=link.pk, secrets=Secrets(access_token="t", webhook_secrets=("old", "own")))
    assert [ring(of(link), event(number=n), key=key) for n, key in enumerate(("old", "own", KEY))] == [200] * 3
    assert "own" not in repr(credentials.load(link.pk))


def test_old_deliveries_are_forgotten(link: Connection) -> None:
    ring(of(link), event())
    assert deliveries.forget(at=datetime.now(UTC) + timedelta(days=29)) == 0
    assert deliveries.forget(at=datetime.now(UTC) + timedelta(days=31)) == 1


@pytest.mark.case("D02", "D04")
def test_a_missed_webhook_costs_nothing_but_time(link: Connection, settings: Any) -> None:
    """Two payments, one bell: the pull finds both, because it asks for what changed and not for what rang."""
    fake = FakeSquare()
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        server.otherwise = fake.answer
        link.settings = {**link.settings, "base_url": server.url}
        link.save()

        def pulled() -> int:
            with open_door(link, deliveries.declared_by("square")[0]) as door:  # type: ignore[index]
                pull_connection(link, Session(link.pk, link.company_id, link.settings, door))
            return RecordRow.objects.filter(kind="order", superseded=False).count()

        till = Straight(fake)
        till.pay(till.order({"location_id": "LOC1", "line_items": [line("Tea", 300)]}), 300)
        assert ring(of(link), event()) == 200
        assert pulled() == 1
        fake.later(hours=1)
        till.pay(till.order({"location_id": "LOC2", "line_items": [line("Tea", 300)]}), 300)
        assert pulled() == 2  # nobody rang
        link.settings = {**link.settings, "without_streams": ["orders", "cash_drawers"]}
        fake.later(hours=1)
        till.pay(till.order({"location_id": "LOC1", "line_items": [line("Tea", 300)]}), 300)
        assert pulled() == 2  # nobody is to ask


@pytest.mark.parametrize(
    ("constraint", "again"), [("incoming_webhook_once", "'d1'"), ("incoming_webhook_has_id", "''")]
)
def test_the_database_itself_refuses_a_delivery_twice_or_without_a_name(
    link: Connection, constraint: str, again: str
) -> None:
    into = "INSERT INTO connectors_incomingwebhook (connection_id, delivery_id, event, body, body_bytes, received_at)"
    with connection.cursor() as cursor:
        cursor.execute(f"{into} VALUES ({link.pk}, 'd1', '', '', 0, now())")
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            cursor.execute(f"{into} VALUES ({link.pk}, {again}, '', '', 0, now())")


def test_the_housekeeping_forgets_deliveries_that_nobody_asks_for_any_more(link: Connection) -> None:
    assert ring(of(link), event(number=1)) == 200
    assert ring(of(link), event(number=2)) == 200
    old = IncomingWebhook.objects.order_by("pk")[0]
    IncomingWebhook.objects.filter(pk=old.pk).update(received_at=datetime.now(UTC) - timedelta(days=31))
    housekeeping.clean()
    assert list(IncomingWebhook.objects.values_list("delivery_id", flat=True)) == ["e2"]
