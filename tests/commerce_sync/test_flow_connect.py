"""A merchant connects a platform, by consent in the browser or by a key: bound to session, state and proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client

from commerce_sync.setup_links import make_link
from connectors import consent, credentials, registry
from connectors.models import Connection
from ledger.models import AuditEntry, Partner
from ledger.services import now
from tests.connectors.server import PlatformServer, Seen, running

pytestmark = pytest.mark.django_db
CANARY = "canary-77aa-never-shown"


@pytest.fixture
def square(settings: Any) -> Iterator[PlatformServer]:
    """A server that takes Square's part."""
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"square": {"client_id": "app", "client_secret": CANARY}}
        server.routes["/oauth2/token"] = _tokens
        yield server


def _tokens(seen: Seen) -> dict[str, Any]:
    return {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 2_592_000, "merchant_id": "M1"}


def a_merchant(platform: str, name: str = "Rose & Crown") -> tuple[Client, Connection]:
    """A browser in the merchant's session, and the connection to the platform that waits."""
    link = make_link(
        partner=Partner.objects.get_or_create(name="Till Systems")[0],
        merchant=name,
        commerce=registry.commerce(platform),
        accounting=registry.accounting("books"),
        redirect_url="",
        actor="test",
    )
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(f"/flow/start/{link.company.public_id}", {"code": link.code}).status_code == 302
    return browser, link.company.connections.get(platform=platform)


def to_consent(browser: Client, row: Connection, server: PlatformServer) -> dict[str, str]:
    """The query with which the browser is sent to the platform."""
    Connection.objects.filter(pk=row.pk).update(settings={"base_url": server.url})
    sent = browser.get(f"/flow/connect/{row.public_id}")
    assert sent.status_code == 302, sent.content
    address = urlsplit(sent["Location"])
    assert (address.netloc, address.path) == (server.place, "/oauth2/authorize")
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def test_consent_in_the_browser_links_the_connection(square: PlatformServer) -> None:
    browser, row = a_merchant("square")
    assert b"Connect Square</a>" in browser.get("/flow/sales-system").content
    asked = to_consent(browser, row, square)
    assert (asked["client_id"], asked["redirect_uri"]) == ("app", "https://sync.example/oauth/callback/square")
    back = browser.get("/oauth/callback/square", {"code": "c1", "state": asked["state"]})
    assert (back.status_code, back["Location"]) == (302, "/flow/")
    row.refresh_from_db()
    assert row.status == "Linked"
    assert credentials.load(row.pk).access_token == "access-1"
    exchanged = json.loads(square.log[-1].body)
    assert (exchanged["code"], exchanged["redirect_uri"]) == ("c1", "https://sync.example/oauth/callback/square")
    assert b"Connect Built-in general ledger</" in browser.get("/flow/accounting-software").content


def test_a_seller_logs_in_anew_at_square_and_in_its_sandbox_as_the_sandbox_wants_it(square: PlatformServer) -> None:
    browser, row = a_merchant("square")
    assert to_consent(browser, row, square)["session"] == "false"
    sandbox = consent.begin(row, {"environment": "sandbox"}).address
    assert "session=" not in sandbox
    assert "scope=MERCHANT_PROFILE_READ" in sandbox


@pytest.mark.case("S07", "C15", "C16")
def test_a_code_comes_back_once_and_only_to_the_browser_that_went(square: PlatformServer) -> None:
    browser, row = a_merchant("square")
    asked = to_consent(browser, row, square)
    stranger, _ = a_merchant("square", "Other Pub")
    params = {"code": "c1", "state": asked["state"]}
    assert stranger.get("/oauth/callback/square", params).status_code == 401
    assert Client().get("/oauth/callback/square", params).status_code == 401
    assert browser.get("/oauth/callback/square", {"code": "c1", "state": "x" * 43}).status_code == 401
    assert browser.get("/oauth/callback/square", params).status_code == 302
    assert browser.get("/oauth/callback/square", params).status_code == 401
    assert len(square.log) == 1


@pytest.mark.case("C16")
@pytest.mark.django_db(transaction=True)
def test_of_two_returns_at_once_one_exchanges_the_code(square: PlatformServer) -> None:
    browser, row = a_merchant("square")
    params = {"code": "c1", "state": to_consent(browser, row, square)["state"]}
    twin = Client()
    twin.cookies = browser.cookies
    seconds: list[int] = []

    def while_the_first_is_at_it(seen: Seen) -> dict[str, Any]:
        try:
            seconds.append(twin.get("/oauth/callback/square", params).status_code)
        finally:
            connection.close()
        return _tokens(seen)

    square.routes["/oauth2/token"] = while_the_first_is_at_it
    assert browser.get("/oauth/callback/square", params).status_code == 302
    assert (seconds, len(square.log)) == ([401], 1)
    row.refresh_from_db()
    assert row.status == "Linked"


@pytest.mark.case("C15")
@pytest.mark.parametrize("params", [{"error": "access_denied"}, {}, {"code": ""}])
def test_a_refusal_is_told_kindly_and_can_be_tried_again(square: PlatformServer, params: dict[str, str]) -> None:
    browser, row = a_merchant("square")
    asked = to_consent(browser, row, square)
    refused = browser.get("/oauth/callback/square", {**params, "state": asked["state"]})
    assert refused.status_code == 400
    assert b"Try again" in refused.content
    row.refresh_from_db()
    assert (row.status, square.log) == ("PendingAuth", [])
    [noted] = AuditEntry.objects.filter(code="connection.not_completed")
    assert (noted.company_id, noted.subject, noted.actor) == (row.company_id, str(row.public_id), "merchant")


@pytest.mark.case("S07", "C15")
def test_a_return_after_ten_minutes_is_too_late(square: PlatformServer) -> None:
    browser, row = a_merchant("square")
    asked = to_consent(browser, row, square)
    with time_machine.travel(now() + timedelta(minutes=10, seconds=1), tick=False):
        assert browser.get("/oauth/callback/square", {"code": "c1", "state": asked["state"]}).status_code == 400
    assert square.log == []


def test_a_platform_that_is_down_or_says_no_leaves_the_connection_waiting(square: PlatformServer) -> None:
    browser, row = a_merchant("square")
    for fault, status in (("err500_before", 409), ("e401", 400)):
        asked = to_consent(browser, row, square)
        square.fail(fault, times=5)
        failed = browser.get("/oauth/callback/square", {"code": "secret-code-1", "state": asked["state"]})
        square.faults.clear()
        assert failed.status_code == status, failed.content
        assert b"secret-code-1" not in failed.content
        assert CANARY.encode() not in failed.content
    row.refresh_from_db()
    assert row.status == "PendingAuth"


def test_without_a_client_the_merchant_is_not_told_of_settings(square: PlatformServer, settings: Any) -> None:
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {}
    browser, row = a_merchant("square")
    answered = browser.get(f"/flow/connect/{row.public_id}")
    assert answered.status_code == 409
    assert b"COMMERCE_SYNC" not in answered.content
    assert b"cannot be connected here at the moment" in answered.content


def test_a_key_is_typed_in_and_never_shown_again(settings: Any) -> None:
    browser, row = a_merchant("partner_pull")
    form = browser.get(f"/flow/connect/{row.public_id}")
    assert (form.status_code, form["Referrer-Policy"]) == (200, "same-origin")
    token = browser.cookies["csrftoken"].value
    given = {"base_url": "https://sales.till.example/api", "apiKey": CANARY, "csrfmiddlewaretoken": token}
    assert browser.post(f"/flow/connect/{row.public_id}", {**given, "csrfmiddlewaretoken": "x"}).status_code == 403
    bad = browser.post(f"/flow/connect/{row.public_id}", {**given, "base_url": "http://10.0.0.1/"})
    assert bad.status_code == 400
    assert b'id="base_url-problem"' in bad.content
    assert CANARY.encode() not in bad.content
    assert browser.post(f"/flow/connect/{row.public_id}", given)["Location"] == "/flow/"
    row.refresh_from_db()
    assert (row.status, credentials.load(row.pk).api_key) == ("Linked", CANARY)
    assert CANARY.encode() not in browser.get(f"/flow/connect/{row.public_id}").content


def test_another_company_s_connection_is_out_of_reach() -> None:
    browser, _ = a_merchant("partner_pull")
    _, theirs = a_merchant("partner_pull", "Other Pub")
    assert browser.get(f"/flow/connect/{theirs.public_id}").status_code == 401
    assert Client().get(f"/flow/connect/{theirs.public_id}").status_code == 401
