"""A new encryption key: everything is encrypted anew, whatever stops it, and nothing says "done" before it is."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database

from connectors import credentials
from connectors.auth import Secrets
from connectors.credentials import UnreadableCredential
from connectors.models import Credential
from connectors.sealing import SEALED_AT_ONCE, Unreadable, seal_text
from health.alerts import secrets as slack
from health.console import second_factor
from health.console.log_in import NotLetIn
from health.doctor_sealed import former_keys
from health.key_rotation import KINDS
from health.models import AlertRule, Authenticator, WebhookEndpoint
from health.webhooks import secrets as signing
from health.webhooks.services import add_endpoint
from tests.api.cast import make_partner
from tests.commerce_sync.cast import allow_truncate
from tests.connectors.test_credentials import new_connection
from tests.health.alert_cast import a_rule
from tests.health.people import a_person

ROOT = Path(__file__).parents[2]
SECRETS = Secrets(access_token="access-0", refresh_token="refresh-0")
URL = "https://hooks.slack.example/services/T0/B0/hush"
KILLED = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from connectors.credentials import rotate_keys
rotate_keys(batch=5)
"""


def a_new_key(settings: Any) -> list[str]:
    """A new key is put before the former ones; the former ones."""
    former = list(settings.COMMERCE_SYNC_ENCRYPTION_KEYS)
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *former]
    return former


def one_of_each() -> Any:
    """A connection, an endpoint, a rule and a person with a secret each, and how each is read."""
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=SECRETS)
    endpoint = add_endpoint(
        partner=make_partner(), url="https://till.example/in", description="", event_types=(), actor="test"
    )
    rule = a_rule(channel="slack", slack_url=URL)
    person = a_person()
    device = second_factor.draft(person)
    number = second_factor.secret_of(device)

    def read() -> None:
        assert credentials.load(link.pk) == SECRETS
        sealed = WebhookEndpoint.objects.get().sealed_secret
        assert signing.unseal(endpoint.row.public_id, bytes(sealed)) == endpoint.secret
        assert slack.unseal(rule.public_id, bytes(AlertRule.objects.get(channel="slack").sealed_url or b"")) == URL
        assert second_factor.secret_of(Authenticator.objects.get()) == number

    return read


def said(*arguments: str) -> tuple[str, str]:
    """What the command writes, and the sentence with which it fails ("": it does not)."""
    out = io.StringIO()
    try:
        call_command("rotate_keys", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


@pytest.mark.case("S18")
@pytest.mark.django_db
def test_everything_that_is_encrypted_is_encrypted_anew_and_the_former_key_may_go(settings: Any) -> None:
    read = one_of_each()
    former = a_new_key(settings)
    read()
    out, refused = said("--count")
    assert refused.startswith("4 are to be encrypted anew.")
    assert out.count("0 encrypted anew, 1 left.") == 4
    assert former_keys().level == "warning"
    read()
    out, refused = said()
    assert refused == ""
    assert out.count("1 encrypted anew, 0 left.") == 4
    assert former_keys().level == "ok"
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = settings.COMMERCE_SYNC_ENCRYPTION_KEYS[:1]
    read()
    assert said("--count") == said()
    assert not any(key in out for key in [*former, *settings.COMMERCE_SYNC_ENCRYPTION_KEYS])


@pytest.mark.case("S18")
def test_every_table_with_ciphertexts_has_its_kind() -> None:
    """By the column that all of them have: a new table is rotated, or this fails."""
    from django.apps import apps

    tables = {model for model in apps.get_models() if any(field.name == "key_id" for field in model._meta.fields)}
    named = {model for model in tables if not model._meta.get_field("key_id").is_relation}
    assert named == {kind.stale().model for kind in KINDS}


@pytest.mark.case("S18")
@pytest.mark.django_db
def test_it_never_says_done_while_something_is_left(settings: Any) -> None:
    read = one_of_each()
    lost = new_connection()
    with_lost_key = list(settings.COMMERCE_SYNC_ENCRYPTION_KEYS)
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    credentials.store(connection_id=lost.pk, secrets=SECRETS)
    AlertRule.objects.filter(channel="slack").update(
        sealed_url=seal_text("x", "y"), key_id=credentials.current_key_id()
    )
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = with_lost_key
    a_new_key(settings)
    out, refused = said()
    assert refused.startswith("2 are left, 2 of them encrypted with a key that is not here.")
    assert "access to platforms: 1 encrypted anew, 1 left." in out
    assert "Slack addresses of alert rules: 0 encrypted anew, 1 left." in out
    assert former_keys().level == "failure"
    with pytest.raises(UnreadableCredential):
        credentials.load(lost.pk)
    with pytest.raises(Unreadable):
        read()


@pytest.mark.django_db
def test_a_damaged_row_is_told_and_is_no_reason_to_say_done(settings: Any) -> None:
    link = new_connection()
    credentials.store(connection_id=link.pk, secrets=SECRETS)
    Credential.objects.update(ciphertext=b"junk")
    a_new_key(settings)
    _, refused = said()
    assert refused.startswith("1 are left: somebody was writing them, or they are damaged.")


@pytest.mark.django_db
def test_what_cannot_be_read_holds_up_nothing_behind_it(settings: Any) -> None:
    partner = make_partner()
    kept = bytes(seal_text("nothing", "of this kind"))
    key = credentials.current_key_id()
    WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(partner=partner, url=f"https://{number}.example/", sealed_secret=kept, key_id=key)
        for number in range(SEALED_AT_ONCE + 1)
    )
    good = add_endpoint(partner=make_partner("Other"), url="https://good.example/", description="", event_types=(),
                        actor="test")  # fmt: skip
    links = [new_connection() for _ in range(3)]
    for link in links:
        credentials.store(connection_id=link.pk, secrets=SECRETS)
    Credential.objects.filter(connection_id__in=[link.pk for link in links[:2]]).update(ciphertext=b"junk")
    a_new_key(settings)
    assert signing.seal_anew() == 1
    assert WebhookEndpoint.objects.get(pk=good.row.pk).key_id == credentials.current_key_id()
    assert credentials.rotate_keys(batch=1) == 1
    assert credentials.load(links[2].pk) == SECRETS


@pytest.mark.case("S18")
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_leaves_all_readable_and_goes_on_where_it_was(settings: Any) -> None:
    allow_truncate()
    links = [new_connection() for _ in range(20)]
    for link in links:
        credentials.store(connection_id=link.pk, secrets=SECRETS)
    former = a_new_key(settings)
    keys = ",".join(settings.COMMERCE_SYNC_ENCRYPTION_KEYS)
    known = database.settings_dict
    place = {"dbname": known["NAME"], "user": known["USER"], "password": known["PASSWORD"], "host": known["HOST"]}
    with psycopg.connect(**place) as other:
        other.execute("SELECT * FROM connectors_credential WHERE connection_id = %s FOR UPDATE", [links[12].pk])
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(known["NAME"])],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "commerce_sync.settings",
                "COMMERCE_SYNC_ENCRYPTION_KEYS": keys,
            },
        )
        try:
            wait_until_waiting()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        new = Credential.objects.filter(key_id=credentials.current_key_id())
        assert new.count() == 10  # two batches; the third waited for the row that is held
        assert all(credentials.load(link.pk) == SECRETS for link in links)
    assert credentials.rotate_keys() == 10
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = settings.COMMERCE_SYNC_ENCRYPTION_KEYS[:1]
    assert all(credentials.load(link.pk) == SECRETS for link in links)
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = former
    with pytest.raises(UnreadableCredential):
        credentials.load(links[0].pk)


def wait_until_waiting(seconds: float = 40) -> None:
    """Until somebody waits for a row in this database."""
    ends = time.monotonic() + seconds
    while True:
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.case("S17")
@pytest.mark.django_db
def test_a_ciphertext_serves_only_the_row_that_it_was_made_for() -> None:
    """Of any kind in any other: whoever can write rows cannot have one secret used as another."""
    one_of_each()
    link, endpoint = Credential.objects.get(), WebhookEndpoint.objects.get()
    rule, device = AlertRule.objects.get(channel="slack"), Authenticator.objects.get()
    everything = [bytes(each or b"") for each in (
        link.ciphertext, endpoint.sealed_secret, rule.sealed_url, device.sealed_key
    )]  # fmt: skip
    other_link, other_person = new_connection(), a_person(name="eve")
    for sealed in everything:
        with pytest.raises(UnreadableCredential):
            credentials.unseal(other_link.pk, sealed)
        for unseal in (signing.unseal, slack.unseal):
            with pytest.raises(Unreadable):
                unseal(other_link.company.public_id, sealed)
        with pytest.raises(NotLetIn):
            second_factor.secret_of(Authenticator(user=other_person, sealed_key=sealed))
    for sealed in everything[1:]:
        with pytest.raises(UnreadableCredential):
            credentials.unseal(link.pk, sealed)
    for sealed in (everything[0], *everything[2:]):
        with pytest.raises(Unreadable):
            signing.unseal(endpoint.public_id, sealed)
