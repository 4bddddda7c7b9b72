"""Connections are linked with what the partner sends, unlinked without a trace of a secret, and moved with care."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import transaction

from connectors import credentials, registry
from connectors.addresses import BadAddress, base_address
from connectors.auth import Client, Secrets, told_account
from connectors.authorization import BadAuthorization, read_authorization
from connectors.authorizing import authorize, unlink
from connectors.credentials import StoredKeys
from connectors.declare import GET, ApiKey, BasicLogin, Budget, Hosts, OAuth2, Stream
from connectors.deliveries import concerned
from connectors.errors import Failure, NotAuthorized, PlatformDown
from connectors.http import OpenTransaction
from connectors.models import Call, Connection, Credential, Watermark
from connectors.paging import OnePage
from connectors.platform import AccountingPlatform, CommercePlatform
from connectors.services import AlreadyLinked, connect_accounting, connect_commerce, deauthorize, set_base_url
from connectors.session import CompanyFacts, Option, Session
from connectors.signatures import Arrived
from connectors.webhooks import Deliveries, HmacSha256
from connectors.wire import Request, Response
from ledger.models import AuditEntry, Company
from ledger.services import create_company, now
from tests.commerce_sync.cast import an_order, sell
from tests.connectors.server import PlatformServer, Seen, running
from tests.ledger.cast import london, montreal, the_partner

pytestmark = pytest.mark.django_db

CANARY = "canary-5b1e77aa-secret"
TOKENS = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": "1800"}
BASE = "https://sales.till.example/api"
ROWS = Stream(lambda wire, context: [], endpoint=GET("/rows"), paging=OnePage())


class Keyed(CommercePlatform):
    """Authorized by a key; runs on the merchant's own server."""

    key, name, budget, auth = "keyed", "Keyed", Budget(), ApiKey()
    hosts, rows = Hosts(setting="base_url"), ROWS


class LoggedIn(CommercePlatform):
    """Authorized by a log-in; its address has the shop in it, and there is a sandbox."""

    key, name, budget, auth = "logged_in", "Logged In", Budget(), BasicLogin()
    hosts, rows = Hosts(live="https://{shop}.till.example", sandbox="https://{shop}.test.till.example"), ROWS


class Granted(CommercePlatform):
    """Authorized by OAuth, with a test server in place of its own."""

    key, name, budget = "granted", "Granted", Budget()
    auth = OAuth2(authorize="https://login.example/a", token="/token", scopes=("sales",), pkce=True)
    hosts, rows = Hosts(setting="base_url"), ROWS


class GrantedBooks(AccountingPlatform):
    """Books that are authorized by OAuth."""

    key, name, budget, auth, hosts = "granted", "Granted Books", Budget(), Granted.auth, Granted.hosts

    def facts(self, session: Session) -> CompanyFacts:
        session.send(GET("/me").request())
        return CompanyFacts("GBP")

    def options(self, session: Session) -> list[Option]:
        return []


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    shops, books = registry._all_commerce(), registry._all_accounting()
    ours = {each.key: each() for each in (Keyed, LoggedIn, Granted)}
    shops.update(ours)
    books["granted"] = GrantedBooks()
    yield
    for key in ours:
        del shops[key]
    del books["granted"]


@pytest.fixture
def company() -> Company:
    return london().company


def waiting(company: Company, platform: str) -> Connection:
    """A connection as the API makes it: not authorized yet."""
    return connect_commerce(company=company, platform=platform, actor="test", linked=False)


def refused(connection: Connection, **fields: Any) -> dict[str, str]:
    """What is wrong with each field; nothing may have changed."""
    before = Connection.objects.filter(pk=connection.pk).values().get()
    entries = AuditEntry.objects.count()
    with pytest.raises(BadAuthorization) as caught:
        authorize(connection=connection, secrets=fields, actor="test")
    assert Connection.objects.filter(pk=connection.pk).values().get() == before
    assert AuditEntry.objects.count() == entries
    assert not Credential.objects.filter(connection=connection).exists()
    items = caught.value.items
    assert len(dict(items)) == len(items), "a field is told once"
    assert all(sentence[0].isupper() and sentence.endswith(".") for _, sentence in items)
    assert CANARY not in str(caught.value)
    return dict(items)


def codes(connection: Connection) -> list[str]:
    """What the audit trail says of the connection, in order."""
    found = AuditEntry.objects.filter(subject=str(connection.public_id)).order_by("id")
    return list(found.values_list("code", flat=True))


def test_a_key_links_the_connection_and_is_kept_encrypted(company: Company) -> None:
    link = waiting(company, "keyed")
    found = authorize(connection=link, secrets={"base_url": BASE, "apiKey": CANARY}, actor="api:till")
    assert (found.status, found.settings) == ("Linked", {"base_url": BASE})
    assert found.linked_at is not None
    assert credentials.load(link.pk) == Secrets(api_key=CANARY)
    assert CANARY.encode() not in bytes(Credential.objects.get(connection=link).ciphertext)
    entry = AuditEntry.objects.get(code="connection.linked")
    assert (entry.actor, entry.company, entry.subject) == ("api:till", company, str(link.public_id))
    assert CANARY not in json.dumps(entry.detail)


def test_nothing_secret_is_in_what_a_traceback_would_print() -> None:
    given = read_authorization(
        Granted(), {"base_url": BASE, "code": CANARY, "code_verifier": CANARY}, known={}, private=(), at=now()
    )
    assert given.code == CANARY
    assert CANARY not in repr(given)


def test_a_log_in_links_the_connection(company: Company) -> None:
    link = waiting(company, "logged_in")
    fields = {"shop": "rose-crown", "environment": "sandbox", "username": "Zoë", "password": "p:ä ß"}
    found = authorize(connection=link, secrets=fields, actor="test")
    assert found.settings == {"shop": "rose-crown", "environment": "sandbox"}
    assert credentials.load(link.pk) == Secrets(username="Zoë", password="p:ä ß")


def test_tokens_link_the_connection_and_are_known_to_end(company: Company) -> None:
    link = waiting(company, "granted")
    before = datetime.now(UTC)
    authorize(connection=link, secrets={"base_url": BASE, **TOKENS}, actor="test")
    kept = credentials.load(link.pk)
    assert (kept.access_token, kept.refresh_token) == ("access-1", "refresh-1")
    assert kept.expires_at is not None
    assert timedelta(0) <= kept.expires_at - before - timedelta(seconds=1_800) < timedelta(seconds=30)


@pytest.mark.parametrize("kind", ["commerce", "accounting"])
def test_what_needs_no_authorization_is_linked_by_nothing_at_all(company: Company, kind: str) -> None:
    link = (
        waiting(company, "partner")
        if kind == "commerce"
        else connect_accounting(company=company, platform="books", actor="test", linked=False)
    )
    assert "takes none" in refused(link, apiKey=CANARY)["apiKey"]
    assert authorize(connection=link, secrets={}, actor="test").status == "Linked"
    assert not Credential.objects.exists()


WRONG: list[tuple[str, dict[str, Any], set[str]]] = [
    ("keyed", {}, {"base_url", "apiKey"}),
    ("keyed", {"base_url": BASE}, {"apiKey"}),
    ("keyed", {"base_url": BASE, "apikey": CANARY}, {"apiKey", "apikey"}),
    ("keyed", {"base_url": BASE, "apiKey": CANARY, "password": CANARY}, {"password"}),
    ("keyed", {"base_url": "http://sales.till.example", "apiKey": CANARY}, {"base_url"}),
    *(("keyed", {"base_url": BASE, "apiKey": key}, {"apiKey"}) for key in ("", " ", f"{CANARY}\n", "a b", "ключ")),
    *(("keyed", {"base_url": BASE, "apiKey": key}, {"apiKey"}) for key in (None, 1, True, [CANARY], "x" * 8_193)),
    *(("keyed", {"base_url": url, "apiKey": CANARY}, {"base_url"}) for url in (None, 5, "", "x" * 501, "a\x00b")),
    ("logged_in", {}, {"shop", "username", "password"}),
    ("logged_in", {"shop": "a/b", "username": "u:v", "password": "x\r\ny"}, {"shop", "username", "password"}),
    ("logged_in", {"shop": "a", "environment": "prod", "username": "u", "password": "p"}, {"environment"}),
    ("logged_in", {"shop": "a", "username": "\ud800", "password": "p"}, {"username"}),
    ("granted", {"base_url": BASE}, {"access_token", "refresh_token", "expires_in"}),
    ("granted", {"base_url": BASE, **TOKENS, "code": CANARY}, {*TOKENS, "code_verifier"}),
    ("granted", {"base_url": BASE, "code": CANARY}, {"code_verifier"}),
    ("granted", {"base_url": BASE, "code_verifier": CANARY}, {*TOKENS, "code_verifier"}),
    *(
        ("granted", {"base_url": BASE, **TOKENS, "expires_in": seconds}, {"expires_in"})
        for seconds in ("0", "-1", "1e3", "soon", "9" * 11, "9" * 5_000, "١٢", 1800, None)
    ),
    ("partner_pull", {"base_url": BASE, "apiKey": CANARY, "refunds_from": "both"}, {"refunds_from"}),
]


@pytest.mark.parametrize(("platform", "fields", "wrong"), WRONG)
def test_every_wrong_or_missing_field_is_named_and_nothing_is_changed(
    company: Company, platform: str, fields: dict[str, Any], wrong: set[str]
) -> None:
    assert set(refused(waiting(company, platform), **fields)) == wrong


def test_a_setting_that_the_platform_declares_is_kept(company: Company) -> None:
    link = waiting(company, "partner_pull")
    fields = {"base_url": BASE, "apiKey": "k", "refunds_from": "orders"}
    assert authorize(connection=link, secrets=fields, actor="test").settings["refunds_from"] == "orders"


def test_settings_that_are_known_need_not_be_sent_again_and_a_new_key_replaces_the_old(company: Company) -> None:
    link = waiting(company, "keyed")
    authorize(connection=link, secrets={"base_url": BASE, "apiKey": "old"}, actor="test")
    found = authorize(connection=link, secrets={"apiKey": "new"}, actor="test")
    assert (found.status, found.settings) == ("Linked", {"base_url": BASE})
    assert credentials.load(link.pk).api_key == "new"
    assert codes(link) == ["connection.linked", "connection.linked"]


def test_only_authorizing_brings_an_unlinked_or_deauthorized_connection_back(company: Company) -> None:
    link = waiting(company, "keyed")
    authorize(connection=link, secrets={"base_url": BASE, "apiKey": "old"}, actor="test")
    deauthorize(connection_id=link.pk, actor="engine", reason="401")
    assert set_base_url(connection=link, url=BASE + "/v2", actor="test").status == "Deauthorized"
    with pytest.raises(BadAuthorization):
        authorize(connection=link, secrets={}, actor="test")
    assert authorize(connection=link, secrets={"apiKey": "new"}, actor="test").status == "Linked"
    assert unlink(connection=link, actor="api:till").status == "Unlinked"
    assert set_base_url(connection=link, url="https://other.example", actor="test").status == "Unlinked"
    assert authorize(connection=link, secrets={"apiKey": "newest"}, actor="test").status == "Linked"


def test_unlinking_deletes_the_secrets_and_doing_it_twice_changes_nothing(company: Company) -> None:
    link = waiting(company, "keyed")
    authorize(connection=link, secrets={"base_url": BASE, "apiKey": CANARY}, actor="test")
    other = authorize(connection=waiting(company, "keyed"), secrets={"base_url": BASE, "apiKey": "other"}, actor="test")
    assert unlink(connection=link, actor="api:till").status == "Unlinked"
    assert unlink(connection=link, actor="api:till").status == "Unlinked"
    assert codes(link) == ["connection.linked", "connection.unlinked"]
    with pytest.raises(NotAuthorized):
        credentials.load(link.pk)
    assert credentials.load(other.pk).api_key == "other"


def test_a_token_that_is_renewed_while_the_connection_is_unlinked_is_not_kept(company: Company) -> None:
    link = waiting(company, "granted")
    authorize(connection=link, secrets={"base_url": BASE, **TOKENS}, actor="test")

    def exchange(request: Request) -> Response:
        unlink(connection=link, actor="test")
        return Response(200, {}, b'{"access_token": "late", "refresh_token": "late", "expires_in": 60}', "")

    stale = credentials.load(link.pk)
    auth, client = Granted.auth, Client(client_id="app", client_secret="s")
    with pytest.raises(NotAuthorized, match="unlinked"):
        credentials.refresh(connection_id=link.pk, stale=stale, auth=auth, client=client, exchange=exchange)
    assert not Credential.objects.exists()


def test_a_refused_key_is_looked_up_once_more_since_another_may_have_been_given(company: Company) -> None:
    link = waiting(company, "keyed")
    authorize(connection=link, secrets={"base_url": BASE, "apiKey": "old"}, actor="test")
    keys = StoredKeys(link.pk, Keyed())

    def exchange(request: Request) -> Response:
        raise AssertionError("a key cannot be renewed")

    stale = keys.current(exchange)
    authorize(connection=link, secrets={"apiKey": "new"}, actor="test")
    fresh = keys.renewed(stale, exchange)
    assert fresh.api_key == "new"
    with pytest.raises(NotAuthorized):
        keys.renewed(fresh, exchange)


def test_a_second_linked_accounting_connection_is_refused(company: Company) -> None:
    first = connect_accounting(company=company, platform="books", actor="test")
    second = connect_accounting(company=company, platform="books", actor="test", linked=False)
    with pytest.raises(AlreadyLinked, match="unlink that one first"):
        authorize(connection=second, secrets={}, actor="test")
    with pytest.raises(AlreadyLinked, match="unlink that one first"):
        connect_accounting(company=company, platform="books", actor="test")
    second.refresh_from_db()
    assert (second.status, codes(second)) == ("PendingAuth", [])
    elsewhere = connect_accounting(company=montreal().company, platform="books", actor="test", linked=False)
    assert authorize(connection=elsewhere, secrets={}, actor="test").status == "Linked"
    assert authorize(connection=first, secrets={}, actor="test").status == "Linked"
    unlink(connection=first, actor="test")
    assert authorize(connection=second, secrets={}, actor="test").status == "Linked"


class TokenServer:
    """Exchanges one code, once."""

    def __init__(self, server: PlatformServer) -> None:
        self.server = server
        self.forms: list[dict[str, list[str]]] = []
        self.answer: dict[str, Any] = {"access_token": CANARY, "refresh_token": "refresh-9", "expires_in": 3600}
        server.routes["/token"] = self.token

    def token(self, seen: Seen) -> dict[str, Any]:
        self.forms.append(parse_qs(seen.body.decode()))
        code = self.forms[-1].get("code", [""])[0]
        if len(self.forms) > 1 or code != "code-1":
            return {"error": "invalid_grant", "error_description": f"unknown code {code}"}
        return self.answer


@pytest.fixture
def tokens(settings: Any) -> Iterator[TokenServer]:
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"granted": {"client_id": "app", "client_secret": "app-secret"}}
        yield TokenServer(server)


def by_code(tokens: TokenServer, code: str = "code-1") -> dict[str, str]:
    return {"base_url": tokens.server.url, "code": code, "code_verifier": "v" * 43}


def test_a_code_is_exchanged_through_the_one_door(company: Company, tokens: TokenServer) -> None:
    link = waiting(company, "granted")
    assert authorize(connection=link, secrets=by_code(tokens), actor="test").status == "Linked"
    kept = credentials.load(link.pk)
    assert (kept.access_token, kept.refresh_token) == (CANARY, "refresh-9")
    [form] = tokens.forms
    assert (form["code"], form["code_verifier"], form["grant_type"]) == (["code-1"], ["v" * 43], ["authorization_code"])
    [call] = Call.objects.all()
    assert (call.status, call.failure) == (200, "")
    assert not any(secret in call.url + call.detail for secret in (CANARY, "code-1", "app-secret"))


def test_a_key_is_kept_together_with_the_address_for_which_it_was_given() -> None:
    known = {"base_url": BASE, "refunds_from": "orders"}
    given = read_authorization(Keyed(), {"apiKey": "key"}, known=known, private=(), at=now())
    assert given.settings == {"base_url": BASE}, "another request may have moved the connection meanwhile"


def test_a_code_that_is_refused_is_told_and_not_repeated(company: Company, tokens: TokenServer) -> None:
    link = waiting(company, "granted")
    told = refused(link, **by_code(tokens, CANARY))
    assert "log in there again" in told["code"]


def test_a_code_is_not_spent_on_books_that_cannot_be_linked(company: Company, tokens: TokenServer) -> None:
    first = connect_accounting(company=company, platform="books", actor="test")
    second = connect_accounting(company=company, platform="granted", actor="test", linked=False)
    with pytest.raises(AlreadyLinked):
        authorize(connection=second, secrets=by_code(tokens), actor="test")
    assert tokens.forms == []
    unlink(connection=first, actor="test")
    assert authorize(connection=second, secrets=by_code(tokens), actor="test").status == "Linked"
    assert len(tokens.forms) == 1


def test_tokens_that_do_not_open_the_books_are_told_at_once(company: Company, tokens: TokenServer) -> None:
    link = connect_accounting(company=company, platform="granted", actor="test", linked=False)
    fields = {"base_url": tokens.server.url, **TOKENS}
    tokens.server.fail("e401")
    assert authorize(connection=link, secrets=fields, actor="test").status == "Deauthorized"


@pytest.mark.parametrize("fault", ["err500_before", "html_200", "drop_before", "truncate_after"])
def test_a_token_server_out_of_order_changes_nothing_and_is_asked_once(
    company: Company, tokens: TokenServer, fault: str
) -> None:
    link = waiting(company, "granted")
    tokens.server.fail(fault, times=5)
    with pytest.raises(Failure) as caught:
        authorize(connection=link, secrets=by_code(tokens), actor="test")
    assert isinstance(caught.value, PlatformDown) or fault in ("html_200", "truncate_after")
    link.refresh_from_db()
    assert (link.status, link.settings, len(tokens.server.log)) == ("PendingAuth", {}, 1)


@pytest.mark.case("C03")
def test_a_code_is_not_exchanged_inside_a_transaction(company: Company, tokens: TokenServer) -> None:
    link = waiting(company, "granted")
    with pytest.raises(OpenTransaction), transaction.atomic():
        authorize(connection=link, secrets=by_code(tokens), actor="test")
    assert tokens.forms == []


def pulled(connection: Connection) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    Watermark.objects.create(connection=connection, dataset="rows", reached_at=at, pulled_at=at)


def test_a_key_does_not_follow_the_connection_to_another_host(company: Company) -> None:
    link = authorize(connection=waiting(company, "keyed"), secrets={"base_url": BASE, "apiKey": CANARY}, actor="test")
    pulled(link)
    moved = set_base_url(connection=link, url="https://Elsewhere.example/api/", actor="api:till")
    assert (moved.status, moved.settings) == ("PendingAuth", {"base_url": "https://elsewhere.example/api"})
    assert not Credential.objects.exists()
    assert not Watermark.objects.exists()
    entry = AuditEntry.objects.get(code="connection.moved")
    assert (entry.actor, entry.detail["host"]) == ("api:till", "elsewhere.example:443")


def test_another_path_of_the_same_host_keeps_the_key_and_reads_everything_anew(company: Company) -> None:
    link = authorize(connection=waiting(company, "keyed"), secrets={"base_url": BASE, "apiKey": "key"}, actor="test")
    pulled(link)
    moved = set_base_url(connection=link, url=BASE + "/shop/2", actor="test")
    assert (moved.status, credentials.load(link.pk).api_key) == ("Linked", "key")
    assert not Watermark.objects.exists()


def test_the_same_address_again_does_nothing(company: Company) -> None:
    link = authorize(connection=waiting(company, "keyed"), secrets={"base_url": BASE, "apiKey": "key"}, actor="test")
    pulled(link)
    assert set_base_url(connection=link, url=BASE + "/", actor="test").status == "Linked"
    authorize(connection=link, secrets={"base_url": BASE, "apiKey": "key"}, actor="test")
    assert Watermark.objects.exists()
    assert "connection.moved" not in codes(link)


def test_an_address_can_be_set_before_the_key(company: Company) -> None:
    link = waiting(company, "keyed")
    assert set_base_url(connection=link, url=BASE, actor="test").status == "PendingAuth"
    assert authorize(connection=link, secrets={"apiKey": "key"}, actor="test").status == "Linked"


def test_what_is_called_nowhere_takes_no_address(company: Company) -> None:
    with pytest.raises(BadAddress, match="takes none"):
        set_base_url(connection=waiting(company, "partner"), url=BASE, actor="test")


def test_a_server_of_each_merchant_s_own_has_no_other_to_go_back_to(company: Company) -> None:
    with pytest.raises(BadAddress, match="1 to"):
        set_base_url(connection=waiting(company, "keyed"), url="", actor="test")


def test_another_server_in_a_platform_s_place_gets_no_access_that_was_given_for_the_platform(company: Company) -> None:
    link, given = waiting(company, "logged_in"), {"shop": "north", "username": "till", "password": CANARY}
    authorize(connection=link, secrets=given, actor="test")
    pulled(link)
    moved = set_base_url(connection=link, url="https://stand-in.example/", actor="operator")
    assert (moved.status, moved.settings["base_url"]) == ("PendingAuth", "https://stand-in.example")
    assert not Credential.objects.exists()
    assert not Watermark.objects.exists()
    authorize(connection=link, secrets=given, actor="test")
    back = set_base_url(connection=link, url="", actor="operator")
    assert (back.status, "base_url" in back.settings) == ("PendingAuth", False)
    assert not Credential.objects.exists()
    assert codes(link).count("connection.moved") == 2
    assert set_base_url(connection=link, url="", actor="operator").status == "PendingAuth"
    assert codes(link).count("connection.moved") == 2


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example", "https://a.example"),
        ("HTTPS://A.Example:8443/x/Y/", "https://a.example:8443/x/Y"),
        ("https://a.example./api", "https://a.example/api"),
        ("https://xn--caf-dma.example/%C3%A9", "https://xn--caf-dma.example/%C3%A9"),
        ("https://93.184.216.34/api", "https://93.184.216.34/api"),
        ("https://[2606:2800:220:1::1]:8443/", "https://[2606:2800:220:1::1]:8443"),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:9/x"),
        ("https://a.example/" + "x" * 482, "https://a.example/" + "x" * 482),
    ],
)
def test_an_address_is_kept_in_one_way_of_writing(url: str, kept: str) -> None:
    assert base_address(url, private={"127.0.0.1:9"}) == kept
    assert base_address(kept, private={"127.0.0.1:9"}) == kept


@pytest.mark.case("S10")
@pytest.mark.parametrize(
    "url",
    [
        *("", " ", "x", "a.example", "//a.example", "https://", "https:///api", "https://:443", "https://?x"),
        *("http://a.example", "ftp://a.example", "javascript:alert(1)", "file:///etc/passwd", "https:a.example"),
        *("https://u:p@a.example", "https://u@a.example", "https://@a.example", "https://a.example?x=1"),
        *("https://a.example/?", "https://a.example#", "https://a.example/#x", "https://a.example/ b"),
        *("https://a.example/\n", "https://a.example\\@b.example", "https://a.example/\x00", "https://é.example"),
        *("https://a.example:0", "https://a.example:65536", "https://a.example:x", "https://a.example:-1"),
        *("https://localhost", "https://localhost.", "https://db", "https://x.localhost", "https://printer.local"),
        *("https://metadata.google.internal", "https://nas.lan", "https://a..example", "https://-a.example"),
        *("https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254", "https://192.168.1.1:8443"),
        *("https://127.1", "https://2130706433", "https://0x7f.1", "https://0177.0.0.1", "https://0x7f000001"),
        *("https://1.2.3.4.5", "https://999.1.1.1", "https://a.1", "https://[::1]", "https://[fd00::1]"),
        *("https://[::ffff:10.0.0.1]", "https://[64:ff9b::7f00:1]", "https://[::1", "https://[fe80::1%25eth0]"),
        *("https://a.example/../b", "https://a.example/./b", "https://a.example/%2e%2E/b", "https://a.example/.%2e"),
        *("https://a.example/" + "x" * 483, "http://127.0.0.1:10", "https://" + "a" * 64 + ".example"),
    ],
)
def test_what_is_no_address_of_a_public_server_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadAddress) as caught:
        base_address(url, private={"127.0.0.1:9"})
    assert str(caught.value)[0].isprintable()
    assert str(caught.value).endswith(".")


class Revoked:
    """The place where access is given back, as `server` sees it."""

    def __init__(self, server: PlatformServer, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Granted, "auth", replace(Granted.auth, revoke="/revoke"))
        self.server, self.told = server, []  # type: PlatformServer, list[Seen]
        self.answer: Any = {}
        server.routes["/revoke"] = self._revoke
        fields = {"base_url": server.url, **TOKENS, "access_token": CANARY, "refresh_token": f"{CANARY}-2"}
        self.link = authorize(connection=waiting(company, "granted"), secrets=fields, actor="test")

    def _revoke(self, seen: Seen) -> Any:
        self.told.append(seen)
        return self.answer

    def unlink(self) -> None:
        assert unlink(connection=self.link, actor="api:till").status == "Unlinked"


@pytest.fixture
def revoked(company: Company, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch) -> Revoked:
    return Revoked(tokens.server, company, monkeypatch)


def not_returned() -> list[dict[str, Any]]:
    """What the audit trail says of access that was not given back."""
    told = AuditEntry.objects.filter(code="connection.access_not_returned").order_by("id")
    return list(told.values_list("detail", flat=True))


@pytest.mark.django_db(transaction=True)
def test_an_oauth_platform_is_told_once_when_a_connection_is_unlinked(revoked: Revoked) -> None:
    revoked.unlink()
    revoked.unlink()
    [seen] = revoked.told
    assert parse_qs(seen.body.decode()) == {"token": [f"{CANARY}-2"]}
    assert seen.headers["authorization"] == "Basic " + b64encode(b"app:app-secret").decode()
    assert not_returned() == []
    assert not Credential.objects.exists()
    assert not any(CANARY in call.url + call.detail for call in Call.objects.all())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", ["err500_before", "drop_before", "e401", "echo400", "rate429"])
def test_a_platform_that_does_not_take_its_access_back_is_audited_and_stops_nothing(
    revoked: Revoked, fault: str
) -> None:
    revoked.server.fail(fault, header="60")
    revoked.unlink()
    assert not Credential.objects.exists()
    assert codes(revoked.link) == ["connection.linked", "connection.unlinked", "connection.access_not_returned"]
    [detail] = not_returned()
    assert detail["platform"] == "granted"
    assert CANARY not in json.dumps(detail)
    assert not any(CANARY in call.url + call.detail for call in Call.objects.all())


@pytest.mark.django_db(transaction=True)
def test_the_platform_is_told_after_the_commit_and_not_of_what_is_rolled_back(revoked: Revoked) -> None:
    with transaction.atomic():
        revoked.unlink()
        transaction.set_rollback(True)
    assert revoked.told == []
    assert credentials.load(revoked.link.pk).access_token == CANARY
    with transaction.atomic():
        revoked.unlink()
        assert revoked.told == []
    assert (len(revoked.told), not_returned()) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_an_app_that_is_not_set_up_any_more_or_a_lost_key_stops_no_unlinking(revoked: Revoked, settings: Any) -> None:
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {}
    revoked.unlink()
    assert [detail["failure"] for detail in not_returned()] == ["MisconfiguredPlatform"]
    again = authorize(connection=revoked.link, secrets=TOKENS, actor="test")
    Credential.objects.filter(connection=again).update(ciphertext=b"of another key")
    revoked.unlink()
    assert [detail["failure"] for detail in not_returned()] == ["MisconfiguredPlatform", "UnreadableCredential"]
    assert revoked.told == []


@pytest.mark.django_db(transaction=True)
def test_an_account_that_another_linked_connection_uses_is_given_back_with_the_last_of_them(
    revoked: Revoked, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = Deliveries(account="body:merchant", account_setting="merchant")
    monkeypatch.setattr(Granted, "webhooks", HmacSha256("x-signature", facts=facts))
    fields = {"base_url": revoked.server.url, **TOKENS}
    other = authorize(connection=waiting(revoked.link.company, "granted"), secrets=fields, actor="test")
    for link in (revoked.link, other):
        Connection.objects.filter(pk=link.pk).update(settings={**link.settings, "merchant": "m1"})
    revoked.unlink()
    assert revoked.told == []
    unlink(connection=other, actor="test")
    assert len(revoked.told) == 1


def named_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform names the merchant in its token answers, and in what it delivers to the address of the app."""
    facts = Deliveries(account="body:merchant", account_setting="merchant")
    monkeypatch.setattr(Granted, "webhooks", HmacSha256("x-signature", facts=facts))
    monkeypatch.setattr(Granted, "auth", replace(Granted.auth, account="who.id"))


def test_the_account_that_a_token_answer_names_is_what_deliveries_are_told_apart_by(
    company: Company, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    named_by(monkeypatch)
    tokens.answer |= {"who": {"id": "M1"}}
    link = waiting(company, "granted")
    linked = authorize(connection=link, secrets=by_code(tokens), actor="test")
    assert linked.settings == {"base_url": tokens.server.url, "merchant": "M1"}
    platform = registry.commerce("granted")
    arrived = {name: Arrived("", {}, json.dumps({"merchant": name}).encode()) for name in ("M1", "M2")}
    assert platform.webhooks is not None
    assert [each.pk for each in concerned(platform, platform.webhooks, arrived["M1"])] == [link.pk]
    assert concerned(platform, platform.webhooks, arrived["M2"]) == []


@pytest.mark.parametrize(
    "who",
    [None, {}, "M1", {"id": None}, {"id": True}, {"id": ["M2"]}, {"id": "x" * 201}, {"id": "\x00"}],
)
def test_an_account_that_a_token_answer_does_not_name_leaves_none_of_before(
    company: Company, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch, who: Any
) -> None:
    named_by(monkeypatch)
    tokens.answer |= {"who": who}
    link = waiting(company, "granted")
    Connection.objects.filter(pk=link.pk).update(settings={"merchant": "M0"})
    linked = authorize(connection=link, secrets=by_code(tokens), actor="test")
    assert (linked.status, linked.settings["merchant"]) == ("Linked", "")


@pytest.mark.case("C10")
def test_another_seller_does_not_take_the_place_of_one_whose_sales_are_here(
    tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    named_by(monkeypatch)
    tokens.answer |= {"who": {"id": "M2"}}
    company = create_company(partner=the_partner(), name="New", currency="GBP", zone="Europe/London", actor="test")
    link = waiting(company, "granted")
    Connection.objects.filter(pk=link.pk).update(settings={"merchant": "M1"})
    credentials.store(connection_id=link.pk, secrets=Secrets(access_token="of-m1"))
    sell(company, an_order(1))
    with pytest.raises(BadAuthorization, match="the sales of “M1”"):
        authorize(connection=link, secrets=by_code(tokens), actor="test")
    link.refresh_from_db()
    assert (link.status, link.settings) == ("PendingAuth", {"merchant": "M1"})
    assert credentials.load(link.pk).access_token == "of-m1"
    tokens.forms.clear()
    tokens.answer |= {"who": {"id": "M1"}}
    assert authorize(connection=link, secrets=by_code(tokens), actor="test").status == "Linked"


def test_square_names_the_seller_by_the_setting_that_its_deliveries_are_routed_by() -> None:
    platform = registry.commerce("square")
    assert isinstance(platform.auth, OAuth2)
    assert platform.webhooks is not None
    answer = Response(200, {}, b'{"access_token": "t", "expires_at": "2026-12-01T00:00:00Z", "merchant_id": "M1"}', "")
    assert told_account(platform.auth, answer) == "M1"
    assert platform.webhooks.facts.account_setting == "merchant_id"
