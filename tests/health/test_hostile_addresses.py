"""Every address that a partner, a merchant or a platform can give us, against every trick to have us call ourselves.

An address is looked at twice: as text, when it is given, and as what its name leads to, each time a socket is made.
Both are told apart here: `AS_TEXT` cannot be given at all; `AS_NAMES` can, and lead nowhere. A door that is not in the
tables fails (`test_every_way_in_of_an_address_is_in_the_table`, `test_every_door_out_is_in_the_table`).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import pytest
from drf_spectacular.generators import SchemaGenerator

from commerce_sync.web_origin import read_url
from connectors import registry
from connectors.addresses import BadAddress
from connectors.auth import Secrets
from connectors.authorization import setting_names
from connectors.credentials import FixedKeys
from connectors.declare import Budget
from connectors.download import NotDownloaded, download
from connectors.errors import Failure, MisconfiguredPlatform, Waiting
from connectors.http import Door
from connectors.limits import Limits
from connectors.models import Connection
from connectors.platform import Platform
from connectors.services import connect_accounting, connect_commerce
from connectors.trace import Trace
from connectors.transport import is_public
from health.models import AlertRule, WebhookEndpoint
from health.webhooks.call import call, post
from tests.api.cast import Api, make_company

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
HOSTS: Final = (
    # This machine and its networks, in all the notations that resolvers take for an IPv4 address.
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "0.0.0.1", "2130706433"),  # noqa: S104
    *("017700000001", "0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.1", "00000177.0.0.01"),
    *("127.0.0.1.", "10.0.0.8", "10.255.255.255", "012.0.0.8", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("3232235777", "100.64.0.1", "100.127.255.254", "169.254.169.254", "169.254.170.2", "2852039166", "0xa9fea9fe"),
    *("0251.254.43518", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255"),
    # The same in IPv6, plain and as IPv4 in disguise: compatible, mapped, translated, 6to4, Teredo, NAT64, ISATAP.
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::ffff:a9fe:a9fe]", "[::ffff:0:127.0.0.1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2001:470::5efe:127.0.0.1]"),
    *("[2001:470::200:5efe:a00:1]", "[fd00:ec2::254]", "[fc00::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]"),
    *("[ff02::1]", "[100::1]", "[4000::1]", "[2001:db8::1]", "[5f00::1]"),
    # Names that stay inside, whatever a resolver says of them.
    *("localhost", "LOCALHOST", "localhost.", "x.localhost", "db", "printer.local", "metadata.google.internal"),
    *("nas.lan", "intranet.localdomain"),
)  # fmt: skip
AS_TEXT: Final = (
    *(f"https://{host}" for host in HOSTS),
    # Another scheme, or none.
    *("http://shop.example", "ftp://shop.example", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "dict://x:1"),
    *("//127.0.0.1", "127.0.0.1", "jar:https://shop.example!/", "https:127.0.0.1", "https:///127.0.0.1", "https://"),
    # A host that is not where it seems to be.
    *("https://shop.example@127.0.0.1", "https://127.0.0.1@shop.example", "https://a:b@shop.example"),
    *("https://shop.example\\@127.0.0.1", "https://127.0.0.1\\@shop.example", "https://127.0.0.1#@shop.example"),
    *("https://127.0.0.1%00.shop.example", "https://127.0.0.1%2f.shop.example", "https://shop.example%0d%0aX:y"),
    *("https://127.0.0.1\n.shop.example", "https://shop.example\r\nHost: db", "https://shop.example:0"),
    *("https://shop.example:65536", "https://shop.example:443:80", "https://[127.0.0.1]", "https://[::1"),
    # Letters and full stops that become others on the way to the wire.
    *("https://１２７.０.０.１", "https://127。0。0。1", "https://ⓛocalhost", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "https://①②⑦.0.0.1"),
)  # fmt: skip
AS_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "to-loopback.example": ("127.0.0.1",),
    "to-loopback-six.example": ("::1",),
    "to-metadata.example": ("169.254.169.254",),
    "to-private.example": ("10.1.2.3",),
    "to-carrier.example": ("100.64.0.1",),
    "to-mapped.example": ("::ffff:127.0.0.1",),
    "to-nat64.example": ("64:ff9b::7f00:1",),
    "to-local-nat64.example": ("64:ff9b:1::7f00:1",),
    "to-isatap.example": ("2001:470::5efe:7f00:1",),
    "to-link.example": ("fe80::1%lo",),
    "first-public.example": ("93.184.216.34", "127.0.0.1"),
    "first-private.example": ("127.0.0.1", "93.184.216.34"),
    "six-public-four-private.example": ("2606:2800:220:1:248:1893:25c8:1946", "192.168.0.1"),
}
PUBLIC: Final = "93.184.216.34"


def test_there_are_enough_of_them() -> None:
    assert len(set(AS_TEXT)) == len(AS_TEXT) >= 100


@pytest.mark.case("S10")
@pytest.mark.parametrize("host", [each for each in HOSTS if each[0] == "[" and "%" not in each])
def test_no_address_in_disguise_is_taken_for_a_public_one(host: str) -> None:
    assert not is_public(host.strip("[]"))


# --- as text -----------------------------------------------------------------------------------------------------


class Ways:
    """Every way by which an address comes to us through the partner API; each answers the status."""

    def __init__(self, api: Api) -> None:
        self.api = api
        company = make_company(api.partner)
        self.at = f"/companies/{company.public_id}/connections"
        self.endpoint = api.post("/config/webhooks", {"url": "https://till.example/in"}).json()["endpoint"]["id"]
        slack = {"audience": "addresses", "channel": "slack"}
        self.rule = api.post("/config/alerts", {"name": "good", **slack, "slackUrl": "https://hooks.example/a"}).json()
        self.slack = slack
        self.links = {
            platform.key: _linked(company, platform)
            for platform in registry.platforms()
            if not platform.local and platform.hosts.setting
        }
        self.platform_settings = {
            f"PUT …/authorization {key} {registry.named(key).hosts.setting}": self._server(key)  # type: ignore[union-attr]
            for key in self.links
        }

    def all(self) -> dict[str, Callable[[str], int]]:
        """Operation and field → what sends an address there."""
        api = self.api
        return {
            "create-webhook-endpoint url": lambda url: api.post("/config/webhooks", {"url": url}).status_code,
            "update-webhook-endpoint url": lambda url: (
                api.patch(f"/config/webhooks/{self.endpoint}", {"url": url}).status_code
            ),
            "create-alert-rule slackUrl": lambda url: (
                api.post("/config/alerts", {"name": "bad", **self.slack, "slackUrl": url}).status_code
            ),
            "update-alert-rule slackUrl": lambda url: (
                api.patch(f"/config/alerts/{self.rule['id']}", {"slackUrl": url}).status_code
            ),
            "register-origin origin": lambda url: api.post("/config/origins", {"origin": url}).status_code,
            "set-branding logoUrl": lambda url: api.put("/config/branding", {"logoUrl": url}).status_code,
            "set-branding iconUrl": lambda url: api.put("/config/branding", {"iconUrl": url}).status_code,
            "get-sync-flow-url redirectUrl": lambda url: (
                api.get(
                    f"/config/sync/commerce/partner/books/start?merchantIdentifier=M&redirectUrl={quote(url, safe='')}"
                ).status_code
            ),
            **self.platform_settings,
        }

    def _server(self, key: str) -> Callable[[str], int]:
        platform = registry.named(key)
        assert platform is not None
        setting = platform.hosts.setting
        return lambda url: (
            self.api.put(f"{self.at}/{self.links[key]}/authorization", {str(setting): url, **_access()}).status_code
        )


def _access() -> dict[str, str]:
    return {"apiKey": "k-123456", "username": "u", "password": "p", "database": "d"}


def _linked(company: Any, platform: Any) -> str:
    connect = connect_commerce if registry.commerce_keys().count(platform.key) else connect_accounting
    return str(connect(company=company, platform=platform.key, actor="test", linked=False).public_id)


@pytest.mark.case("S10")
@pytest.mark.django_db
def test_an_address_of_ours_cannot_be_given_anywhere(api: Api, settings: Any) -> None:
    settings.PRODUCTION = True
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = ()
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0
    ways = Ways(api)
    before = _kept()
    # All of them where an address is read by a function of its own; the others ask one of these.
    thorough = {"create-webhook-endpoint url", "register-origin origin", *list(ways.platform_settings)[:1]}
    found = {
        (name, url): status
        for name, send in ways.all().items()
        for url in (AS_TEXT if name in thorough else AS_TEXT[::7])
        if (status := send(url)) != 400
    }
    assert found == {}
    assert _kept() == before


def _kept() -> list[Any]:
    """Every place where an address is kept."""
    return [
        sorted(WebhookEndpoint.objects.values_list("url", flat=True)),
        sorted(bytes(each or b"") for each in AlertRule.objects.values_list("sealed_url", flat=True)),
        sorted(map(str, Connection.objects.values_list("settings", flat=True))),
    ]


@pytest.mark.case("S09", "S10")
@pytest.mark.parametrize("url", [each for each in AS_TEXT if "shop.example:443:80" not in each])
def test_no_merchant_is_sent_there_and_no_picture_taken_from_there_either(url: str) -> None:
    with pytest.raises(BadAddress):
        read_url(url, local=False)


_ADDRESS_LIKE: Final = re.compile(r"(?i)(ur[il]|origin|host|domain|website|slack|callback|base_?url)")


@pytest.mark.case("S10")
def test_every_way_in_of_an_address_is_in_the_table(api: Api) -> None:
    """By their names: a field or a query that is called like an address must have its line in `Ways`."""
    named = set()
    document = SchemaGenerator().get_schema(request=None, public=True)
    for methods in document["paths"].values():
        for described in methods.values():
            fields = _fields(document, described.get("requestBody") or {})
            queries = {each["name"] for each in described.get("parameters", ()) if each["in"] == "query"}
            named |= {f"{described['operationId']} {name}" for name in fields | queries if _ADDRESS_LIKE.search(name)}
    ways = Ways(api)
    pushed = {each for each in named if each.startswith("push-")}
    assert pushed == set(), "is an address in a pushed row called?"
    assert named - pushed == set(ways.all()) - set(ways.platform_settings)
    # And of the settings of platforms, which are sent as pairs: those that hold an address are in `ways.links`.
    held = {(each.key, name) for each in registry.platforms() for name in setting_names(each) if "url" in name.lower()}
    assert held == {(key, str(registry.named(key).hosts.setting)) for key in ways.links}  # type: ignore[union-attr]


def _fields(document: Any, node: Any) -> set[str]:
    """The names of all properties below a schema."""
    if isinstance(node, list):
        return {name for each in node for name in _fields(document, each)}
    if not isinstance(node, dict):
        return set()
    if "$ref" in node:
        return _fields(document, document["components"]["schemas"][node["$ref"].rpartition("/")[2]])
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    return own | {name for each in node.values() for name in _fields(document, each)}


# --- as what a name leads to -------------------------------------------------------------------------------------


class Sockets:
    """A resolver that says what `AS_NAMES` says, and sockets that connect nowhere and remember where to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried: list[Any] = []
        self.asked: list[str] = []
        self.names: dict[str, list[tuple[str, ...]]] = {name: [found] for name, found in AS_NAMES.items()}
        self._original = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)
        monkeypatch.setattr(socket.socket, "connect", self._connect)

    def _connect(self, address: Any) -> None:
        self.tried.append(address)
        raise ConnectionRefusedError("nothing is connected to here")

    def _look_up(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = str(host)
        self.asked.append(name)
        if name not in self.names:  # a number in any notation needs no network; a name is unknown
            return self._original(host, port, *args, **{**options, "flags": socket.AI_NUMERICHOST})
        answers = self.names[name]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(_family(each), socket.SOCK_STREAM, 6, "", (each, port)) for each in found]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Sockets:
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = ()
    # The database is reached by a Unix socket that is open already; the guard of all tests gives way to ours.
    return Sockets(monkeypatch)


def _through_platform(platform: Platform, settings: dict[str, str], path: str = "/x") -> None:
    unhurried = type(platform.key, (type(platform),), {"budget": Budget()})()  # so many calls would wait for their turn
    keys = FixedKeys(Secrets(api_key="k", access_token="t", username="u", password="p"))
    traces: list[Trace] = []
    door = Door(
        unhurried, None, keys, settings=settings, limits=Limits(retries=0, total_seconds=5), trace=traces.append
    )
    with door:
        door.get(path)


def _told(answer: Any) -> None:
    """An answer as data, told as the others tell theirs."""
    if answer.error.startswith("The address leads into a private network"):
        raise MisconfiguredPlatform(answer.error)
    raise OSError(answer.error)


def _doors() -> dict[str, Callable[[str], object]]:
    """Every door out, by what it is for, called with an address that is in our rows already."""
    servers = {
        f"door {platform.key}": (
            lambda url, platform=platform: _through_platform(platform, {platform.hosts.setting: url})
        )
        for platform in registry.platforms()
        if not platform.local and platform.hosts.setting
    }
    event = uuid4()
    return {
        **servers,
        "picture": lambda url: download(url, most_bytes=1_000, seconds=5),
        "webhook": lambda url: _told(call(url=url, event_id=event, body=b"{}", secrets=[SECRET], private=())),
        "slack": lambda url: _told(post(url=url, body=b"{}", headers={}, hidden=(), private=())),
    }


REFUSED: Final = (Failure, NotDownloaded, OSError, ValueError)


@pytest.mark.case("S10")
@pytest.mark.django_db
def test_no_door_connects_to_what_should_never_have_been_kept(sockets: Sockets) -> None:
    for name, through in _doors().items():
        for url in AS_TEXT:
            sockets.tried.clear()
            with pytest.raises(REFUSED) as caught:
                through(url)
            assert not isinstance(caught.value, Waiting)
            assert sockets.tried == [], f"{name} {url!r}"


@pytest.mark.case("S11")
@pytest.mark.django_db
def test_no_door_connects_where_any_address_of_a_name_is_ours(sockets: Sockets) -> None:
    for name, through in _doors().items():
        for host in AS_NAMES:
            with pytest.raises((MisconfiguredPlatform, NotDownloaded)):
                through(f"https://{host}/x")
            assert sockets.tried == [], f"{name} {host}"
    assert set(sockets.asked) == set(AS_NAMES)


@pytest.mark.case("S11")
@pytest.mark.django_db
def test_a_name_that_is_rebound_is_called_where_it_was_looked_up_or_not_at_all(sockets: Sockets) -> None:
    """First a public address, from then on the loopback."""
    for through in _doors().values():
        sockets.tried.clear()
        sockets.names["rebind.example"] = [(PUBLIC,), ("127.0.0.1",)]
        with pytest.raises(REFUSED):
            through("https://rebind.example/x")
        assert sockets.tried == [(PUBLIC, 443)]


@pytest.mark.case("S10")
@pytest.mark.django_db
def test_a_page_that_leads_on_to_another_host_is_not_followed(sockets: Sockets) -> None:
    """What a platform writes into its own answers: the address of the next page, of a report, of a file."""
    for platform in registry.platforms():
        if platform.local:
            continue
        settings = dict.fromkeys(platform.hosts.settings_needed, "shop-1")
        if platform.hosts.setting:
            settings = {platform.hosts.setting: "https://shop.example"}
        for url in (*AS_TEXT, "https://attacker.example/x", "https://93.184.216.34/x"):
            if "://" in url:
                with pytest.raises((Failure, OSError)):
                    _through_platform(platform, settings, url)
                assert sockets.tried == [], f"{platform.key} {url!r}"


HOSTILE_PARTS: Final = (
    *("127.0.0.1/", "127.0.0.1:80#", "127.0.0.1?", "a@127.0.0.1/", "x/../", "x\\", "x y", "x\r\n", "", "-x", "x-"),
    *("x%2f", "127.0.0.1%23", "é", "ⓛocalhost/", "x:443", "[::1]/", "x" * 200, "//127.0.0.1/", "?", "#", "{shop}"),
)  # fmt: skip


@pytest.mark.case("S10")
@pytest.mark.parametrize(
    "platform", [each for each in registry.platforms() if not each.local], ids=lambda each: each.key
)
def test_a_part_of_an_address_never_changes_the_host_around_it(platform: Platform) -> None:
    for name in platform.hosts.settings_needed:
        if platform.hosts.setting:
            continue
        whole = re.sub(r"\{\w+\}", "", platform.hosts.live.partition("://")[2])
        for part in HOSTILE_PARTS:
            with pytest.raises(MisconfiguredPlatform):
                platform.hosts.base({name: part})
        assert platform.hosts.base({name: "127.0.0.1"}) == f"https://127.0.0.1{whole}"


def test_every_door_out_is_in_the_table() -> None:
    """Sockets are made by `transport` alone, and these modules alone ask it for them."""
    users = set()
    for app in ("ledger", "connectors", "commerce_sync", "health"):
        for path in (ROOT / app).rglob("*.py"):
            if re.search(r"\bnew_session\(|\bGate\(", path.read_text()):
                users.add(str(path.relative_to(ROOT)))
    assert users == {
        "connectors/transport.py", "connectors/http.py", "connectors/download.py", "health/webhooks/call.py",
    }, "put the new door into `_doors`"  # fmt: skip
