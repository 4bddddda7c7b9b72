"""The door keeps its promises against a platform that misbehaves."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction

from connectors.auth import Secrets
from connectors.credentials import FixedKeys
from connectors.declare import ApiKey, Auth, Budget, Hosts, OAuth2
from connectors.errors import (
    BadAnswer,
    CutAnswer,
    Failure,
    MisconfiguredPlatform,
    NotAuthorized,
    PlatformDown,
    RefusalReason,
    Refused,
    Turn,
    UnknownOutcome,
    Waiting,
    failure_of,
)
from connectors.http import Door, OpenTransaction
from connectors.limits import Clock, Limits
from connectors.platform import Platform
from connectors.redact import redact
from connectors.trace import Trace
from connectors.transport import is_public
from connectors.wire import Request, Response, retry_after
from tests.connectors.server import Answer, PlatformServer, running

CANARY = "canary-7f3a9c51-secret"
OVER = datetime(2021, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


class HeldTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: NOW + timedelta(seconds=sum(self.slept)),
            monotonic=lambda: sum(self.slept),
            sleep=self.sleep,
            jitter=lambda: 0.0,
        )


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


class Opened:
    """A door to the test server, with what it traced and how long it slept."""

    all: ClassVar[list[Opened]] = []

    def __init__(self, url: str, *, auth: Auth | None = None, keys: Any = None, **limits: Any) -> None:
        class Shop(Platform):
            key, name, budget = "shop", "Shop", Budget()
            hosts = Hosts(live=url)

        if auth is not None:
            Shop.auth = auth
        self.time = HeldTime()
        self.traces: list[Trace] = []
        self.door = Door(
            Shop(),
            keys=keys or FixedKeys(Secrets(api_key=CANARY, access_token=CANARY)),
            limits=Limits(**{"connect_seconds": 1.0, "read_seconds": 0.3, **limits}),
            clock=self.time.clock,
            trace=self.traces.append,
        )
        self.all.append(self)


@pytest.fixture(autouse=True)
def _doors_are_closed() -> Iterator[None]:
    yield
    while Opened.all:
        Opened.all.pop().door.close()


@pytest.fixture
def shop(server: PlatformServer) -> Opened:
    return Opened(server.url, auth=ApiKey())


def test_a_write_arrives_once_and_leaves_a_trace(shop: Opened, server: PlatformServer) -> None:
    response = shop.door.post("/documents", {"total": 1})
    assert response.decode(dict[str, Any]) == {"id": "1", "total": 1}
    assert len(server.documents) == 1
    [trace] = shop.traces
    assert (trace.method, trace.status, trace.failure) == ("POST", 200, "")
    assert trace.bytes_in == len(response.body)


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ("drop_before", 0),
        ("lose_after", 1),
        ("err500_before", 0),
        ("err500_after", 1),
        ("truncate_after", 1),
        ("html_200", 0),
        ("redirect_out", 0),
        ("unavailable", 0),
    ],
)
@pytest.mark.case("A05", "A06", "A11")
def test_a_write_without_a_clear_answer_is_unknown_and_is_not_sent_again(
    shop: Opened, server: PlatformServer, fault: str, made: int
) -> None:
    server.fail(fault)
    with pytest.raises(UnknownOutcome):
        shop.door.post("/documents", {"total": 1})
    assert len(server.log) == 1
    assert len(server.documents) == made
    assert shop.traces[0].failure == "UnknownOutcome"


@pytest.mark.parametrize("fault", ["slow_before", "slow_after"])
@pytest.mark.case("A03")
def test_a_write_that_timed_out_is_unknown(shop: Opened, server: PlatformServer, fault: str) -> None:
    server.fail(fault, seconds=0.8)
    with pytest.raises(UnknownOutcome):
        shop.door.post("/documents", {"total": 1})
    assert len(server.log) == 1


@pytest.mark.parametrize("header", ["Sunset", "deprecation"])
@pytest.mark.case("B26")
def test_what_an_answer_announces_is_in_the_trace(shop: Opened, server: PlatformServer, header: str) -> None:
    server.routes["/old"] = lambda seen: Answer(200, {"rows": []}, {header: "Sat, 31 Oct 2026 23:59:59 GMT"})
    assert shop.door.get("/old").ok
    assert shop.door.get("/documents").ok
    said = [trace.detail for trace in shop.traces]
    assert said == [f"announced: {header.lower()}: Sat, 31 Oct 2026 23:59:59 GMT", ""]


@pytest.mark.case("A05", "A11")
def test_an_unavailable_platform_with_a_time_does_not_repeat_a_write(shop: Opened, server: PlatformServer) -> None:
    server.fail("unavailable", header="1")
    with pytest.raises(UnknownOutcome):
        shop.door.post("/documents", {"total": 1})
    assert len(server.log) == 1


def test_a_write_that_never_left_is_not_unknown(settings: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]
    opened = Opened(f"http://{place}")
    with pytest.raises(PlatformDown):
        opened.door.post("/documents", {"total": 1})
    assert len(opened.traces) == 1


@pytest.mark.parametrize("fault", ["drop_before", "lose_after", "err500_before", "truncate_after"])
def test_a_read_is_tried_again_and_gets_its_answer(shop: Opened, server: PlatformServer, fault: str) -> None:
    server.fail(fault, times=3)
    assert shop.door.get("/documents").ok
    assert len(server.log) == 4
    assert len(shop.time.slept) == 3


def test_a_read_gives_up_after_three_further_tries(shop: Opened, server: PlatformServer) -> None:
    server.fail("err500_before", times=9)
    with pytest.raises(PlatformDown):
        shop.door.get("/documents")
    assert len(server.log) == 4


def test_a_search_by_post_is_a_read(shop: Opened, server: PlatformServer) -> None:
    server.fail("err500_before")
    assert shop.door.post("/search", {}, safe=True).ok
    assert len(server.log) == 2


@pytest.mark.case("F01")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_short_retry_after_is_waited_for_here(shop: Opened, server: PlatformServer, method: str) -> None:
    server.fail("rate429", header="3")
    assert shop.door.send(Request(method, "/documents")).ok
    assert shop.time.slept == [3.0]


@pytest.mark.case("F01")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0.5), (None, 2.0), (format_datetime(NOW + timedelta(seconds=4), usegmt=True), 4.0), ("soon", 2.0)],
)
def test_every_form_of_retry_after_is_understood(
    shop: Opened, server: PlatformServer, header: str | None, seconds: float
) -> None:
    server.fail("rate429", header=header)
    assert shop.door.get("/documents").ok
    assert shop.time.slept == [seconds]


@pytest.mark.case("F01")
def test_a_long_retry_after_is_handed_to_the_schedule(shop: Opened, server: PlatformServer) -> None:
    server.fail("rate429", header="86400000000000")
    with pytest.raises(Waiting) as caught:
        shop.door.get("/documents")
    assert caught.value.until == NOW + timedelta(hours=24)
    assert shop.time.slept == []
    assert len(server.log) == 1


@pytest.mark.case("F01")
def test_a_wait_never_passes_the_total_deadline(server: PlatformServer) -> None:
    opened = Opened(server.url, total_seconds=5.0, patience_seconds=60.0)
    server.fail("rate429", header="30")
    with pytest.raises(Waiting):
        opened.door.get("/documents")
    assert opened.time.slept == []


@pytest.mark.case("F01")
def test_a_retry_after_that_has_passed_does_not_become_a_tight_loop() -> None:
    past = format_datetime(NOW - timedelta(hours=1), usegmt=True)
    assert retry_after(past, NOW) == timedelta(milliseconds=500)
    assert retry_after("1.5", NOW) == timedelta(seconds=1)
    assert retry_after("-5", NOW) == timedelta(seconds=2)


@pytest.mark.case("F04")
@pytest.mark.parametrize("fault", ["slowloris", "slow_headers"])
@pytest.mark.parametrize(("safe", "failure"), [(True, PlatformDown), (False, UnknownOutcome)])
def test_a_dripping_answer_meets_the_total_deadline(
    server: PlatformServer, fault: str, safe: bool, failure: type[Failure]
) -> None:
    opened = Opened(server.url, total_seconds=0.4, retries=0)
    server.fail(fault, seconds=10)
    started = time.monotonic()
    with pytest.raises(Failure) as caught:
        opened.door.post("/documents", {}, safe=safe)
    assert time.monotonic() - started < 2
    assert type(caught.value) is failure or (safe and type(caught.value) is CutAnswer)


@pytest.mark.case("F05")
@pytest.mark.parametrize(("safe", "failure"), [(True, BadAnswer), (False, UnknownOutcome)])
def test_a_body_that_grows_past_the_limit_is_refused(
    server: PlatformServer, safe: bool, failure: type[Failure]
) -> None:
    opened = Opened(server.url, body_bytes=100_000)
    server.fail("big_body")
    with pytest.raises(failure):
        opened.door.post("/documents", {}, safe=safe)
    assert len(server.log) == 1


@pytest.mark.case("S11", "F06")
def test_a_redirect_is_not_followed_and_carries_no_key_away(shop: Opened, server: PlatformServer) -> None:
    with running() as elsewhere:
        server.fail("redirect_out", header=f"{elsewhere.url}/steal")
        with pytest.raises(BadAnswer):
            shop.door.get("/documents")
        assert elsewhere.log == []


def _secured(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, under a certificate that nobody vouches for and that has expired."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(OVER - timedelta(days=9)).not_valid_after(OVER)
    pem = serialization.Encoding.PEM
    (folder / "certificate").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


@pytest.mark.case("F07")
@pytest.mark.parametrize("trouble", ["certificate", "handshake", "name"])
def test_nothing_is_sent_to_a_server_that_is_not_who_it_should_be_or_that_is_not_found(
    settings: Any, tmp_path: Path, trouble: str
) -> None:
    context = _secured(tmp_path) if trouble == "certificate" else None
    received = list[bytes]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            with contextlib.suppress(OSError):
                plain, _ = listening.accept()
                with plain, context.wrap_socket(plain, server_side=True) if context else plain as talking:
                    received.append(talking.recv(1) if context else b"")
                    talking.sendall(b"no TLS is spoken here")

        server = threading.Thread(target=serve)
        server.start()
        place = "no-such-name.invalid" if trouble == "name" else f"127.0.0.1:{port}"
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]
        opened = Opened(f"https://{place}", retries=0)
        with pytest.raises(PlatformDown):  # and not "unknown": no byte of the document has left
            opened.door.post("/documents", {"total": 1})
        if trouble == "name":
            socket.create_connection(("127.0.0.1", port)).close()
        server.join(5)
    assert b"".join(received) == b""


@pytest.mark.case("A06")
def test_a_log_in_page_with_status_200_is_no_answer(shop: Opened, server: PlatformServer) -> None:
    server.fail("html_200")
    with pytest.raises(BadAnswer):
        shop.door.get("/documents")


class Renewable:
    """Keys that are accepted only after they have been renewed."""

    def __init__(self) -> None:
        self.renewals = 0

    def current(self, exchange: Any) -> Secrets:
        return Secrets(access_token=f"token-{self.renewals}")

    def renewed(self, stale: Secrets, exchange: Any) -> Secrets:
        self.renewals += 1
        return self.current(exchange)


OAUTH = OAuth2(authorize="/authorize", token="/token")


@pytest.mark.case("C09")
@pytest.mark.parametrize(
    "request_",
    [Request("GET", "/documents"), Request("POST", "/documents", keyed=True)],
    ids=["read", "keyed"],
)
def test_an_expired_token_is_renewed_once_and_the_request_sent_again(server: PlatformServer, request_: Request) -> None:
    keys = Renewable()
    opened = Opened(server.url, auth=OAUTH, keys=keys)
    server.fail("e401")
    assert opened.door.send(request_).ok
    assert [seen.headers["authorization"] for seen in server.log] == ["Bearer token-0", "Bearer token-1"]


@pytest.mark.case("C08")
def test_a_write_without_a_key_is_looked_up_after_a_401(server: PlatformServer) -> None:
    keys = Renewable()
    opened = Opened(server.url, auth=OAUTH, keys=keys)
    server.fail("e401")
    with pytest.raises(UnknownOutcome):
        opened.door.post("/documents", {})
    assert (len(server.log), keys.renewals) == (1, 1)


def test_a_second_401_asks_the_merchant_to_connect_again(server: PlatformServer) -> None:
    keys = Renewable()
    opened = Opened(server.url, auth=OAUTH, keys=keys)
    server.fail("e401", times=5)
    with pytest.raises(NotAuthorized) as caught:
        opened.door.get("/documents")
    assert (len(server.log), keys.renewals) == (2, 1)
    assert caught.value.whose_turn is Turn.MERCHANT


@pytest.mark.case("A06")
def test_a_secret_echoed_by_the_platform_appears_nowhere(server: PlatformServer) -> None:
    for auth in (ApiKey(), ApiKey(header=None, query="k"), ApiKey(header="X-Odd", scheme="")):
        opened = Opened(server.url, auth=auth)
        server.fail("echo400")
        with pytest.raises(Refused) as caught:
            opened.door.get("/documents", page="2")
        [trace] = opened.traces
        shown = f"{caught.value!r} {caught.value} {caught.value.detail} {trace!r}"
        assert CANARY not in shown
        assert "page" in trace.url


@pytest.mark.case("C03", "H06")
def test_no_http_inside_a_transaction(shop: Opened, server: PlatformServer, db: None) -> None:
    with transaction.atomic(), pytest.raises(OpenTransaction):
        shop.door.get("/documents")
    assert server.log == []
    assert shop.door.get("/documents").ok  # the test's own wrapping does not count


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/documents",
        "//evil.example/documents",
        "http://user:pass@127.0.0.1/documents",
        "file:///etc/passwd",
        "http://127.0.0.1:99999/documents",
        "http://127.0.0.1\\@evil.example/",
    ],
)
def test_only_declared_hosts_are_called(shop: Opened, server: PlatformServer, path: str) -> None:
    with pytest.raises(MisconfiguredPlatform):
        shop.door.get(path)
    assert server.log == []


def test_plain_http_and_private_addresses_are_refused_unless_the_settings_allow_them(settings: Any) -> None:
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = []
        for url in (server.url, f"https://127.0.0.1:{server.port}", f"https://localhost:{server.port}"):
            with pytest.raises(MisconfiguredPlatform):
                Opened(url).door.get("/documents")
        assert server.log == []


@pytest.mark.case("S10")
@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        *((private, False) for private in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.1", "224.0.0.1")),
        *((private, False) for private in ("::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1")),
        *((private, False) for private in ("64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1")),
    ],
)
def test_a_private_address_is_known_in_every_dress(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_another_server_takes_the_place_of_all_hosts_of_a_platform() -> None:
    hosts = Hosts(live="https://api.x.example/v2", sandbox="https://box.x.example", also=("https://login.x.example",))
    elsewhere = {"base_url": "https://stand-in.example/x"}
    assert hosts.placed("https://login.x.example/token?a=1", elsewhere) == "/token?a=1"
    assert hosts.placed("https://api.x.example/connections", elsewhere) == "/connections"
    assert hosts.placed("https://stranger.example/token", elsewhere) == "https://stranger.example/token"
    assert hosts.placed("/token", elsewhere) == "/token"
    assert hosts.placed("https://login.x.example/token", {}) == "https://login.x.example/token"


def test_a_merchants_setting_cannot_change_the_host_around_it() -> None:
    hosts = Hosts(live="https://{shop}.example.com")
    assert hosts.origins({"shop": "corner-shop"}) == {"corner-shop.example.com:443"}
    for shop in ("evil.example/", "a@b", "a:1", "a#", "a?", "", "-a"):
        with pytest.raises(MisconfiguredPlatform):
            hosts.base({"shop": shop})


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (200, None, None),
        (201, None, None),
        (302, BadAnswer, UnknownOutcome),
        (400, Refused, Refused),
        (401, NotAuthorized, NotAuthorized),
        (402, Refused, Refused),
        (403, Refused, Refused),
        (405, MisconfiguredPlatform, MisconfiguredPlatform),
        (409, PlatformDown, UnknownOutcome),
        (500, PlatformDown, UnknownOutcome),
        (504, PlatformDown, UnknownOutcome),
    ],
)
def test_a_status_says_what_happens_next(
    status: int, reading: type[Failure] | None, writing: type[Failure] | None
) -> None:
    for write, expected in ((False, reading), (True, writing)):
        failure = failure_of(status, "", write=write)
        assert (type(failure) if failure else None) is expected


def test_a_refusal_knows_whose_turn_it_is() -> None:
    for reason in RefusalReason:
        refused = Refused("", reason=reason)
        assert refused.whose_turn in (Turn.MERCHANT, Turn.SUPPORT)
        assert refused.remedy.endswith(".")
    assert Refused("", reason=RefusalReason.PERIOD_LOCKED).whose_turn is Turn.MERCHANT
    assert str(PlatformDown("DNS")).startswith("The platform could not be reached")


def test_an_answer_of_another_shape_is_unknown_after_a_write() -> None:
    for write, failure in ((False, BadAnswer), (True, UnknownOutcome)):
        with pytest.raises(failure):
            Response(200, {}, b'{"id": ', "", write).decode(dict[str, str])


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"Authorization: Zoho-oauthtoken {CANARY}",
        f'{{"access_token": "{CANARY}"}}',
        f'{{"access_token":"{CANARY}',
        f"{{'refresh_token': '{CANARY} with words {CANARY}'}}",
        f'{{\\"client_secret\\": \\"{CANARY}\\"}}',
        f"https://x.example/a?page=2&api_key={CANARY}&b=1",
        f"https://x.example/a?key={CANARY}",
        f"grant_type=refresh_token&refresh_token={CANARY}&x=1",
        f"https://user:{CANARY}@x.example/",
        f"X-Api-Key: {CANARY}",
    ],
)
def test_the_redactor_knows_the_shapes_of_secrets(text: str) -> None:
    assert CANARY not in redact(text)
    assert CANARY not in str(BadAnswer(text))


def test_the_redactor_leaves_plain_text_alone() -> None:
    text = "Account 4000 is archived; period 2026-03 is locked. page=2"
    assert redact(text) == text
    assert redact(SimpleNamespace(x="a" * 10_000).x) == "a" * 2_000
