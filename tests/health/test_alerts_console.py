"""Alert rules at the console: changed by administrators through the services, looked at by others, tried, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from health.models import Alarm, Alert, AlertRule, Member
from ledger.models import AuditEntry, Partner
from tests.api.cast import make_company, make_partner
from tests.health.alert_cast import a_contact, a_finding, a_person, a_rule, told

pytestmark = pytest.mark.django_db
LIST = "/admin/health/alertrule/"
SAID = {
    "name": "Money", "enabled": "on", "audience": "addresses", "channel": "email", "areas": ["money"], "hour": "8",
    "addresses": "a@b.example\nc@d.example", "least_severity": "error", "least_count": "1", "least_amount": "0",
    "least_age_minutes": "0", "calm_minutes": "5", "digest": "at_once", "why": "Asked for by finance",
}  # fmt: skip


def browser(role: str = "administrator", partner: Partner | None = None, name: str = "sam") -> Client:
    client = Client()
    client.force_login(a_person(role, partner, name))
    return client


def test_an_administrator_makes_and_changes_a_rule_and_says_why() -> None:
    client = browser()
    assert client.get(f"{LIST}add/").status_code == 200
    answered = client.post(f"{LIST}add/", SAID)
    assert answered.status_code == 302, answered.context["adminform"].form.errors
    rule = AlertRule.objects.get(name="Money")
    assert (rule.addresses, rule.areas, rule.partner) == (["a@b.example", "c@d.example"], ["money"], None)
    page = client.get(f"{LIST}{rule.pk}/change/").content.decode()
    assert "a@b.example" in page
    answered = client.post(f"{LIST}{rule.pk}/change/", {**SAID, "digest": "daily", "hour": "7", "why": "Too many"})
    assert answered.status_code == 302, answered.context["adminform"].form.errors
    rule.refresh_from_db()
    assert (rule.digest, rule.hour) == ("daily", 7)
    entries = AuditEntry.objects.filter(subject=str(rule.public_id)).order_by("pk")
    assert [(entry.code, entry.actor, entry.detail["why"]) for entry in entries] == [
        ("alert_rule.added", "console:sam", "Asked for by finance"),
        ("alert_rule.changed", "console:sam", "Too many"),
    ]
    assert entries[1].detail["changes"] == {"digest": ["at_once", "daily"], "hour": [8, 7]}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"why": ""}, "This field is required"),
        ({"addresses": ""}, "Give at least one address"),
        ({"channel": "slack", "addresses": ""}, "Give the address of the incoming webhook"),
        ({"zone": "Mars"}, "There is no such time zone"),
        ({"least_count": ""}, "This field is required"),
        ({"audience": "role"}, "Say which role is told"),
        ({"quiet_from": "22"}, "Give both hours, or neither"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(wrong: dict[str, Any], words: str) -> None:
    answered = browser().post(f"{LIST}add/", {**SAID, **wrong})
    assert answered.status_code == 200
    assert words in answered.content.decode()
    assert not AlertRule.objects.filter(name="Money").exists()


def test_a_name_that_is_taken_is_told_and_nothing_is_kept() -> None:
    client = browser()
    client.post(f"{LIST}add/", SAID)
    answered = client.post(f"{LIST}add/", SAID, follow=True)
    assert "There is a rule of this name already" in answered.content.decode()
    assert AlertRule.objects.filter(name="Money").count() == 1


def test_a_slack_address_goes_in_and_never_comes_out(settings: Any) -> None:
    client = browser()
    said = {**SAID, "channel": "slack", "addresses": "", "slack_url": "https://hooks.example.com/services/hush"}
    assert client.post(f"{LIST}add/", said).status_code == 302
    rule = AlertRule.objects.get(name="Money")
    pages = [f"{LIST}{rule.pk}/change/", LIST, reverse("admin:console-alert-rule", args=(rule.public_id,))]
    assert all("hush" not in client.get(page).content.decode() for page in pages)
    sealed = bytes(rule.sealed_url or b"")
    assert client.post(f"{LIST}{rule.pk}/change/", {**said, "slack_url": "", "name": "Other"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, bytes(rule.sealed_url or b"")) == ("Other", sealed)


@pytest.mark.parametrize("role", [role for role in Member.Role.values if role != "administrator"])
def test_others_may_look_where_their_role_says_and_change_nothing(role: str) -> None:
    rule = a_rule()
    client = browser(role)
    may_look = role in ("support", "engineer")
    page = reverse("admin:console-alert-rule", args=(rule.public_id,))
    for path in (LIST, f"{LIST}{rule.pk}/change/", page, reverse("admin:console-alert-mail", args=(rule.public_id,))):
        assert client.get(path).status_code == (200 if may_look else 403), path
    for name in ("test", "delete"):
        path = reverse(f"admin:console-alert-{name}", args=(rule.public_id,))
        assert client.post(path, {"why": "x"}).status_code == 403
    assert client.post(f"{LIST}{rule.pk}/change/", SAID).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert AlertRule.objects.filter(pk=rule.pk, name="Ops").exists()


def test_a_partner_s_administrator_has_the_partner_s_own_rules_only() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    rules = [a_rule(name="of ours"), a_rule(other, name="of others"), a_rule(own, name="own")]
    client = browser(partner=own)
    page = client.get(LIST).content.decode()
    assert ("of ours" in page, "of others" in page, ">own<" in page) == (False, False, True)
    for rule in rules[:2]:
        assert client.get(f"{LIST}{rule.pk}/change/").status_code == 302
        for name in ("rule", "mail"):
            assert client.get(reverse(f"admin:console-alert-{name}", args=(rule.public_id,))).status_code == 404
        for name in ("test", "delete"):
            path = reverse(f"admin:console-alert-{name}", args=(rule.public_id,))
            assert client.post(path, {"why": "x"}).status_code == 404
    assert client.post(f"{LIST}add/", {**SAID, "partner": other.pk}).status_code == 302
    assert AlertRule.objects.get(name="Money").partner == own
    assert client.post(f"{LIST}add/", {**SAID, "name": "x", "audience": "role", "role": "support"}).status_code == 200
    assert AlertRule.objects.filter(partner=own).count() == 2


def test_the_page_of_a_rule_shows_what_it_says_now_what_lasts_and_what_was_sent() -> None:
    rule = a_rule()
    a_finding(make_company(make_partner(), "Bell & Crumb"))
    told()
    client = browser("support")
    page = client.get(reverse("admin:console-alert-rule", args=(rule.public_id,))).content.decode()
    for words in ("ops@example.com", "The outcome of a delivery is not known", "Bell &amp; Crumb", "waiting"):
        assert words in page
    mailed = client.get(reverse("admin:console-alert-mail", args=(rule.public_id,)))
    assert "Bell &amp; Crumb" in mailed.content.decode()
    assert "sandbox" in mailed["Content-Security-Policy"]


@pytest.mark.parametrize("values", [{}, {"audience": "merchant"}, {"audience": "role", "role": "support"},
                                    {"audience": "partner"}])  # fmt: skip
def test_every_rule_has_a_preview_also_where_nothing_is_there(values: dict[str, str]) -> None:
    rule = a_rule(**values)
    client = browser()
    assert client.get(reverse("admin:console-alert-rule", args=(rule.public_id,))).status_code == 200
    shop = make_company(make_partner())
    a_finding(shop, "connection_lost")
    assert client.get(reverse("admin:console-alert-rule", args=(rule.public_id,))).status_code == 200


def test_a_test_needs_a_reason_and_is_sent_and_audited(django_capture_on_commit_callbacks: Any) -> None:
    rule, client = a_rule(), browser()
    path = reverse("admin:console-alert-test", args=(rule.public_id,))
    assert client.post(path, {"why": " "}).status_code == 400
    assert client.post(path, {"why": "Trying"}).status_code == 302
    alert = Alert.objects.get()
    assert (alert.what, alert.address) == ("test", "ops@example.com")
    assert alert.subject.startswith("Test: ")
    assert "This is a test." in alert.text
    assert AuditEntry.objects.get(code="alert_rule.tested").detail["why"] == "Trying"
    assert mail.outbox == []


def test_a_rule_is_deleted_with_a_reason_and_its_messages_stay() -> None:
    rule, client = a_rule(), browser()
    a_finding(make_company(make_partner()))
    told()
    path = reverse("admin:console-alert-delete", args=(rule.public_id,))
    assert client.get(path).status_code == 405
    assert client.post(path, {"why": ""}).status_code == 400
    assert client.post(path, {"why": "Replaced"}).status_code == 302
    left = (AlertRule.objects.filter(pk=rule.pk), Alarm.objects.filter(rule_id=rule.pk), Alert.objects.all())
    assert [rows.count() for rows in left] == [0, 0, 1]
    assert AuditEntry.objects.get(code="alert_rule.removed").detail["why"] == "Replaced"


def test_the_logs_open_and_cost_the_same_whatever_is_in_them() -> None:
    a_rule()
    client, partner, costs = browser("support"), make_partner(), list[int]()
    client.get(reverse("admin:health_alert_changelist"))  # the session is written once
    for number in (1, 30):
        for each in range(number):
            company = make_company(partner, f"{number} {each}")
            a_contact(company)
            a_finding(company, root=f"{number} {each}")
            told()
        for model in ("alert", "alarm", "companycontact", "alertrule"):
            with CaptureQueriesContext(connection) as seen:
                assert client.get(reverse(f"admin:health_{model}_changelist")).status_code == 200
            costs.append(len(seen))
    assert costs[:4] == costs[4:]
    assert max(costs) <= 30
    alert = Alert.objects.latest("pk")
    page = client.get(reverse("admin:health_alert_change", args=(alert.pk,))).content.decode()
    assert "The outcome of a delivery is not known" in page
