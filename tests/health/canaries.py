"""A lively world in which every secret is known, so that each can be looked for wherever something is written."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import zstandard
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from commerce_sync import services, work
from commerce_sync.flow.urls import urlpatterns
from connectors.services import set_base_url
from health.console import second_factor
from health.console.second_factor import secret_of
from health.models import Authenticator
from ledger.models import Company
from tests.api.cast import Api
from tests.api.world import a_world
from tests.connectors.server import Answer, PlatformServer, Seen
from tests.health.people import PASSWORD, a_person, try_in

WORD: Final = "c4n4ry"
CLIENT_SECRET: Final = f"{WORD}-client-secret-51d0"
SIGNING: Final = f"{WORD}-webhook-signing-88aa"
METRICS: Final = f"{WORD}-metrics-token-17c3"
API_KEY: Final = f"{WORD}-key-of-the-merchant-90ef"
CODE: Final = f"{WORD}-code-4411"
SLACK: Final = f"{WORD}-slack-3c3c"
STAFF: Final = f"{WORD} password of the staff"
PATH: Final = "/services/T0/B0/"


def echo(seen: Seen) -> Answer:
    """A platform of the worst kind: it refuses, and repeats all that it was sent."""
    said = {"error": "no", "you_sent": {**seen.headers, "body": seen.body.decode("utf-8", "replace")}, "at": seen.query}
    return Answer(400, said)


class Canaries:
    """The world. `secrets` are all that must be seen nowhere: name → the text."""

    def __init__(self, api: Api, server: PlatformServer) -> None:
        self.api = api
        server.otherwise = echo
        self.server = server
        self.secrets = {
            "client secret": CLIENT_SECRET, "signing": SIGNING, "metrics": METRICS, "api key": API_KEY, "code": CODE,
            "slack": SLACK, "staff": STAFF, "own key": api.secret,
        }  # fmt: skip
        self.ids = a_world(api)
        self.company = Company.objects.get(public_id=self.ids["companyId"])
        self._keys_and_endpoints()
        self._platforms()
        self.merchant = self._merchant()
        self.staff = self._staff()
        for name, browser in (("merchant's session", self.merchant), ("session of the staff", self.staff)):
            self.secrets[name] = browser.cookies[settings.SESSION_COOKIE_NAME].value
        work.drain(5)

    def _keys_and_endpoints(self) -> None:
        api, headers = self.api, {"Idempotency-Key": f"key-{WORD[:2]}"}
        made = api.post("/config/apiKeys", {"name": "second"}, headers=headers).json()
        self.secrets["second key"] = made["secret"]
        rotated = api.post(f"/config/apiKeys/{made['key']['id']}/rotate", {}).json()
        self.secrets["rotated key"] = rotated["secret"]
        endpoint = api.post("/config/webhooks", {"url": f"{self.server.url}/hook"}).json()
        self.secrets["webhook secret"] = endpoint["secret"].removeprefix("whsec_")
        anew = api.post(f"/config/webhooks/{endpoint['endpoint']['id']}/rotateSecret", {}).json()
        self.secrets["rotated webhook secret"] = anew["secret"].removeprefix("whsec_")
        api.post(f"/config/webhooks/{endpoint['endpoint']['id']}/test", headers={"Idempotency-Key": "test-1"})
        rule = {"name": "Slack", "audience": "addresses", "channel": "slack", "leastSeverity": "notice",
                "calmMinutes": 0, "slackUrl": f"{self.server.url}{PATH}{SLACK}"}  # fmt: skip
        answered = api.post("/config/alerts", rule, headers={"Idempotency-Key": "slack-1"})
        assert answered.status_code == 200, answered.content

    def _platforms(self) -> None:
        """A key and a code, given to platforms that repeat them, and a sync that meets that."""
        at = f"/companies/{self.company.public_id}/connections"
        link = self.api.post(at, {"platformKey": "partner-pull"}).json()["id"]
        given = {"base_url": f"{self.server.url}/v1", "apiKey": API_KEY, "refunds_from": "orders"}
        answered = self.api.put(f"{at}/{link}/authorization", given)
        assert answered.json()["status"] == "Linked", answered.content
        square = self.api.post(at, {"platformKey": "square"}).json()["id"]
        row = self.company.connections.get(public_id=square)
        set_base_url(connection=row, url=self.server.url, actor="test")
        refused = self.api.put(f"{at}/{square}/authorization", {"code": CODE, "code_verifier": "v" * 43})
        assert refused.status_code == 400, refused.content
        self.texts_of_refusals = [refused.content.decode()]
        body = json.dumps({"merchant_id": "x", "type": "payment.updated"})
        Client().post(f"/webhooks/square/{square}", body, "application/json",
                      headers={"X-Square-Hmacsha256-Signature": SIGNING})  # fmt: skip
        services.request_sync(company=self.company)
        work.drain(10)
        assert any(seen.path.startswith("/v1/") for seen in self.server.log)

    def _merchant(self) -> Client:
        """A browser in the merchant's pages, by a link that was used up."""
        answered = self.api.get(
            f"/config/sync/commerce/partner/books/start?merchantIdentifier={self.company.public_id}"
        ).json()
        link = urlsplit(answered["url"])
        self.secrets["link"] = parse_qs(link.query)["code"][0]
        browser = Client(raise_request_exception=False)
        assert browser.get(f"{link.path}?{link.query}").status_code == 200
        assert browser.post(link.path, {"code": self.secrets["link"]}).status_code == 302
        return browser

    def _staff(self) -> Client:
        """Somebody of ours with every right and a second factor, logged in with name and password."""
        user = a_person("", name="root", is_superuser=True)
        user.set_password(STAFF)
        user.save()
        browser = Client(raise_request_exception=False)
        assert try_in(browser, "root", PASSWORD).status_code == 200  # in vain
        assert try_in(browser, "root", STAFF).status_code == 302
        second_factor.draft(user)
        self.secrets["second factor"] = secret_of(Authenticator.objects.get(user=user))
        return browser

    def found_in(self, where: str, text: str) -> list[str]:
        """Which secrets are in ``text``, as they are or as a header or an address writes them."""
        return [
            f"{name} in {where}"
            for name, secret in self.secrets.items()
            if any(form in text for form in forms_of(secret))
        ]


def forms_of(secret: str) -> set[str]:
    """A secret in the clothes in which it travels."""
    plain = secret.encode()
    return {
        secret, quote(secret, safe=""), base64.b64encode(plain).decode(), base64.b64encode(plain + b":").decode(),
        base64.b64encode(b":" + plain).decode(), plain.hex(),
    }  # fmt: skip


def dump() -> Iterator[tuple[str, str]]:
    """Every value of every table: (table and column, text), with what is compressed or signed opened."""
    with database.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name FROM information_schema.columns
               JOIN pg_tables ON tablename = table_name AND schemaname = table_schema
               WHERE table_schema = 'public' AND data_type IN
                   ('bytea', 'text', 'character varying', 'jsonb', 'json', 'ARRAY', 'inet', 'character')"""
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')  # noqa: S608  # the catalog's
            for (value,) in cursor.fetchall():
                yield f"{table}.{column}", _readable(value)
    for row in Session.objects.all():
        yield "django_session, opened", json.dumps(SessionStore().decode(row.session_data), default=str)
    for queued in OrmQ.objects.all():
        yield "django_q_ormq, opened", repr(queued.task)


def _readable(value: Any) -> str:
    if not isinstance(value, bytes | memoryview):
        return value if isinstance(value, str) else json.dumps(value, default=str)
    raw = bytes(value)
    if raw[:4] == b"\x28\xb5\x2f\xfd":
        raw = zstandard.ZstdDecompressor().decompress(raw, max_output_size=64 * 1024 * 1024)
    return raw.decode("latin-1")


def pages_of_the_merchant(world: Canaries) -> Iterator[tuple[str, str]]:
    """Every page and file that the merchant's browser gets for ids of its own."""
    ids = [world.ids["connectionId"], world.ids["syncId"], world.ids["undoId"], world.ids["documentId"]]
    words = {"slug": "square", "str": "2026-03-02", "int": "1", "path": "x"}
    for pattern in urlpatterns:
        if not pattern.name or pattern.name in ("flow-start", "oauth-callback"):
            continue
        kinds = {n: type(c).__name__.lower().removesuffix("converter") for n, c in pattern.pattern.converters.items()}
        for identity in ids if "uuid" in kinds.values() else ids[:1]:
            named = {n: identity if kind == "uuid" else words.get(kind.replace("string", "str"), "1")
                     for n, kind in kinds.items()}  # fmt: skip
            yield from _got(world.merchant, reverse(pattern.name, kwargs=named))


def _got(browser: Client, path: str) -> Iterator[tuple[str, str]]:
    answered = browser.get(path)
    if answered.streaming:
        text = b"".join(answered.streaming_content).decode("latin-1")  # type: ignore[arg-type]
    else:
        text = answered.content.decode("utf-8", "replace")
    yield f"GET {path}", f"{text}\n{answered.headers}"
