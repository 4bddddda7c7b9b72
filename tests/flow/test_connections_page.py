"""Both sides as they stand, and taking the access away: what it means is said first, and it leads to the way back."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from commerce_sync.flow.locales import COOKIE
from commerce_sync.setup_links import make_link
from connectors import credentials, registry
from connectors.auth import Secrets
from connectors.models import Connection, Credential
from connectors.services import connect_commerce, deauthorize
from ledger.models import AuditEntry, Company, Document
from tests.commerce_sync.cast import a_merchant
from tests.connectors.server import PlatformServer, running
from tests.flow.cast import a_linked_merchant, inside
from tests.flow.test_taking_back import NOBODY, synced

pytestmark = pytest.mark.django_db
PAGE = "/flow/connections"


@pytest.fixture
def square(settings: Any) -> Iterator[PlatformServer]:
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"square": {"client_id": "app", "client_secret": "not told"}}
        server.routes["/oauth2/revoke"] = lambda _seen: {"success": True}
        yield server


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def link_of(company: Company, kind: str) -> Connection:
    return Connection.objects.get(company=company, kind=kind)


def disconnect(row: Connection) -> str:
    return f"{PAGE}/{row.public_id}/disconnect"


def at_square(server: PlatformServer) -> tuple[Client, Connection]:
    """A merchant whose shop is at Square, with a token, in a browser."""
    company = a_merchant()
    Connection.objects.filter(company=company, kind="commerce").update(status="Unlinked")
    row = connect_commerce(company=company, platform="square", actor="test")
    Connection.objects.filter(pk=row.pk).update(settings={"base_url": server.url})
    credentials.store(connection_id=row.pk, secrets=Secrets(access_token="a1", refresh_token="r1"))
    link = make_link(
        partner=company.partner, merchant=str(company.public_id), commerce=registry.commerce("square"),
        accounting=registry.accounting("books"), redirect_url="", actor="test",
    )  # fmt: skip
    browser = Client()
    browser.cookies[COOKIE] = "en-us"
    assert browser.post(f"/flow/start/{company.public_id}", {"code": link.code}).status_code == 302
    return browser, row


def test_both_sides_are_shown_with_how_they_stand() -> None:
    company = a_merchant()
    browser = inside(company)
    words = words_of(browser.get(PAGE))
    assert words.count("Your sales come from here") == 1
    assert words.count("Your sales are kept here") == 1
    assert words.count(">Connected<") == 2
    assert PAGE in words_of(browser.get("/flow/history"))


def test_an_access_that_has_ended_is_told_in_words_with_the_way_to_mend_it() -> None:
    company = a_merchant()
    row = link_of(company, "accounting")
    deauthorize(connection_id=row.pk, actor="test", reason="invalid_grant <b>")
    words = words_of(inside(company).get(PAGE))
    assert "The access to your software has ended." in words
    assert f'action="/flow/connect/{row.public_id}"' in words  # the built-in books need no access: one click
    assert "Connect again" in words
    assert "invalid_grant" not in words


def test_only_where_access_is_given_can_it_be_renewed(square: PlatformServer) -> None:
    browser, row = at_square(square)
    words = words_of(browser.get(PAGE))
    assert words.count("Renew the access") == 1
    assert f'href="/flow/connect/{row.public_id}">Renew' in words


def test_it_is_said_what_stays_and_what_stops_before_anything_is_taken_away() -> None:
    company = a_linked_merchant()
    browser = inside(company)
    words = words_of(browser.get(disconnect(link_of(company, "accounting"))))
    assert "Everything that is in your books stays as it is." in words
    assert "Your sales wait, and are caught up when you connect again." in words
    assert "No new sales are fetched" in words_of(browser.get(disconnect(link_of(company, "commerce"))))
    assert Connection.objects.filter(company=company, status="Linked").count() == 2


@pytest.mark.parametrize(
    ("kind", "stage"), [("commerce", "/flow/sales-system"), ("accounting", "/flow/accounting-software")]
)
def test_a_side_that_is_disconnected_leads_back_to_its_stage_and_twice_is_once(kind: str, stage: str) -> None:
    company = a_merchant()
    browser = inside(company)
    synced(company, 1)
    row = link_of(company, kind)
    for _ in range(2):
        assert browser.post(disconnect(row))["Location"] == stage
    row.refresh_from_db()
    assert row.status == "Unlinked"
    assert Document.objects.filter(company=company).count() == 1
    assert AuditEntry.objects.filter(code="connection.unlinked", actor="merchant").count() == 1
    assert "Disconnected" in words_of(browser.get(stage))
    assert f"/flow/connect/{row.public_id}" in words_of(browser.get(stage))
    assert browser.get(disconnect(row))["Location"] == stage


def test_the_access_is_deleted_here_and_given_back_there(
    square: PlatformServer, django_capture_on_commit_callbacks: Any
) -> None:
    browser, row = at_square(square)
    assert "given back to Square" in words_of(browser.get(disconnect(row)))
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(disconnect(row))["Location"] == "/flow/sales-system"
    assert [seen.path for seen in square.log] == ["/oauth2/revoke"]
    assert not Credential.objects.exists()


def test_a_platform_that_is_down_keeps_nobody_from_leaving(
    square: PlatformServer, django_capture_on_commit_callbacks: Any
) -> None:
    browser, row = at_square(square)
    square.fail("err500_before", times=5)
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(disconnect(row)).status_code == 302
    row.refresh_from_db()
    assert row.status == "Unlinked"


def test_what_was_never_connected_has_nothing_to_take_away(square: PlatformServer) -> None:
    browser, row = at_square(square)
    Connection.objects.filter(pk=row.pk).update(status="PendingAuth")
    assert browser.get(disconnect(row))["Location"] == "/flow/sales-system"
    words = words_of(browser.get(PAGE))
    assert "Not connected yet" in words
    assert disconnect(row) not in words


def test_another_companys_connection_is_as_unknown_as_none() -> None:
    browser = inside(a_merchant())
    theirs = link_of(a_merchant("Anchor Inn"), "accounting")
    for connection_id in (theirs.public_id, NOBODY):
        path = f"{PAGE}/{connection_id}/disconnect"
        assert browser.get(path).status_code == browser.post(path).status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == "Linked"
    assert str(theirs.public_id) not in words_of(browser.get(PAGE))
    assert Client().post(disconnect(theirs)).status_code == 401


def test_many_connections_cost_no_more(django_assert_max_num_queries: Any) -> None:
    company = a_merchant()
    browser = inside(company)
    for _ in range(20):
        row = connect_commerce(company=company, platform="partner", actor="test")
        deauthorize(connection_id=row.pk, actor="test", reason="x")
    with django_assert_max_num_queries(12):
        assert words_of(browser.get(PAGE)).count("No longer connected") == 20
