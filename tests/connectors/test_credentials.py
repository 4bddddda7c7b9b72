"""Secrets are encrypted, bound to their row, and renewed once however many workers ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, connection, transaction

from connectors import credentials, renewal_lock
from connectors.auth import (
    Client,
    Secrets,
    authorize_url,
    code_request,
    must_renew,
    read_tokens,
    refresh_request,
    sign,
)
from connectors.credentials import UnreadableCredential
from connectors.declare import ApiKey, BasicLogin, Budget, Hosts, NoAuth, OAuth2
from connectors.errors import BadAnswer, NotAuthorized, PlatformDown, Waiting
from connectors.http import open_door
from connectors.limits import Limits
from connectors.models import Call, Connection, Credential
from connectors.platform import Platform
from connectors.wire import Request, Response
from ledger.models import Company, Partner, Source
from tests.connectors.server import PlatformServer, Seen, running

OAUTH = OAuth2(authorize="https://login.example/a", token="/token", scopes=("sales", "offline"), pkce=True)
CLIENT = Client(client_id="app", client_secret="app-secret-canary", redirect_uri="https://us.example/back")
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
OLD = Secrets(access_token="access-0", refresh_token="refresh-0", expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def new_connection(company: Company | None = None, **fields: Any) -> Connection:
    if company is None:
        partner, _ = Partner.objects.get_or_create(name="Till Makers")
        name = f"Corner Shop {partner.companies.count() + 1}"
        company = Company.objects.create(partner=partner, name=name, currency="GBP")
    return Connection.objects.create(
        company=company, platform="shop", **{"kind": "accounting", "status": "PendingAuth", **fields}
    )


class TokenServer:
    """A platform whose refresh tokens can be used once."""

    def __init__(self, server: PlatformServer) -> None:
        self.server = server
        self.valid = "refresh-0"
        self.exchanges = 0
        self.omits_refresh = False
        server.routes["/token"] = self.token
        server.routes["/me"] = lambda seen: {"token": seen.headers["authorization"]}

    def token(self, seen: Seen) -> dict[str, Any]:
        form = dict(pair.split("=", 1) for pair in seen.body.decode().split("&"))
        self.exchanges += 1
        if form["refresh_token"] != self.valid:
            return {"error": "invalid_grant"}
        answer = {"access_token": f"access-{self.exchanges}", "expires_in": 1800}
        if not self.omits_refresh:
            self.valid = f"refresh-{self.exchanges}"
            answer["refresh_token"] = self.valid
        return answer


@pytest.fixture
def tokens(settings: Any) -> Iterator[TokenServer]:
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"shop": {"client_id": "app", "client_secret": "app-secret-canary"}}
        yield TokenServer(server)


def shop_at(url: str) -> Platform:
    class Shop(Platform):
        key, name, budget, auth = "shop", "Shop", Budget(), OAUTH
        hosts = Hosts(live=url)

    return Shop()


@pytest.mark.case("S17")
@pytest.mark.django_db
def test_what_is_stored_is_unreadable_and_comes_back() -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    row = Credential.objects.get()
    assert b"access-0" not in bytes(row.ciphertext)
    assert row.expires_at == OLD.expires_at
    assert credentials.load(link.pk) == OLD
    assert "access-0" not in repr(OLD)


@pytest.mark.case("S17")
@pytest.mark.django_db
def test_two_rows_cannot_be_swapped() -> None:
    mine, theirs = new_connection(), new_connection()
    credentials.store(connection_id=mine.pk, secrets=OLD)
    credentials.store(connection_id=theirs.pk, secrets=Secrets(api_key="theirs"))
    stolen = Credential.objects.get(connection=theirs).ciphertext
    Credential.objects.filter(connection=mine).update(ciphertext=stolen)
    with pytest.raises(UnreadableCredential, match="another connection"):
        credentials.load(mine.pk)


@pytest.mark.django_db
def test_a_connection_without_a_credential_must_be_connected() -> None:
    with pytest.raises(NotAuthorized):
        credentials.load(new_connection().pk)


@pytest.mark.case("S18", "C14")
@pytest.mark.django_db
def test_keys_rotate_in_batches_and_go_on_where_they_stopped(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [old]
    links = [new_connection() for _ in range(5)]
    for link in links:
        credentials.store(connection_id=link.pk, secrets=OLD)
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [new, old]
    credentials.store(connection_id=links[0].pk, secrets=OLD)
    assert credentials.rotate_keys(batch=2) == 4
    assert credentials.rotate_keys(batch=2) == 0
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [new]
    assert all(credentials.load(link.pk) == OLD for link in links)
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [old]
    with pytest.raises(UnreadableCredential):
        credentials.load(links[0].pk)


@pytest.mark.django_db
def test_a_token_about_to_end_is_renewed_before_it_is_used(tokens: TokenServer) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    with open_door(link, shop_at(tokens.server.url), correlation="sync-1") as door:
        assert door.get("/me").decode(dict[str, str]) == {"token": "Bearer access-1"}
        assert door.get("/me").decode(dict[str, str]) == {"token": "Bearer access-1"}
    stored = credentials.load(link.pk)
    assert (stored.access_token, stored.refresh_token, tokens.exchanges) == ("access-1", "refresh-1", 1)
    calls = list(Call.objects.order_by("id"))
    assert [(call.method, call.status, call.correlation) for call in calls] == [
        ("POST", 200, "sync-1"),
        ("GET", 200, "sync-1"),
        ("GET", 200, "sync-1"),
    ]
    kept = " ".join(f"{call.url} {call.detail}" for call in calls)
    assert not any(secret in kept for secret in ("access-", "refresh-0", "refresh-1", "canary"))


@pytest.mark.case("C09")
@pytest.mark.django_db
def test_a_401_renews_the_stored_token_and_the_read_goes_on(tokens: TokenServer) -> None:
    link = new_connection()
    fresh = Secrets(access_token="access-0", refresh_token="refresh-0", expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    credentials.store(connection_id=link.pk, secrets=fresh)
    tokens.server.fail("e401")
    with open_door(link, shop_at(tokens.server.url)) as door:
        assert door.get("/me").decode(dict[str, str]) == {"token": "Bearer access-1"}
    assert [seen.path for seen in tokens.server.log] == ["/me", "/token", "/me"]


@pytest.mark.case("C05")
@pytest.mark.django_db
def test_an_answer_without_a_refresh_token_keeps_the_old_one(tokens: TokenServer) -> None:
    tokens.omits_refresh = True
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    with open_door(link, shop_at(tokens.server.url)) as door:
        door.get("/me")
    assert credentials.load(link.pk).refresh_token == "refresh-0"


@pytest.mark.django_db
def test_a_lost_token_answer_leaves_the_old_pair_to_be_tried_again(tokens: TokenServer) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    tokens.server.fail("drop_before")
    with open_door(link, shop_at(tokens.server.url)) as door:
        with pytest.raises(PlatformDown):
            door.get("/me")
        assert credentials.load(link.pk) == OLD
        assert Credential.objects.get().refresh_started_at is not None
        assert door.get("/me").ok


@pytest.mark.case("C06")
@pytest.mark.django_db
def test_only_a_second_refusal_of_the_same_token_asks_to_connect_again(tokens: TokenServer) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    tokens.valid = "another"
    with open_door(link, shop_at(tokens.server.url)) as door, pytest.raises(NotAuthorized):
        door.get("/me")
    assert tokens.exchanges == 2


@pytest.mark.case("C06")
@pytest.mark.django_db
def test_a_merchant_who_connects_again_meanwhile_is_not_overwritten(tokens: TokenServer) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    again = Secrets(access_token="again", refresh_token="again-refresh")

    def exchange(request: Request) -> Response:
        credentials.store(connection_id=link.pk, secrets=again)
        return Response(200, {}, b'{"access_token": "late", "refresh_token": "late"}', "")

    found = credentials.refresh(connection_id=link.pk, stale=OLD, auth=OAUTH, client=CLIENT, exchange=exchange)
    assert found == again == credentials.load(link.pk)


@pytest.mark.case("C01")
@pytest.mark.django_db(transaction=True)
def test_eight_workers_make_one_exchange(tokens: TokenServer) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    start = threading.Barrier(8)
    found: list[str] = []

    def work() -> None:
        try:
            start.wait()
            with open_door(link, shop_at(tokens.server.url)) as door:
                found.append(door.get("/me").decode(dict[str, str])["token"])
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == ["Bearer access-1"] * 8
    assert tokens.exchanges == 1


@pytest.mark.case("C01")
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_holds_the_renewal_for_ever_is_waited_for_and_then_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=OLD)
    held, done = threading.Event(), threading.Event()

    def slow(request: Request) -> Response:
        held.set()
        done.wait(10)
        return Response(200, {}, b'{"access_token": "new"}', "")

    def work() -> None:
        credentials.refresh(connection_id=link.pk, stale=OLD, auth=OAUTH, client=CLIENT, exchange=slow)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    held.wait(10)
    monkeypatch.setattr(renewal_lock, "LOCK_PATIENCE", timedelta(seconds=0.2))
    with pytest.raises(Waiting):
        credentials.refresh(connection_id=link.pk, stale=OLD, auth=OAUTH, client=CLIENT, exchange=slow)
    done.set()
    worker.join()
    assert credentials.load(link.pk).access_token == "new"


def test_each_way_of_signing_puts_the_secret_where_it_belongs() -> None:
    secrets = Secrets(access_token="at", api_key="ak", username="u", password="p")
    plain = Request("GET", "/x", params=(("a", "1"),))
    assert sign(OAUTH, secrets, plain).headers == (("Authorization", "Bearer at"),)
    assert sign(ApiKey(header="X-Key", scheme=""), secrets, plain).headers == (("X-Key", "ak"),)
    assert sign(ApiKey(header=None, query="key"), secrets, plain).params == (("a", "1"), ("key", "ak"))
    assert sign(BasicLogin(), secrets, plain).headers == (("Authorization", "Basic dTpw"),)
    assert sign(NoAuth(), Secrets(), plain) == plain
    for auth in (OAUTH, ApiKey(), BasicLogin()):
        with pytest.raises(NotAuthorized):
            sign(auth, Secrets(), plain)


def test_a_key_goes_into_the_body_where_there_is_a_gap_for_it_and_all_else_stays() -> None:
    auth, secrets = ApiKey(body=("params", "args", 2)), Secrets(api_key='a"k')
    body = b'{"n":1.10,"params":{"args":["db",7,null,90071992547409931.05]}}'
    signed = sign(auth, secrets, Request("POST", "/", body=body))
    assert signed.body == body.replace(b"null", b'"a\\"k"')
    assert signed.headers == ()
    for other in (
        None,
        b"no json",
        b"[]",
        b'{"params":{}}',
        b'{"params":{"args":[1]}}',
        b'{"params":{"args":[1,2,3]}}',
    ):
        signed = sign(auth, secrets, Request("POST", "/", body=other))
        assert (signed.body, signed.headers) == (other, (("Authorization", 'Bearer a"k'),))


@pytest.mark.case("S07")
def test_the_merchant_is_sent_to_the_platform_with_a_challenge_and_without_our_secret() -> None:
    url = authorize_url(OAUTH, CLIENT, state="s", verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert url.startswith("https://login.example/a?response_type=code&client_id=app&")
    # The pair of verifier and challenge is the example of RFC 7636, appendix B.
    assert "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" in url
    assert "scope=sales+offline" in url
    assert "canary" not in url
    with pytest.raises(ValueError, match="PKCE"):
        authorize_url(OAUTH, CLIENT, state="s")


@pytest.mark.parametrize(
    ("how", "in_header", "in_body"), [("basic", True, False), ("form", False, True), ("json", False, True)]
)
def test_the_token_endpoint_learns_who_we_are(how: Any, in_header: bool, in_body: bool) -> None:
    auth = OAuth2(authorize="/a", token="/t", client=how)
    for request in (refresh_request(auth, CLIENT, OLD), code_request(auth, CLIENT, code="c")):
        assert ("Authorization" in dict(request.headers)) is in_header
        assert (b"app-secret-canary" in (request.body or b"")) is in_body
        assert not request.write
    if how == "json":
        assert json.loads(refresh_request(auth, CLIENT, OLD).body or b"")["refresh_token"] == "refresh-0"


def test_a_token_answer_is_read_with_suspicion() -> None:
    def read(body: bytes) -> Secrets:
        return read_tokens(Response(200, {}, body, ""), OLD, NOW)

    assert read(b'{"access_token": "a", "expires_in": "60"}').expires_at == NOW + timedelta(seconds=60)
    assert read(b'{"access_token": "a"}').expires_at == NOW + timedelta(minutes=30)
    assert read(b'{"access_token": "a", "refresh_token": "r"}').refresh_token == "r"
    with pytest.raises(NotAuthorized):
        read(b'{"error": "invalid_grant"}')
    for nonsense in (b"{}", b"<html>", b'{"access_token": 5}', b'{"access_token": "a", "expires_in": "soon"}'):
        with pytest.raises(BadAnswer):
            read(nonsense)


@pytest.mark.case("C09")
def test_a_token_is_renewed_within_its_margin() -> None:
    auth = OAuth2(authorize="/a", token="/t", margin_seconds=60)
    for seconds, renew in ((59, True), (60, True), (61, False), (-5, True)):
        secrets = Secrets(access_token="a", refresh_token="r", expires_at=NOW + timedelta(seconds=seconds))
        assert must_renew(auth, secrets, NOW) is renew
    assert not must_renew(auth, Secrets(access_token="a", expires_at=NOW), NOW)
    assert not must_renew(ApiKey(), OLD, NOW)


@pytest.mark.case("F08")
def test_one_exchange_ends_before_the_others_stop_waiting_for_it() -> None:
    assert Limits().total_seconds < renewal_lock.LOCK_PATIENCE.total_seconds()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"kind": "commerce"}, "connection_source_iff_commerce"),
        ({"source": True}, "connection_source_iff_commerce"),
        ({"status": "Broken"}, "connection_status_known"),
        ({"status": "Linked"}, "connection_linked_has_linked_at"),
    ],
)
def test_the_database_refuses_an_impossible_connection(fields: dict[str, Any], constraint: str) -> None:
    company = new_connection().company
    if fields.get("source"):
        fields = {**fields, "source": Source.objects.create(company=company, label="till")}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        new_connection(company, **fields)


@pytest.mark.django_db
def test_a_company_has_one_linked_accounting_connection() -> None:
    first = new_connection(status="Linked", linked_at=NOW)
    new_connection(first.company)
    with pytest.raises(IntegrityError, match="connection_one_linked_accounting"), transaction.atomic():
        new_connection(first.company, status="Linked", linked_at=NOW)
