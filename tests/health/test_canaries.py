"""No secret is seen anywhere: one lively world, and a search through everything that it has written and shows."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse
from drf_spectacular.generators import SchemaGenerator

from commerce_sync import log_format
from commerce_sync.log_format import JsonFormatter, PlainFormatter
from connectors.models import Call
from health.alerts.errand import run as tell
from health.errands import run as errand
from health.models import AlertRule, WebhookAttempt
from ledger.models import AuditEntry, Document
from tests.api.cast import Api, basic
from tests.commerce_sync.cast import allow_truncate
from tests.connectors.server import PlatformServer
from tests.health.alert_cast import a_finding
from tests.health.canaries import (
    CLIENT_SECRET,
    METRICS,
    PATH,
    SIGNING,
    SLACK,
    Canaries,
    dump,
    forms_of,
    pages_of_the_merchant,
)
from tests.health.test_roles import PAGES, _address

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def lively(api: Api, server: PlatformServer, settings: Any) -> Iterator[tuple[Canaries, io.StringIO]]:
    """The world, and all that is logged while it is made and looked at, as it is written."""
    allow_truncate()
    settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
    client = {"client_id": "us", "client_secret": CLIENT_SECRET, "webhook_secrets": [SIGNING]}
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"square": client}
    settings.COMMERCE_SYNC_METRICS_TOKEN = METRICS
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0
    log_format._own_secrets.cache_clear()  # of a process that begins with these settings
    written = io.StringIO()
    handlers = [logging.StreamHandler(written) for _ in range(2)]
    handlers[0].setFormatter(PlainFormatter("%(levelname)s %(name)s %(message)s"))
    handlers[1].setFormatter(JsonFormatter())
    root, former = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.DEBUG)
    root.handlers += handlers
    yield Canaries(api, server), written
    root.handlers = [each for each in root.handlers if each not in handlers]
    root.setLevel(former)
    log_format._own_secrets.cache_clear()


@pytest.mark.case("S04", "S17", "S19")
def test_no_secret_is_in_any_row_page_answer_message_or_line_of_the_log(
    lively: tuple[Canaries, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    world, written = lively
    a_finding(world.company)
    AlertRule.objects.update(looked_at=None)
    tell(5)
    errand(5)
    assert WebhookAttempt.objects.exists()
    assert any(seen.path == f"{PATH}{SLACK}" for seen in world.server.log), "nothing was told to Slack"
    leaks: list[str] = []
    looked = 0
    for where, text in everything(world):
        looked += 1
        leaks += world.found_in(where, text)
    for line in written.getvalue().splitlines():
        leaks += world.found_in(f"the log: {line[:200]}", line)
    leaks += world.found_in("what was printed", "".join(capsys.readouterr()))
    assert leaks == []
    # The search is of something: the world has met each of the places in which a secret could have been.
    assert looked > 1_000
    assert Call.objects.filter(status=400).exists()
    assert AuditEntry.objects.count() > 20
    assert "[redacted]" in written.getvalue() + str(list(Call.objects.values_list("detail", flat=True)))


def everything(world: Canaries) -> Iterator[tuple[str, str]]:
    yield from dump()
    yield from ((f"refusal {number}", text) for number, text in enumerate(world.texts_of_refusals))
    yield from answers_of_the_api(world)
    yield from pages_of_the_merchant(world)
    yield from pages_of_the_console(world)
    yield from errors(world)
    yield from ((f"mail {each.subject}", str(each.message())) for each in mail.outbox)
    yield from ((f"body to {seen.path}", seen.body.decode()) for seen in world.server.log if "/hook" in seen.path)
    yield from commands()


def answers_of_the_api(world: Canaries) -> Iterator[tuple[str, str]]:
    """Every operation that reads: exports, evidence and the description among them."""
    for path, methods in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        if "get" in methods and not path.endswith("/start"):
            answered = world.api.get(path.format(**world.ids))
            yield f"GET {path}", f"{answered.content.decode()}\n{answered.headers}"
    metrics = Client().get("/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    yield "metrics", metrics.content.decode()
    yield "ready", Client().get("/healthz/ready").content.decode()


def pages_of_the_console(world: Canaries) -> Iterator[tuple[str, str]]:
    """Every page of our own, and of every model the list and the newest rows."""
    ids = {
        "company_id": world.company.public_id, "partner_id": world.api.partner.pk, "sync_id": world.ids["syncId"],
        "document_id": Document.objects.filter(company=world.company).latest("id").pk, "code": "delivery_unknown",
        "finding_id": world.ids["findingId"], "delivery_id": world.ids["deliveryId"], "scheme": "light",
        "rule_id": AlertRule.objects.get(channel="slack").public_id, "undo_id": world.ids["undoId"],
    }  # fmt: skip
    # Shows the person's own second factor, once: what it is for.
    shown = {"console-second-factor-setup", "console-second-factor-picture"}
    for name, page in PAGES.items():
        address, _ = _address(name, ids)
        if page.method == "GET" and address and name not in shown:
            yield name, _read(world.staff, address)
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield f"list of {base}", _read(world.staff, reverse(f"{base}_changelist"))
        for row in model._default_manager.only("pk").order_by("-pk")[:2]:
            try:
                yield f"row of {base}", _read(world.staff, reverse(f"{base}_change", args=(row.pk,)))
            except NoReverseMatch:
                continue


def errors(world: Canaries) -> Iterator[tuple[str, str]]:
    """What is answered where something is wrong, to whoever shows a secret at the wrong place."""
    for secret in world.secrets.values():
        word = quote(secret.replace("/", ""), safe="")
        asked = (
            ("/companies", basic(f"{secret}x")), ("/metrics", f"Bearer {secret}x"), (f"/nowhere?token={word}", ""),
            (f"/oauth/callback/square?code={word}", ""), (f"/companies?query={word}", secret), ("/flow/", secret),
        )  # fmt: skip
        for path, authorization in asked:
            answered = Client(raise_request_exception=False).get(path, headers={"Authorization": authorization})
            assert 400 <= answered.status_code < 500, path
            yield f"error at {path.partition('?')[0]}", f"{answered.content.decode()}\n{answered.headers}"


def commands() -> Iterator[tuple[str, str]]:
    for name in ("doctor", "rotate_keys", "platforms"):
        out = io.StringIO()
        with contextlib.suppress(SystemExit):  # the doctor found something; what it said of it is what matters
            call_command(name, stdout=out, stderr=out)
        yield name, out.getvalue()


def _read(browser: Client, path: str) -> str:
    answered = browser.get(path)
    assert answered.status_code < 500, path
    body = b"".join(answered.streaming_content) if answered.streaming else answered.content  # type: ignore[arg-type]
    return f"{body.decode('utf-8', 'replace')}\n{answered.headers}"


def test_a_secret_would_be_found_in_any_of_its_forms() -> None:
    """The search itself: as it is, in a header, in an address."""
    assert all(form in f"x{form}x" for form in forms_of("a/b c"))
    assert len(forms_of("a/b c")) == 6
