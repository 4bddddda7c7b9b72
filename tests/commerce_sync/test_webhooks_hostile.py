"""Bells that come at once, by the thousand, out of order, spoiled or made up: each counts once or not at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce_sync import unheard
from commerce_sync.models import Job, Schedule, Sync
from commerce_sync.webhook_views import MOST_BYTES
from connectors import registry
from connectors.models import Connection, IncomingWebhook
from connectors.services import deauthorize
from ledger.services import now
from tests.commerce_sync.bells import CLIENT, KEY, a_ringing_shop, event, jobs, of, ring

pytestmark = pytest.mark.django_db
STATEMENTS = 12  # of one delivery, those of its transaction included
RINGING = sorted(each.slug for each in registry.platforms() if each.webhooks is not None)


@pytest.fixture(autouse=True)
def _settings(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = dict.fromkeys((each.key for each in registry.platforms()), CLIENT)


@pytest.fixture
def link(request: pytest.FixtureRequest) -> Connection:
    request.getfixturevalue("transactional_db" if "at_once" in request.node.name else "db")
    return a_ringing_shop()


@pytest.mark.case("D01", "D08")
@pytest.mark.django_db(transaction=True)
def test_the_same_delivery_five_times_at_once_is_noted_and_rings_once(link: Connection) -> None:
    body, gate, answers = event(), threading.Barrier(5), list[int]()

    def deliver() -> None:
        try:
            gate.wait(5)
            answers.append(ring(of(link), body))
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 5
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 1)


@pytest.mark.case("D02", "D03")
def test_what_a_delivery_says_is_not_believed_and_its_order_is_none(link: Connection) -> None:
    """A refund before its sale, and a sale that is repeated with an amount of before: a bell, and nothing more."""
    told = [
        event("refund.created", 2, data={"object": {"refund": {"id": "R1", "amount_money": {"amount": 5}}}}),
        event("payment.updated", 3, data={"object": {"payment": {"id": "P1", "amount_money": {"amount": 999}}}}),
        event("payment.created", 1, data={"object": {"payment": {"id": "P1", "amount_money": {"amount": 1}}}}),
    ]
    assert [ring(of(link), body) for body in told] == [200] * 3
    [job] = Job.objects.filter(key__startswith="event:")
    assert job.payload == {"trigger": "event"}
    assert IncomingWebhook.objects.count() == 3


@pytest.mark.case("D06")
def test_a_body_that_was_written_anew_on_its_way_is_not_believed(link: Connection) -> None:
    path, body = of(link), event()
    signature = hmac.new(KEY.encode(), f"http://testserver{path}".encode() + body, hashlib.sha256).digest()
    given = {"x-square-hmacsha256-signature": base64.b64encode(signature).decode()}

    def answered(written: bytes) -> int:
        return Client().post(path, written, content_type="application/json", headers=given).status_code

    assert [answered(json.dumps(json.loads(body), indent=1).encode()), answered(body + b" ")] == [401, 401]
    assert answered(body) == 200


@pytest.mark.case("D09")
def test_a_storm_of_bells_costs_a_handful_of_statements_each_and_is_one_sync(link: Connection) -> None:
    most = 0
    for number in range(20):
        with CaptureQueriesContext(connection) as asked:
            assert ring(of(link), event(number=number)) == 200
        most = max(most, len(asked))
    assert (IncomingWebhook.objects.count(), jobs()) == (20, 1)
    assert most <= STATEMENTS


@pytest.mark.case("D10")
@pytest.mark.django_db(transaction=True)
def test_a_delivery_while_the_database_is_away_is_asked_for_again_at_once_or_later(
    link: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of(link)
    with monkeypatch.context() as patched:
        connection.close()
        patched.setitem(connection.settings_dict, "HOST", "/nowhere")
        for address in (path, "/webhooks/square"):
            assert ring(address, event()) == 503
        connection.close()
    assert ring(path, event()) == 200
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 1)


@pytest.mark.case("D11")
def test_a_body_that_is_said_to_be_huge_is_not_read(link: Connection) -> None:
    class Unread:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    for said in (str(50 * 1024 * 1024), "9" * 4_301, "²", "-1"):
        answer = Client().generic("POST", of(link), b"", CONTENT_LENGTH=said, **{"wsgi.input": Unread()})
        assert answer.status_code == 413


@pytest.mark.case("D11")
def test_what_is_packed_stays_packed_and_depth_is_no_error_of_ours(link: Connection) -> None:
    bomb = gzip.compress(b"0" * 50 * 1024 * 1024)
    assert len(bomb) < MOST_BYTES
    assert ring(of(link), bomb, **{"Content-Encoding": "gzip"}) == 401  # it does not say when it happened
    for deep in (b"[" * 500_000, b'{"a":' * 100_000):
        assert ring(of(link), deep) == 401
    assert (IncomingWebhook.objects.count(), jobs()) == (0, 0)


@pytest.mark.case("D14")
def test_a_bell_of_a_shop_that_is_not_linked_any_more_is_kept_and_makes_no_work(link: Connection) -> None:
    deauthorize(connection_id=link.pk, actor="test", reason="taken away")
    assert ring(of(link), event()) == 200
    assert ring("/webhooks/square", event(number=2)) == 200
    assert ring("/webhooks/square", event(number=3, merchant_id="NOBODY")) == 200
    assert (IncomingWebhook.objects.count(), jobs()) == (1, 0)


def synced(link: Connection, hours: float, code: int = 2000) -> None:
    """The company's last sync was so long ago."""
    Sync.objects.all().delete()
    at = now() - timedelta(hours=hours)
    Sync.objects.create(company=link.company, trigger="event", code=code, started_at=at, finished_at=at)


@pytest.mark.case("D04", "D13")
def test_a_shop_whose_platform_has_not_rung_for_six_hours_is_asked_all_the_same(link: Connection) -> None:
    assert unheard.ask() == 0  # it was never synced: its set-up asks for the first time
    synced(link, 5)
    assert unheard.ask() == 0
    synced(link, 7)
    assert (unheard.ask(), unheard.ask(), jobs()) == (1, 0, 1)
    Job.objects.all().delete()
    for change in ({"paused_at": now(), "pause_reason": "winter"}, {"enabled": False}):
        Schedule.objects.update(**change)
        assert unheard.ask() == 0
        Schedule.objects.update(paused_at=None, pause_reason="", enabled=True)
    synced(link, 7, code=4220)
    assert unheard.ask() == 0  # somebody has to act first
    synced(link, 7, code=5120)
    assert unheard.ask() == 1  # the platform was down, and nobody would try again


@pytest.mark.case("D04")
def test_a_shop_that_only_pushes_is_synced_again_only_after_a_failure(link: Connection) -> None:
    Connection.objects.filter(pk=link.pk).update(platform="partner")
    synced(link, 7)
    assert unheard.ask() == 0
    synced(link, 7, code=5130)
    assert unheard.ask() == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_NAMED = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("merchant_id", "type", "event_id", "created_at", "id", "events", "eventNotifications", "account"), _JSON
    ),
)
_BODIES = st.binary(max_size=300) | (_JSON | _NAMED).map(lambda value: json.dumps(value).encode())
_HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "x-square-hmacsha256-signature",
            "x-shopify-hmac-sha256",
            "x-shopify-shop-domain",
            "x-shopify-event-id",
            "x-wc-webhook-signature",
            "x-wc-webhook-delivery-id",
            "x-xero-signature",
            "intuit-signature",
            "stripe-signature",
            "content-encoding",
            "content-type",
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60) | st.just("t=1,v1=00"),
    max_size=4,
)


@pytest.mark.case("D05", "D11")
def test_whatever_is_sent_without_the_platforms_signature_is_turned_away_and_does_nothing(db: None) -> None:
    assert len(RINGING) >= 6

    @settings(max_examples=60)
    @given(slug=st.sampled_from(RINGING), body=_BODIES, headers=_HEADERS)
    def turned_away(slug: str, body: bytes, headers: dict[str, str]) -> None:
        answer = Client().post(f"/webhooks/{slug}", body, content_type="application/json", headers=headers)
        assert answer.status_code in (401, 404)
        assert answer.content == b""

    turned_away()
    assert (IncomingWebhook.objects.count(), Job.objects.count()) == (0, 0)


@pytest.mark.case("D05")
def test_whatever_the_platform_itself_signs_breaks_nothing(link: Connection) -> None:
    @settings(max_examples=25)
    @given(body=_BODIES)
    def answered(body: bytes) -> None:
        for path in (of(link), "/webhooks/square"):
            assert ring(path, body) in (200, 401)

    answered()
    assert jobs() <= 1
