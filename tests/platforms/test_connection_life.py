"""The life of a connection, the same at every platform that is called: from the first access to the last.

Access is given by a code or by the partner, renewed, lost, given again, and given back. Wherever a person looks they
see how it stands and why; the access itself is seen nowhere. With another server in the platform's place nothing goes
to the platform.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test import Client

from commerce_sync import services, work
from connectors import credentials, push_send, registry
from connectors.auth import Secrets
from connectors.consent import begin
from connectors.credentials import StoredKeys
from connectors.declare import Budget, OAuth2
from connectors.errors import Waiting
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.http import open_door
from connectors.models import Call, Connection, Credential
from connectors.platform import Platform
from connectors.services import connect_accounting, connect_commerce, platform_of
from connectors.webhooks import HmacSha256, TimedHmacSha256
from ledger.calendar import DayRule
from ledger.models import AuditEntry, Partner
from ledger.services import create_company, save_book
from tests.api.cast import Api
from tests.connectors.server import PlatformServer
from tests.connectors.server import running as running_server
from tests.platforms.exchanges import replaying
from tests.platforms.folders import Folder, outside_platforms
from tests.platforms.gatehouse import ACCOUNT, CLIENT_SECRET, CODE, WORD, Gatehouse
from tests.platforms.ringing import signed
from tests.platforms.targets import book_on, running, targets

pytestmark = pytest.mark.django_db

SOURCES = outside_platforms()
PLATFORMS = [*SOURCES, *targets()]
of_each_platform = pytest.mark.parametrize("key", PLATFORMS)


def platform_named(key: str) -> Platform:
    return registry.commerce(key) if key in SOURCES else registry.accounting(key)


def is_renewed(platform: Platform) -> bool:
    """Whether an access there ends and is renewed; others last until they are taken away."""
    return isinstance(platform.auth, OAuth2) and not platform.auth.endless


OAUTH = [key for key in PLATFORMS if isinstance(platform_named(key).auth, OAuth2)]
RINGING = {
    key: declared
    for key in PLATFORMS
    if isinstance(declared := getattr(platform_named(key), "webhooks", None), HmacSha256 | TimedHmacSha256)
    and declared.facts.revoked
}
"""Platforms that ring when a merchant has taken our access away there, and how they sign it."""
SIGNING = "canary-signing-key-0aa1"
of_each_oauth_platform = pytest.mark.parametrize("key", OAUTH)
of_each_renewed_platform = pytest.mark.parametrize("key", [key for key in OAUTH if is_renewed(platform_named(key))])


class Life:
    """A merchant with one connection to the platform, not authorized yet, and the gate before the platform."""

    def __init__(self, key: str, server: PlatformServer, stack: ExitStack) -> None:
        self.key, self.platform = key, platform_named(key)
        self.partner = Partner.objects.create(name="Till Systems", currency="GBP", zone="Europe/London")
        self.api = Api(self.partner)
        if key in SOURCES:
            self._sells(Folder(key), server)
        else:
            self._keeps_books(server, stack)
        self.path = f"/companies/{self.company.public_id}/connections/{self.connection.public_id}"
        server.otherwise = self.gate.answer

    def _sells(self, folder: Folder, server: PlatformServer) -> None:
        facts = folder.facts
        pages = replaying({name: folder.replay(name) for name in folder.streams})
        self.gate = Gatehouse(self.platform, pages)
        self.company = create_company(
            partner=self.partner, name="Living", currency=facts.currency, zone=facts.zone, actor="test"
        )
        books = connect_accounting(company=self.company, platform="books", actor="test")
        install_chart(connection_id=books.pk)
        book = default_book(facts.currency, (DayRule(date(2000, 1, 1), facts.zone, 0),))
        save_book(company=self.company, book=book, author="test", reason="start")
        self.connection = connect_commerce(company=self.company, platform=self.key, actor="test", linked=False)
        self._placed({**facts.settings, "base_url": server.url})

    def _keeps_books(self, server: PlatformServer, stack: ExitStack) -> None:
        self.fake = stack.enter_context(running(self.key))
        inside = self.fake.server.otherwise  # type: ignore[attr-defined]
        self.gate = Gatehouse(self.platform, inside, self.fake.secrets)
        self.company = create_company(
            partner=self.partner, name="Living", currency="GBP", zone="Europe/London", actor="test"
        )
        connect_commerce(company=self.company, platform="partner", actor="test")
        self.connection = connect_accounting(company=self.company, platform=self.key, actor="test", linked=False)
        self._placed({**self.fake.settings, "base_url": server.url})

    def _placed(self, settings: dict[str, Any]) -> None:
        self.connection.settings = settings
        self.connection.save(update_fields=["settings"])

    def authorize(self, **fields: str) -> Any:
        """As the partner does over the API."""
        answered = self.api.put(f"{self.path}/authorization", fields or self.gate.fields)
        self.connection.refresh_from_db()
        return answered

    def keep(self) -> None:
        """Where books are kept elsewhere, say how."""
        if self.key not in SOURCES:
            days = (DayRule(date(2000, 1, 1), "Europe/London", 0),)
            book = book_on(self.connection, self.fake, "journal", days=days)
            save_book(company=self.company, book=book, author="test", reason="start")

    def sync(self) -> None:
        """One sync, as the engine does it."""
        services.request_sync(company=self.company)
        work.drain(20)
        self.connection.refresh_from_db()

    @property
    def told(self) -> dict[str, Any]:
        """The connection, as the API tells it."""
        listed = self.api.get(self.path.rpartition("/")[0]).json()["results"]
        (found,) = (each for each in listed if each["id"] == str(self.connection.public_id))
        return dict(found)

    def console(self) -> str:
        """The connection's page in the console."""
        staff, _ = get_user_model().objects.get_or_create(username="Sam", is_staff=True, is_superuser=True)
        client = Client()
        client.force_login(staff)
        return client.get(f"/admin/connectors/connection/{self.connection.pk}/change/").content.decode()


@pytest.fixture
def life(key: str, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Life]:
    settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(type(platform_named(key)), "budget", Budget())
    with ExitStack() as stack:
        server = stack.enter_context(running_server())
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: {"client_id": "us", "client_secret": CLIENT_SECRET}}
        yield Life(key, server, stack)


@of_each_oauth_platform
def test_a_merchant_is_sent_to_the_platform_and_a_code_links(key: str, life: Life) -> None:
    begun = begin(life.connection, {})
    assert begun.state in begun.address
    assert CLIENT_SECRET not in begun.address
    assert "sync.example" in begun.address
    fields = {"code": CODE, **({"code_verifier": begun.consent.verifier} if begun.consent.verifier else {})}
    answered = life.authorize(**fields)
    assert (answered.status_code, answered.json()["status"]) == (200, "Linked"), answered.content
    assert life.gate.grants == ["authorization_code"]
    assert credentials.load(life.connection.pk).access_token == life.gate.secrets.access_token
    life.keep()
    life.sync()
    assert (life.told["status"], life.gate.turned_away) == ("Linked", 0)


@pytest.mark.case("C15")
@of_each_oauth_platform
def test_a_code_that_is_not_known_links_nothing(key: str, life: Life) -> None:
    verifier = {"code_verifier": "v" * 43} if life.platform.auth.pkce else {}  # type: ignore[union-attr]
    answered = life.authorize(code="canary-not-known", **verifier)
    assert answered.status_code == 400
    assert WORD not in answered.content.decode()
    assert life.told["status"] == "PendingAuth"
    assert not Credential.objects.filter(connection=life.connection).exists()


@of_each_platform
def test_a_partner_who_has_the_access_links_and_it_is_used(key: str, life: Life) -> None:
    assert life.told["status"] == "PendingAuth"
    answered = life.authorize()
    assert (answered.status_code, answered.json()["status"]) == (200, "Linked"), answered.content
    life.keep()
    before = Call.objects.count()
    life.sync()
    assert (life.connection.status, life.gate.turned_away) == ("Linked", 0)
    assert Call.objects.count() > before
    assert "dataConnectionErrors" not in life.told


@pytest.mark.parametrize("key", [key for key in OAUTH if platform_named(key).auth.key])  # type: ignore[union-attr]
def test_where_a_key_will_do_as_well_it_links_and_is_used(key: str, life: Life) -> None:
    life.gate.secrets = Secrets(api_key=f"{WORD}-key-of-the-merchant")
    assert life.authorize(apiKey=life.gate.secrets.api_key).json()["status"] == "Linked"
    life.keep()
    life.sync()
    assert (life.told["status"], life.gate.turned_away) == ("Linked", 0)


@of_each_renewed_platform
def test_an_access_that_ends_is_renewed_again_and_again_by_the_token_of_the_last_time(key: str, life: Life) -> None:
    life.authorize()
    life.keep()
    for renewals in (1, 2, 3):
        life.gate.end()
        life.sync()
        assert life.gate.grants == ["refresh_token"] * renewals
        assert life.connection.status == "Linked"
        held = credentials.load(life.connection.pk)
        assert (held.access_token, held.refresh_token) == (
            life.gate.secrets.access_token,
            life.gate.secrets.refresh_token,
        )


@pytest.mark.case("C01")
@pytest.mark.django_db(transaction=True)
@of_each_renewed_platform
def test_workers_that_meet_the_end_at_once_renew_it_once(key: str, life: Life) -> None:
    life.authorize()
    stale = credentials.load(life.connection.pk)
    life.gate.end()
    start, found = threading.Barrier(4), list[Secrets]()

    def renew() -> None:
        with open_door(life.connection, life.platform) as door:
            start.wait()
            found.append(StoredKeys(life.connection.pk, life.platform).renewed(stale, door.exchange))
        database.close()

    workers = [threading.Thread(target=renew) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert life.gate.grants == ["refresh_token"]
    assert {each.access_token for each in found} == {life.gate.secrets.access_token}
    assert len(found) == 4


@pytest.mark.case("C12")
@of_each_platform
def test_an_access_that_is_taken_away_is_told_with_its_reason_until_it_is_given_again(key: str, life: Life) -> None:
    life.authorize()
    life.keep()
    life.gate.close()
    life.sync()
    assert life.told["status"] == "Deauthorized"
    [error] = life.told["dataConnectionErrors"]
    assert "no longer accepts our access" in error["errorMessage"]
    assert "Deauthorized" in life.console()
    assert "no longer accepts our access" in life.console()
    asked = life.gate.turned_away
    life.sync()
    assert life.gate.turned_away == asked  # left alone until somebody connects again
    life.gate.open()
    assert life.authorize().json()["status"] == "Linked"
    life.sync()
    assert life.told["status"] == "Linked"
    assert "dataConnectionErrors" not in life.told
    assert "no longer accepts our access" not in life.console()


@of_each_platform
def test_an_access_that_is_given_back_is_deleted_and_the_platform_told_where_it_wants_to_know(
    key: str, life: Life, django_capture_on_commit_callbacks: Any
) -> None:
    auth = life.platform.auth
    if isinstance(auth, OAuth2):
        life.authorize(code=CODE, **({"code_verifier": "v" * 43} if auth.pkce else {}))
    else:
        life.authorize()
    before = credentials.load(life.connection.pk)
    with django_capture_on_commit_callbacks(execute=True):
        assert life.api.patch(life.path, {"status": "Unlinked"}).json()["status"] == "Unlinked"
    assert not Credential.objects.filter(connection=life.connection).exists()
    if isinstance(auth, OAuth2) and auth.revoke:
        (said,) = life.gate.taken_back
        named = (before.refresh_token, before.access_token, auth.revoke_account and ACCOUNT)
        assert any(each and each in said for each in named)
    else:
        assert life.gate.taken_back == []
    assert not AuditEntry.objects.filter(code="connection.access_not_returned").exists()


@pytest.mark.case("S19")
@of_each_platform
def test_the_access_is_seen_nowhere_in_all_its_life(
    key: str, life: Life, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [life.authorize().content.decode()]
    life.keep()
    if is_renewed(life.platform):
        life.gate.end()
        texts.append(_busy(life))
    life.sync()
    held = credentials.load(life.connection.pk)
    assert WORD in "".join(held.values())
    life.gate.close()
    life.sync()
    texts += [life.console(), repr(held), repr(life.connection), str(life.told), caplog.text, *capsys.readouterr()]
    texts += [str(row) for row in Call.objects.values_list("url", "detail", "failure")]
    texts += [str(row) for row in AuditEntry.objects.values_list("detail", flat=True)]
    texts += [bytes(row.ciphertext).decode() for row in Credential.objects.all()]
    staff = Client()
    staff.force_login(get_user_model().objects.get(username="Sam"))
    link = life.connection.pk
    for page in (f"credential/{link}/change/", "credential/", "connection/", "call/"):
        texts.append(staff.get(f"/admin/connectors/{page}", follow=True).content.decode())
    for text in texts:
        assert WORD not in text


@of_each_platform
def test_with_another_server_in_its_place_nothing_goes_to_the_platform(
    key: str, life: Life, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: set[str] = set()
    found = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **options: Any) -> Any:
        asked.add(str(host))
        return found(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    if isinstance(life.platform.auth, OAuth2):
        verifier = {"code_verifier": "v" * 43} if life.platform.auth.pkce else {}
        assert life.authorize(code=CODE, **verifier).json()["status"] == "Linked"
        if is_renewed(life.platform):
            life.gate.end()
    else:
        life.authorize()
    life.keep()
    life.sync()
    with django_capture_on_commit_callbacks(execute=True):
        life.api.patch(life.path, {"status": "Unlinked"})
    place = life.connection.settings["base_url"]
    assert asked == {urlsplit(place).hostname}
    assert {urlsplit(url).netloc for url in Call.objects.values_list("url", flat=True)} == {urlsplit(place).netloc}


def _busy(life: Life) -> str:
    """What is said of a token endpoint that is busy and repeats what it was sent."""
    stale, life.gate.is_busy = credentials.load(life.connection.pk), True
    with open_door(life.connection, life.platform) as door, pytest.raises(Waiting) as told:
        StoredKeys(life.connection.pk, life.platform).renewed(stale, door.exchange)
    life.gate.is_busy = False
    return f"{told.value!r} {told.value} {told.value.detail}"


@pytest.mark.case("C12")
@pytest.mark.parametrize("key", RINGING)
def test_a_platform_that_rings_to_say_that_we_are_let_in_no_longer_is_believed_if_it_signs(
    key: str, life: Life, settings: Any
) -> None:
    life.authorize()
    declared = RINGING[key]
    settings.COMMERCE_SYNC_OAUTH_CLIENTS[key]["webhook_secrets"] = [SIGNING]
    path = f"/webhooks/{life.platform.slug}/{life.connection.public_id}"
    secret = CLIENT_SECRET if isinstance(declared, HmacSha256) and declared.by_client else SIGNING
    account = life.connection.settings.get(declared.facts.account_setting, "nobody")
    told = {"id": "d1", "event": declared.facts.revoked[0], "account": f"{account}{declared.facts.account_suffix}"}
    for signature, status, after in (("another", 401, "Linked"), (secret, 200, "Deauthorized")):
        headers, body = signed(declared, told, url=f"https://sync.example{path}", secret=signature)
        assert Client().post(path, body, content_type="application/json", headers=headers).status_code == status
        assert life.told["status"] == after
    assert declared.facts.revoked[0] in life.told["dataConnectionErrors"][0]["errorMessage"]
    asked = Call.objects.count()
    life.sync()
    assert Call.objects.count() == asked
    assert life.authorize().json()["status"] == "Linked"


def test_both_kinds_of_platforms_take_part() -> None:
    assert {platform_of(Connection(platform=key, kind=_kind(key))).key for key in PLATFORMS} == set(PLATFORMS)
    assert len(OAUTH) >= 4


def _kind(key: str) -> str:
    return Connection.Kind.COMMERCE if key in SOURCES else Connection.Kind.ACCOUNTING
