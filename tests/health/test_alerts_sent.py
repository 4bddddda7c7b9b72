"""Messages leave by mail and to Slack: never lost, at most doubled, and no secret is told."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import override_settings

from commerce_sync.branding import set_branding
from connectors.sealing import unseal_text
from health.alerts import outbox
from health.alerts.checking import BadRule
from health.alerts.errand import run
from health.alerts.secrets import seal_anew
from health.alerts.sending import DUMMY, NO_MAIL
from health.alerts.services import NobodyToTell, send_test
from health.models import Alarm, Alert, AlertRule
from ledger.models import AuditEntry
from tests.api.cast import make_company, make_partner
from tests.connectors.server import PlatformServer
from tests.health.alert_cast import (
    a_contact,
    a_finding,
    a_person,
    a_rule,
    is_over,
    leases_end,
    send_all,
    told,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_rules_of_ours(db: None) -> None:
    AlertRule.objects.all().delete()


def test_a_mail_is_text_and_html_with_what_to_do_and_where() -> None:
    a_rule()
    finding = a_finding(make_company(make_partner(), "Bell <& Crumb>"))
    with override_settings(COMMERCE_SYNC_PUBLIC_URL="https://sync.example.com"):
        told()
    assert send_all() == 1
    [sent] = mail.outbox
    assert (sent.to, sent.from_email) == (["ops@example.com"], "Commerce Sync <alerts@localhost>")
    assert sent.subject == "The outcome of a delivery is not known (Bell <& Crumb>)"
    assert finding.sentence in str(sent.body)
    assert "What to do: They are looked up by themselves" in str(sent.body)
    assert f"https://sync.example.com/admin/findings/{finding.public_id}/" in str(sent.body)
    [(html, kind)] = sent.alternatives  # type: ignore[attr-defined]
    assert kind == "text/html"
    assert "Bell &lt;&amp; Crumb&gt;" in html
    assert str(Alert.objects.get().public_id) in sent.extra_headers["Message-ID"]
    assert Alert.objects.get().state == "sent"


def test_a_merchant_s_mail_comes_from_the_partner_s_brand() -> None:
    partner = make_partner()
    set_branding(
        partner=partner, values={"display_name": "Till Books", "primary_color": "#0a7d5c"}, actor="test"
    )  # fmt: skip
    a_rule(audience="merchant")
    shop = make_company(partner)
    a_contact(shop, locale="fr-fr")
    a_finding(shop, "connection_lost")
    told()
    send_all()
    [sent] = mail.outbox
    assert sent.from_email == "Till Books <alerts@localhost>"
    [(html, _)] = sent.alternatives  # type: ignore[attr-defined]
    assert "#0a7d5c" in html
    assert '<html lang="fr">' in html


class Refusing(EmailBackend):
    """A mail server that says no."""

    error: Exception

    def send_messages(self, messages: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (OSError("no route"), "waiting", "could not be reached"),
        (smtplib.SMTPAuthenticationError(535, b"secret words"), "waiting", "refused the message with code 535"),
        (smtplib.SMTPRecipientsRefused({"x": (450, b"later")}), "waiting", "code 450"),
        (smtplib.SMTPRecipientsRefused({"x": (550, b"no such user")}), "failed", "code 550"),
    ],
)
def test_what_the_mail_server_refuses_is_noted_and_tried_again_where_that_helps(
    error: Exception, state: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_rule()
    a_finding(make_company(make_partner()))
    told()
    monkeypatch.setattr(Refusing, "error", error, raising=False)
    with override_settings(EMAIL_BACKEND=f"{__name__}.Refusing"):
        send_all()
    alert = Alert.objects.get()
    assert alert.state == state
    assert words in alert.error
    assert "secret" not in alert.error
    if state == "waiting":
        send_all()
        assert len(mail.outbox) == 1
        assert Alert.objects.get().state == "sent"


def test_without_a_mail_server_the_log_says_so() -> None:
    a_rule()
    a_finding(make_company(make_partner()))
    told()
    with override_settings(EMAIL_BACKEND=DUMMY):
        send_all()
    assert (Alert.objects.get().state, Alert.objects.get().error) == ("waiting", NO_MAIL)


def test_a_message_that_never_gets_through_is_given_up_and_stays_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    a_rule()
    a_finding(make_company(make_partner()))
    told()
    monkeypatch.setattr(Refusing, "error", OSError(), raising=False)
    with override_settings(EMAIL_BACKEND=f"{__name__}.Refusing"):
        while send_all():
            pass
    assert (Alert.objects.get().state, Alert.objects.get().tries) == ("failed", 9)


def slack_rule(server: PlatformServer) -> AlertRule:
    return a_rule(channel="slack", slack_url=f"{server.url}/services/T0/B0/hush")


def test_slack_gets_one_text_in_which_nothing_is_markup_but_ours(server: PlatformServer) -> None:
    rule = slack_rule(server)
    finding = a_finding(make_company(make_partner(), "<!channel> & co"))
    told()
    send_all()
    [seen] = [each for each in server.log if each.path == "/services/T0/B0/hush"]
    text = json.loads(seen.body)["text"]
    assert "&lt;!channel&gt; &amp; co" in text
    assert "<!channel>" not in text
    is_over(finding)
    told()
    assert "Over: " in Alert.objects.order_by("pk").last().subject  # type: ignore[union-attr]
    assert Alert.objects.get(what="opened").address == "Slack"
    assert b"hush" not in bytes(AlertRule.objects.get(pk=rule.pk).sealed_url or b"")
    assert "hush" not in str(list(AuditEntry.objects.values()))


def test_slack_addresses_may_not_be_inside_our_network() -> None:
    for url in ("http://127.0.0.1:9/x", "https://10.0.0.1/x", "https://user:pw@example.com/x"):
        with pytest.raises(BadRule):
            a_rule(name=url[:50], channel="slack", slack_url=url)


def test_slack_addresses_follow_the_encryption_keys(server: PlatformServer, settings: Any) -> None:
    from cryptography.fernet import Fernet

    rule = slack_rule(server)
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.COMMERCE_SYNC_ENCRYPTION_KEYS]
    assert seal_anew() == 1
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = settings.COMMERCE_SYNC_ENCRYPTION_KEYS[:1]
    sealed = AlertRule.objects.get(pk=rule.pk).sealed_url
    assert unseal_text(f"alert rule {rule.public_id}", bytes(sealed or b"")).endswith("/hush")


def test_what_a_dead_worker_was_sending_is_sent_by_another() -> None:
    a_rule()
    a_finding(make_company(make_partner()))
    told()
    [claimed] = outbox.claim(5)
    assert send_all() == 0
    leases_end()
    assert send_all() == 1
    assert len(mail.outbox) == 1
    assert not outbox.settle(claimed, "too late", 0)
    assert Alert.objects.get().state == "sent"


def test_two_workers_never_send_the_same() -> None:
    a_rule(addresses=[f"{n}@example.com" for n in range(8)])
    a_finding(make_company(make_partner()))
    told()
    first, second = outbox.claim(5), outbox.claim(5)
    assert len({each.alert_id for each in (*first, *second)}) == len(first) + len(second) == 8


def test_what_was_told_and_what_goes_out_commit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from health.alerts import telling

    a_rule()
    a_finding(make_company(make_partner()))

    def fail(*_: object) -> None:
        raise RuntimeError("the worker dies")

    monkeypatch.setattr(telling.sql, "execute", fail)
    with pytest.raises(RuntimeError):
        told()
    assert (Alert.objects.count(), Alarm.objects.count()) == (0, 0)
    monkeypatch.undo()
    assert len(told()) == 1


def test_the_errand_raises_and_sends() -> None:
    a_rule()
    a_finding(make_company(make_partner()))
    assert run(5) is False
    assert len(mail.outbox) == 1
    assert run(5) is False
    assert len(mail.outbox) == 1


def test_a_test_goes_to_whoever_asks_and_never_to_merchants() -> None:
    rule = a_rule(audience="merchant")
    shop = make_company(make_partner())
    a_contact(shop)
    a_finding(shop, "connection_lost")
    with pytest.raises(NobodyToTell):
        send_test(rule=rule, own_address="", actor="console:sam")
    assert send_test(rule=rule, own_address=a_person("administrator").email, actor="console:sam") == 1
    send_all()
    [sent] = mail.outbox
    assert sent.to == ["sam@example.com"]
    assert AuditEntry.objects.filter(code="alert_rule.tested", actor="console:sam").count() == 1


KILLED = """
import os, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
settings.COMMERCE_SYNC_FAULT_POINTS = True
settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
settings.EMAIL_FILE_PATH = os.environ["MAIL_FOLDER"]
from health.alerts.sending import send_due
send_due(5)
"""


def test_a_worker_killed_between_sending_and_noting_doubles_the_mail_and_loses_none(tmp_path: Any) -> None:
    from django.db import connection

    a_rule()
    a_finding(make_company(make_partner()))
    told()
    Alert.objects.update(next_at="2026-01-01T00:00Z")
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "commerce_sync.settings", "MAIL_FOLDER": str(tmp_path),
        "TEST_DATABASE": connection.settings_dict["NAME"], "FAULT_POINT": "alert_sent",
    }  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    [file] = tmp_path.iterdir()
    first = file.read_text()
    assert Alert.objects.get().state == "sending"
    leases_end()
    send_all()
    assert Alert.objects.get().state == "sent"
    assert mail.outbox[0].extra_headers["Message-ID"] in first
