"""Shopify over the wire: points run out inside answers of 200, tokens rotate, and deliveries lead to their shop."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from connectors import credentials
from connectors.auth import Secrets
from connectors.errors import Refused, Waiting
from connectors.models import Connection, Credential, IncomingWebhook
from ledger.models import AuditEntry, RecordRow
from tests.connectors.server import Answer, PlatformServer, Seen, running
from tests.platforms.test_conformance_wire import Linked

pytestmark = pytest.mark.django_db
SECRET = "shpss_test_secret"
Json = dict[str, Any]


@pytest.fixture
def linked(settings: Any, tmp_path: Path) -> Iterator[Linked]:
    settings.STATIC_ROOT = tmp_path  # the directory that a deployment makes; its absence would be warned of
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"shopify": {"client_id": "us", "client_secret": SECRET}}
        yield Linked("shopify", state)


def first_says(server: PlatformServer, *answers: Any) -> None:
    """These answers come first, then those of the pages."""
    waiting, route = list(answers), server.otherwise
    assert route is not None
    server.otherwise = lambda seen: waiting.pop(0) if waiting else route(seen)


def throttled(asked: float, left: float) -> Json:
    status = {"maximumAvailable": 2_000.0, "currentlyAvailable": left, "restoreRate": 100.0}
    cost = {"requestedQueryCost": asked, "actualQueryCost": None, "throttleStatus": status}
    return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}


def test_a_throttled_question_is_asked_again_when_the_bucket_holds_it(linked: Linked) -> None:
    first_says(linked.server, throttled(700, 100))
    assert linked.pull_one() > 0
    assert any(6 <= pause < 7.5 for pause in linked.slept)


def test_a_bucket_that_fills_too_slowly_is_left_to_the_schedule(linked: Linked) -> None:
    first_says(linked.server, throttled(1_000, -5_000))
    with pytest.raises(Waiting) as waiting:
        linked.pull_one()
    assert waiting.value.until > datetime.now(UTC) + timedelta(seconds=50)
    assert len(linked.server.log) == 1


def test_the_next_question_waits_before_it_would_be_refused(linked: Linked) -> None:
    """The answer is good; what is left in the bucket is not enough for another one like it."""
    route = linked.route

    def nearly_empty(seen: Seen) -> Any:
        return {**route(seen), "extensions": throttled(400, 50)["extensions"]}

    linked.server.otherwise = nearly_empty
    assert linked.pull_one() > 0
    assert sum(linked.slept) >= 3 * (len(linked.server.log) - 1) > 0


def test_a_right_that_is_missing_ends_the_pull_and_says_what_to_do(linked: Linked) -> None:
    denied = {"message": "Access denied for orders field.", "extensions": {"code": "ACCESS_DENIED"}}
    first_says(linked.server, {"data": {"orders": None}, "errors": [denied]})
    with pytest.raises(Refused, match="Access denied") as refused:
        linked.pull_one()
    assert "Connect again" in refused.value.remedy


def test_tokens_rotate_at_the_shop_s_own_address_and_both_ends_are_kept(linked: Linked) -> None:
    ended = Secrets(access_token="old", refresh_token="first", expires_at=datetime.now(UTC) - timedelta(minutes=1))
    credentials.store(connection_id=linked.connection.pk, secrets=ended)
    asked: list[Json] = []

    def answer(seen: Seen) -> Any:
        if seen.path != "/admin/oauth/access_token":
            assert seen.headers["x-shopify-access-token"] == "new"
            return linked.route(seen)
        asked.append(json.loads(seen.body))
        fresh = {"access_token": "new", "refresh_token": "second", "scope": "read_orders"}
        return {**fresh, "expires_in": 3_600, "refresh_token_expires_in": 7_776_000}

    linked.server.otherwise = answer
    assert linked.pull_one() > 0
    assert asked == [
        {"grant_type": "refresh_token", "refresh_token": "first", "client_id": "us", "client_secret": SECRET}
    ]
    kept = credentials.load(linked.connection.pk)
    assert kept.refresh_token == "second"
    assert kept.refresh_expires_at is not None
    assert kept.refresh_expires_at > datetime.now(UTC) + timedelta(days=89)


def test_a_shop_that_is_closed_is_told_by_its_status(linked: Linked) -> None:
    first_says(linked.server, Answer(402, {"errors": "Unavailable Shop"}))
    with pytest.raises(Refused) as refused:
        linked.pull_one()
    assert refused.value.reason == "subscription_expired"


def ring(shop: str, topic: str = "orders/updated", secret: str = SECRET, number: int = 1) -> int:
    body = json.dumps({"id": number, "customer": {"email": "jane@example.com"}}).encode()
    headers = {
        "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode(),
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Webhook-Id": f"w{number}",
    }
    answer = Client().post("/webhooks/shopify", body, content_type="application/json", headers=headers)
    return int(answer.status_code)


def test_a_delivery_to_the_address_of_the_app_leads_to_its_shop_and_counts_once(linked: Linked) -> None:
    assert [ring("some-shop.myshopify.com") for _ in range(2)] == [200, 200]
    assert ring("another-shop.myshopify.com", number=2) == 200
    assert ring("some-shop.myshopify.com", secret="another", number=3) == 401
    assert list(IncomingWebhook.objects.values_list("connection_id", "delivery_id", "event")) == [
        (linked.connection.pk, "w1", "orders/updated")
    ]


def test_an_app_that_was_uninstalled_ends_the_link(linked: Linked) -> None:
    assert ring("some-shop.myshopify.com", "app/uninstalled") == 200
    linked.connection.refresh_from_db()
    assert linked.connection.status == Connection.Status.DEAUTHORIZED


def bodies() -> dict[str, bytes]:
    """Event → what is kept of its delivery."""
    return {row.event: bytes(row.body) for row in IncomingWebhook.objects.all()}


def test_a_person_who_asks_to_be_forgotten_is_found_in_no_delivery_and_the_books_stay(linked: Linked) -> None:
    linked.pull()
    before = RecordRow.objects.count()
    assert ring("some-shop.myshopify.com") == 200
    assert b"jane@example.com" in bodies()["orders/updated"]
    assert ring("some-shop.myshopify.com", "customers/redact", number=2) == 200
    assert ring("some-shop.myshopify.com", "customers/data_request", number=3) == 200
    assert bodies() == {"orders/updated": b"", "customers/redact": b"", "customers/data_request": b""}
    said = AuditEntry.objects.filter(code="connection.privacy_request").order_by("id")
    assert [entry.detail["event"] for entry in said] == ["customers/redact", "customers/data_request"]
    linked.connection.refresh_from_db()
    assert linked.connection.status == Connection.Status.LINKED
    assert RecordRow.objects.count() == before


def test_a_shop_that_is_to_be_forgotten_after_the_app_was_uninstalled_leaves_no_secret_behind(linked: Linked) -> None:
    ring("some-shop.myshopify.com")
    ring("some-shop.myshopify.com", "app/uninstalled", number=2)
    assert ring("some-shop.myshopify.com", "shop/redact", secret="another", number=3) == 401
    assert Credential.objects.filter(connection=linked.connection).exists()
    assert ring("some-shop.myshopify.com", "shop/redact", number=3) == 200
    assert not Credential.objects.filter(connection=linked.connection).exists()
    assert bodies()["orders/updated"] == b""


def test_a_shop_that_is_linked_again_by_then_keeps_its_access(linked: Linked) -> None:
    assert ring("some-shop.myshopify.com", "shop/redact") == 200
    assert Credential.objects.filter(connection=linked.connection).exists()
    assert ring("another-shop.myshopify.com", "shop/redact", number=2) == 200  # of whom nothing is known
