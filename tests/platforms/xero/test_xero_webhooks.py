"""Xero rings for all organisations of our app at one address: what is ours is read back, and nothing else happens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from commerce_sync.models import Job
from commerce_sync.services import save_schedule
from connectors import push_send
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.models import Binding, IncomingWebhook, PushItem
from ledger.models import AuditEntry
from tests.platforms.targets import Linked, a_month
from tests.platforms.xero.fake import TENANT, Fake, guid, running

pytestmark = pytest.mark.django_db
KEY = "xero-webhooks-signing-key"


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": {**state.client, "webhook_secrets": [KEY]}}
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(Xero, "budget", Budget())
        yield state


@pytest.fixture
def shop(fake: Fake) -> Linked:
    """A month of invoices that is at Xero and was read back; the company is synced when something happens."""
    found = Linked("xero", fake, "invoice")
    found.post(*a_month())
    assert found.settle().undelivered == 0
    save_schedule(company=found.company, frequency="event", hour=3, zone="Europe/London", actor="test")
    return found


def told(*resources: str, at: datetime | None = None, tenant: str = TENANT) -> bytes:
    """A webhook about things such as ``Invoices/<id>``."""
    events = [
        {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/{resource}",
            "resourceId": resource.partition("/")[2],
            "eventDateUtc": (at or datetime.now(UTC)).replace(tzinfo=None).isoformat(timespec="milliseconds"),
            "eventType": "UPDATE",
            "eventCategory": resource.partition("/")[0].upper().removesuffix("S"),
            "tenantId": tenant,
            "tenantType": "ORGANISATION",
        }
        for resource in resources
    ]
    body = {"events": events, "firstEventSequence": 1, "lastEventSequence": len(events), "entropy": "S0m3r4Nd0mt3xt"}
    return json.dumps(body).encode()


def ring(body: bytes, key: str = KEY) -> HttpResponse:
    signature = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
    client = Client(enforce_csrf_checks=True)
    found: HttpResponse = client.post(
        "/webhooks/xero", body, content_type="application/json", headers={"x-xero-signature": signature}
    )
    return found


def an_invoice(shop: Linked) -> Binding:
    return Binding.objects.filter(connection=shop.connection, kind="invoice").order_by("pk")[0]


def unread() -> set[str]:
    return set(Binding.objects.filter(verified_at=None).values_list("remote_id", flat=True))


def jobs() -> int:
    return Job.objects.filter(key__startswith="retry:").count()


def test_the_intent_to_receive_is_answered_as_xero_checks_it(shop: Linked) -> None:
    wrong, right = ring(told(), "another key"), ring(told())
    assert (wrong.status_code, right.status_code) == (401, 200)
    for answer in (wrong, right):
        assert (answer.content, dict(answer.cookies)) == (b"", {})
        assert "Set-Cookie" not in answer.headers
    assert IncomingWebhook.objects.count() == 0


def test_an_invoice_that_was_changed_is_read_back_with_its_payments_and_rung_for(shop: Linked) -> None:
    invoice = an_invoice(shop)
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert ring(told("Contacts/c1", invoice.remote_id, at=later)).status_code == 200
    [noted] = IncomingWebhook.objects.all()
    assert (noted.connection_id, noted.event) == (shop.connection.pk, "CONTACT")
    posting = invoice.document.posting_id
    payments = Binding.objects.filter(kind="payment", document__posting_id=posting)
    assert unread() == {invoice.remote_id, *payments.values_list("remote_id", flat=True)}
    assert jobs() == 1
    shop.deliver()
    assert unread() == set()
    assert set(Binding.objects.values_list("agrees", flat=True)) == {True}


def test_what_a_person_changed_or_took_back_is_told_and_not_made_again(shop: Linked, fake: Fake) -> None:
    changed, gone = Binding.objects.filter(connection=shop.connection, kind="invoice").order_by("pk")[:2]
    rows = fake.organisation.rows["Invoices"]
    row = rows[changed.remote_id.partition("/")[2]]
    row["LineItems"][0]["LineAmount"] += Decimal("1.00")
    row["Total"] += Decimal("1.00")
    rows[gone.remote_id.partition("/")[2]]["Status"] = "VOIDED"
    before = len(fake.documents())
    later = datetime.now(UTC) + timedelta(minutes=5)
    ring(told(changed.remote_id, gone.remote_id, at=later))
    assert shop.settle().written == 0
    codes = dict(AuditEntry.objects.filter(code__startswith="document.").values_list("subject", "code"))
    assert codes[changed.document.reference] == "document.mismatch"
    assert codes[gone.document.reference] == "document.removed"
    assert PushItem.objects.get(binding=gone).state == "removed"
    assert len(fake.documents()) == before


def test_the_echo_of_our_own_writing_asks_for_nothing(shop: Linked) -> None:
    invoice = an_invoice(shop)
    ring(told(invoice.remote_id, at=invoice.bound_at - timedelta(minutes=1)))
    assert (unread(), jobs(), IncomingWebhook.objects.count()) == (set(), 0, 1)


def test_the_same_webhook_again_counts_once(shop: Linked) -> None:
    body = told(an_invoice(shop).remote_id, at=datetime.now(UTC) + timedelta(minutes=5))
    assert [ring(body).status_code for _ in range(2)] == [200, 200]
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 1)


def test_another_organisations_events_are_nobodys(shop: Linked) -> None:
    body = told(an_invoice(shop).remote_id, tenant=guid("another"), at=datetime.now(UTC) + timedelta(days=1))
    assert ring(body).status_code == 200
    assert (unread(), IncomingWebhook.objects.count()) == (set(), 0)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"events":1}', b'{"events":[{"tenantId":5}]}', b"\xff"])
def test_nonsense_that_is_signed_breaks_nothing(shop: Linked, body: bytes) -> None:
    assert ring(body).status_code == 200
    assert Xero().heard(body, TENANT).documents == {}
    assert unread() == set()
