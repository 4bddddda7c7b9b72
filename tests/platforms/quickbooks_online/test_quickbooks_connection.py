"""The life of a connection to QuickBooks: log-in, renewal, ends of either side's making, and log-in again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from connectors import consent, credentials, push_send
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.authorizing import BadAuthorization, authorize, unlink
from connectors.declare import Budget
from connectors.errors import BadCallback, NotAuthorized, PlatformDown
from connectors.models import Connection, Credential
from connectors.options import refresh_options
from connectors.services import deauthorize
from ledger.models import AuditEntry
from ledger.services import now
from tests.ledger.builders import an_order
from tests.platforms.quickbooks_online.cast import a_shop, states
from tests.platforms.quickbooks_online.fake import REALM, Fake, running
from tests.platforms.targets import Linked

pytestmark = pytest.mark.django_db
OTHER: Any = "9130000000000000001"


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
        client = {"client_id": "app", "client_secret": "not-told", "redirect_uri": "https://sync.example/back"}
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"quickbooks_online": client}
        yield company


@pytest.fixture
def shop(fake: Fake) -> Linked:
    """A merchant whose order is at QuickBooks."""
    found = a_shop(fake, "journal", an_order("o1"))
    found.deliver()
    assert states(found) == ["pushed"]
    return found


def log_in(link: Connection, fake: Fake, *, realm: str = REALM, **more: str) -> Connection:
    """The merchant's way to Intuit's page and back."""
    begun = consent.begin(link, {})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.address).query).items()}
    assert begun.address.startswith("https://appcenter.intuit.com/connect/oauth2?")
    assert (asked["client_id"], asked["response_type"], asked["state"]) == ("app", "code", begun.state)
    assert (asked["scope"], asked["redirect_uri"]) == (
        "com.intuit.quickbooks.accounting",
        "https://sync.example/back",
    )
    fake.company.code = "the-code"
    return consent.finish(begun.consent, {"code": "the-code", "realmId": realm, **more}, actor="merchant")


def lost(shop: Linked) -> Connection:
    """The connection as it is after Intuit ended the access."""
    deauthorize(connection_id=shop.connection.pk, actor="sync", reason="invalid_grant")
    return Connection.objects.get(pk=shop.connection.pk)


def test_a_log_in_links_the_company_that_the_merchant_chose(shop: Linked, fake: Fake) -> None:
    Credential.objects.all().delete()
    link = lost(shop)
    link.settings = {"base_url": fake.server.url}
    link.save()
    linked = log_in(link, fake)
    assert (linked.status, linked.settings["realmId"]) == ("Linked", REALM)
    assert linked.settings["company_name"] == "Rose & Crown"
    kept = credentials.load(link.pk)
    assert {kept.access_token} == fake.company.tokens
    assert kept.refresh_expires_at is not None
    assert timedelta(days=100) < kept.refresh_expires_at - now() < timedelta(days=102)


def test_a_refusal_or_a_code_that_is_used_changes_nothing(shop: Linked, fake: Fake) -> None:
    link = lost(shop)
    with pytest.raises(BadCallback):
        log_in(link, fake, error="access_denied")
    begun = consent.begin(link, {})
    with pytest.raises(BadAuthorization):
        consent.finish(begun.consent, {"code": "used", "realmId": REALM}, actor="merchant")
    with pytest.raises(BadAuthorization) as odd:
        consent.finish(begun.consent, {"code": "the-code", "realmId": "1/../2"}, actor="merchant")
    assert "digits" in str(odd.value)
    assert Connection.objects.get(pk=link.pk).status == "Deauthorized"


def test_access_that_the_partner_has_already_links_as_well(shop: Linked, fake: Fake) -> None:
    link = lost(shop)
    fake.company.grant()
    tokens = {"access_token": min(fake.company.tokens), "refresh_token": fake.company.refresh}
    fields = {**tokens, "expires_in": "3600", "realmId": REALM}
    assert authorize(connection=link, secrets=fields, actor="partner").status == "Linked"
    assert refresh_options(Connection.objects.get(pk=link.pk)) > 50


def test_a_token_near_its_end_is_renewed_before_it_is_used_and_the_new_pair_kept(shop: Linked, fake: Fake) -> None:
    log_in(lost(shop), fake)
    first = credentials.load(shop.connection.pk)
    with time_machine.travel(now() + timedelta(minutes=56), tick=True):
        refresh_options(shop.connection)
        second = credentials.load(shop.connection.pk)
        refresh_options(shop.connection)
        assert credentials.load(shop.connection.pk) == second
    assert {second.access_token} == fake.company.tokens != {first.access_token}
    assert (second.refresh_token, first.refresh_token != second.refresh_token) == (fake.company.refresh, True)
    refused = [
        seen for seen in fake.company.asked if seen.headers.get("authorization") == f"Bearer {first.access_token}"
    ]
    assert refused[-1].path.startswith("/v3/")  # used while it was good, and never after its end


def test_a_token_server_out_of_order_ends_no_access(shop: Linked, fake: Fake) -> None:
    log_in(lost(shop), fake)
    kept = credentials.load(shop.connection.pk)
    fake.company.tokens = set()
    fake.server.meets_faults = lambda seen: seen.path.endswith("/tokens/bearer")
    fake.fail_as("err500_before", times=10)
    with pytest.raises(PlatformDown):
        refresh_options(shop.connection)
    assert Connection.objects.get(pk=shop.connection.pk).status == "Linked"
    assert credentials.load(shop.connection.pk) == kept
    fake.server.meets_faults = lambda seen: False
    assert refresh_options(shop.connection) > 50


def test_a_merchant_who_disconnects_at_intuit_is_told_and_comes_back_with_everything(shop: Linked, fake: Fake) -> None:
    shop.post(an_order("o2"))
    fake.revoke()
    with pytest.raises(NotAuthorized):
        refresh_options(shop.connection)
    link = Connection.objects.get(pk=shop.connection.pk)
    assert link.status == "Deauthorized"
    assert AuditEntry.objects.get(code="connection.deauthorized").detail["reason"]
    log_in(link, fake)
    shop.settle()
    assert set(states(shop)) == {"pushed"}
    assert len({reference for reference, _ in fake.documents()}) == len(fake.documents()) == len(states(shop))


@pytest.mark.django_db(transaction=True)
def test_unlinking_gives_the_access_back_and_keeps_no_secret(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    unlink(connection=shop.connection, actor="merchant")
    assert fake.company.tokens == set()
    told = [seen for seen in fake.company.asked if seen.path == "/v2/oauth2/tokens/revoke"]
    assert [seen.headers["content-type"] for seen in told] == ["application/json"]
    assert not Credential.objects.filter(connection=shop.connection).exists()
    assert Connection.objects.get(pk=shop.connection.pk).status == "Unlinked"
    assert not AuditEntry.objects.filter(code="connection.access_not_returned").exists()
    unlink(connection=shop.connection, actor="merchant")
    assert len(told) == 1


@pytest.mark.case("A25")
def test_another_company_does_not_take_the_place_of_the_one_that_has_our_documents(shop: Linked, fake: Fake) -> None:
    link = lost(shop)
    with pytest.raises(BadAuthorization) as refused:
        log_in(link, fake, realm=OTHER)
    assert "Rose & Crown" in str(refused.value)
    assert fake.company.code == "the-code"  # not spent
    after = Connection.objects.get(pk=link.pk)
    assert (after.status, after.settings["realmId"]) == ("Deauthorized", REALM)
    assert log_in(link, fake).status == "Linked"


def test_a_company_that_has_nothing_of_ours_can_be_changed_for_another(fake: Fake) -> None:
    shop = a_shop(fake, "journal", an_order("o1"))
    linked = log_in(lost(shop), fake, realm=OTHER)
    assert (linked.status, linked.settings["realmId"]) == ("Linked", OTHER)
