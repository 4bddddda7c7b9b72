"""A merchant lets us into Stripe: by Connect's consent, or by a restricted key, and out again from either side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe as vendor

from connectors import credentials
from connectors.authorizing import authorize, unlink
from connectors.errors import NotAuthorized
from connectors.http import open_door
from connectors.models import Connection, Credential
from connectors.pull import pull_connection
from connectors.registry import commerce
from connectors.session import Session
from ledger.models import AuditEntry
from tests.commerce_sync.test_flow_connect import a_merchant
from tests.connectors.server import PlatformServer, Seen, running
from tests.platforms.stripe.fake import APP_SECRET, FakeStripe

pytestmark = pytest.mark.django_db
CALLBACK = "https://sync.example/oauth/callback/stripe"
STRIPE = commerce("stripe")


@pytest.fixture
def fake() -> FakeStripe:
    return FakeStripe(codes={"ac_1"})


@pytest.fixture
def server(settings: Any, fake: FakeStripe) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"stripe": {"client_id": "ca_us", "client_secret": APP_SECRET}}
        state.otherwise = fake.answer
        yield state


def vendor_of(server: PlatformServer) -> vendor.StripeClient:
    return vendor.StripeClient(APP_SECRET, client_id="ca_us", base_addresses={"connect": server.url})


def linked(server: PlatformServer) -> Connection:
    """A merchant who has consented."""
    browser, row = a_merchant("stripe")
    Connection.objects.filter(pk=row.pk).update(settings={"base_url": server.url})
    sent = browser.get(f"/flow/connect/{row.public_id}")
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    back = browser.get("/oauth/callback/stripe", {"code": "ac_1", "state": state, "scope": "read_only"})
    assert (back.status_code, back["Location"]) == (302, "/flow/")
    row.refresh_from_db()
    return row


def form_of(seen: Seen) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs((seen.body or b"").decode()).items()}


def pull(row: Connection) -> int:
    with open_door(row, STRIPE) as door:
        return pull_connection(row, Session(row.pk, row.company_id, row.settings, door)).rows


def test_the_merchant_is_sent_where_the_vendor_s_library_sends_them(server: PlatformServer) -> None:
    browser, row = a_merchant("stripe")
    ours = urlsplit(browser.get(f"/flow/connect/{row.public_id}")["Location"])
    query = {name: values[0] for name, values in parse_qs(ours.query).items()}
    asked = {"redirect_uri": CALLBACK, "state": query["state"], "scope": "read_only"}
    theirs = urlsplit(vendor.StripeClient(APP_SECRET, client_id="ca_us").oauth.authorize_url(asked))  # type: ignore[arg-type]
    assert ours[:3] == theirs[:3]
    assert query == {name: values[0] for name, values in parse_qs(theirs.query).items()}


def test_a_consent_links_the_account_whose_own_token_is_used_without_naming_it(
    server: PlatformServer, fake: FakeStripe
) -> None:
    row = linked(server)
    assert (row.status, row.settings["stripe_account"]) == ("Linked", "acct_7")
    held = credentials.load(row.pk)
    assert (held.access_token, held.expires_at) == ("rk_of_acct_7", None)
    fake.pay(1_000)
    fake.asked.clear()
    assert pull(row) > 0
    assert {seen.headers["authorization"] for seen in fake.asked} == {"Bearer rk_of_acct_7"}
    assert not [seen for seen in fake.asked if "stripe-account" in seen.headers]


def test_what_we_send_for_a_token_holds_all_that_the_vendor_s_library_sends(
    server: PlatformServer, fake: FakeStripe
) -> None:
    client = vendor_of(server)
    answer = client.oauth.token({"grant_type": "authorization_code", "code": "ac_1"})
    theirs = form_of(fake.asked[-1])
    assert client.oauth.deauthorize({"stripe_user_id": "acct_7"})["stripe_user_id"] == "acct_7"
    fake.codes.add("ac_1")
    row = linked(server)
    ours = form_of(fake.asked[-1])
    assert ours["client_secret"] == APP_SECRET
    assert theirs == {name: ours[name] for name in theirs}
    assert set(ours) - set(theirs) <= {"client_id", "client_secret", "redirect_uri"}
    assert answer["access_token"] == credentials.load(row.pk).access_token


def test_a_code_that_was_used_is_told_and_links_nothing(server: PlatformServer, fake: FakeStripe) -> None:
    fake.codes.clear()
    browser, row = a_merchant("stripe")
    Connection.objects.filter(pk=row.pk).update(settings={"base_url": server.url})
    state = parse_qs(urlsplit(browser.get(f"/flow/connect/{row.public_id}")["Location"]).query)["state"][0]
    back = browser.get("/oauth/callback/stripe", {"code": "ac_1", "state": state})
    assert back.status_code == 400
    assert b"log in there again" in back.content
    assert not Credential.objects.filter(connection=row).exists()


@pytest.mark.django_db(transaction=True)
def test_unlinking_gives_the_access_back_for_the_account_and_with_the_app_s_secret(
    server: PlatformServer, fake: FakeStripe
) -> None:
    row = linked(server)
    unlink(connection=row, actor="test")
    last = fake.asked[-1]
    assert (last.method, last.path) == ("POST", "/oauth/deauthorize")
    assert last.headers["authorization"] == f"Bearer {APP_SECRET}"
    assert form_of(last) == {"client_id": "ca_us", "stripe_user_id": "acct_7"}
    assert fake.keys == {"rk_test_stripe"}
    assert not AuditEntry.objects.filter(code="connection.access_not_returned").exists()


def test_an_access_that_the_merchant_ended_at_stripe_ends_the_pull(server: PlatformServer, fake: FakeStripe) -> None:
    row = linked(server)
    fake.keys.clear()
    with pytest.raises(NotAuthorized):
        pull(row)


def test_without_an_app_of_ours_the_merchant_is_asked_for_a_key_and_told_where_it_is(
    server: PlatformServer, fake: FakeStripe, settings: Any
) -> None:
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {}
    browser, row = a_merchant("stripe")
    Connection.objects.filter(pk=row.pk).update(settings={"base_url": server.url})
    page = browser.get(f"/flow/connect/{row.public_id}").content.decode()
    assert "Restricted key (rk_…)" in page
    assert "Create restricted key" in page
    authorize(connection=row, secrets={"apiKey": "rk_test_stripe"}, actor="test")
    row.refresh_from_db()
    fake.pay(1_000)
    assert pull(row) > 0


def test_a_key_is_taken_where_a_consent_is_possible_too_and_is_not_given_back(
    server: PlatformServer, fake: FakeStripe
) -> None:
    _, row = a_merchant("stripe")
    Connection.objects.filter(pk=row.pk).update(settings={"base_url": server.url})
    authorize(connection=row, secrets={"apiKey": "rk_test_stripe", "stripe_account": "acct_9"}, actor="test")
    row.refresh_from_db()
    fake.pay(1_000)
    pull(row)
    assert {seen.headers.get("stripe-account") for seen in fake.asked} == {"acct_9"}
    fake.asked.clear()
    unlink(connection=row, actor="test")
    assert fake.asked == []
