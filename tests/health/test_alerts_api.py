"""A partner's own alert rules and its merchants' contacts over the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from health.alerts.services import MOST_RULES
from health.models import AlertRule, CompanyContact
from ledger.models import AuditEntry
from tests.api.cast import Api, make_company
from tests.connectors.server import PlatformServer

pytestmark = pytest.mark.django_db
AT = "/config/alerts"
RULE = {"name": "Errors", "audience": "addresses", "addresses": ["ops@till.example"]}


def sent(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content) if response.content else None


def test_a_rule_is_made_changed_listed_and_deleted(api: Api) -> None:
    made = sent(api.post(AT, {**RULE, "quietHours": {"start": 22, "finish": 6}, "timeZone": "Europe/London"}))
    assert made["quietHours"] == {"start": 22, "finish": 6}
    assert (made["leastSeverity"], made["digest"], made["hasSlackUrl"]) == ("error", "at_once", False)
    path = f"{AT}/{made['id']}"
    changed = sent(api.patch(path, {"areas": ["money"], "quietHours": None, "digest": "daily", "hour": 7}))
    assert (changed["areas"], changed["digest"], changed["hour"]) == (["money"], "daily", 7)
    assert "quietHours" not in changed
    assert sent(api.get(path)) == changed
    assert [each["id"] for each in sent(api.get(AT))["results"]] == [made["id"]]
    sent(api.delete(path), 204)
    sent(api.get(path), 404)
    codes = AuditEntry.objects.filter(code__startswith="alert_rule").order_by("pk").values_list("code", flat=True)
    assert list(codes) == ["alert_rule.added", "alert_rule.changed", "alert_rule.removed"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"addresses": []}, "addresses"),
        ({"addresses": ["no address"]}, "addresses"),
        ({"audience": "partner"}, "addresses"),
        ({"codes": ["no_such_code"]}, "codes"),
        ({"timeZone": "Mars/Base"}, "timeZone"),
        ({"quietHours": {"start": 3, "finish": 3}}, "quietHours.start"),
        ({"channel": "slack"}, "slackUrl"),
        ({"channel": "slack", "addresses": [], "slackUrl": "https://10.0.0.1/x"}, "slackUrl"),
        ({"role": "support"}, "role"),
        ({"name": "  "}, "name"),
    ],
)
def test_what_cannot_be_is_named(api: Api, wrong: dict[str, Any], field: str) -> None:
    answer = sent(api.post(AT, {**RULE, **wrong}), 400)
    assert field in json.dumps(answer)
    assert not AlertRule.objects.filter(partner=api.partner).exists()


def test_a_name_is_taken_once_and_only_by_the_same_partner(api: Api, other_api: Api) -> None:
    sent(api.post(AT, RULE))
    assert "already" in json.dumps(sent(api.post(AT, RULE), 400))
    sent(other_api.post(AT, RULE))


def test_nobody_of_ours_is_told_by_a_partner_s_rule(api: Api) -> None:
    answer = sent(api.post(AT, {"name": "x", "audience": "role", "role": "support"}), 400)
    assert "audience" in json.dumps(answer)
    assert not AlertRule.objects.filter(partner=api.partner).exists()


def test_there_are_only_so_many_rules(api: Api) -> None:
    AlertRule.objects.bulk_create(
        AlertRule(partner=api.partner, name=str(number), audience="merchant") for number in range(MOST_RULES)
    )
    assert "as many as there may be" in json.dumps(sent(api.post(AT, RULE), 400))


def test_a_slack_address_is_never_shown(api: Api, server: PlatformServer) -> None:
    url = f"{server.url}/services/hush"
    made = sent(api.post(AT, {"name": "S", "audience": "addresses", "channel": "slack", "slackUrl": url}))
    assert made["hasSlackUrl"]
    everywhere = [made, sent(api.get(AT)), sent(api.get(f"{AT}/{made['id']}")), list(AuditEntry.objects.values())]
    assert "hush" not in str(everywhere)
    sent(api.patch(f"{AT}/{made['id']}", {"name": "Still there"}))
    assert AlertRule.objects.get(public_id=made["id"]).sealed_url is not None
    sent(api.patch(f"{AT}/{made['id']}", {"channel": "email", "addresses": ["a@b.example"]}))
    assert AlertRule.objects.get(public_id=made["id"]).sealed_url is None


def test_our_rules_and_another_partner_s_are_not_there(api: Api, other_api: Api) -> None:
    ours = AlertRule.objects.create(name="ours", audience="merchant")
    theirs = sent(other_api.post(AT, RULE))["id"]
    for rule_id in (ours.public_id, theirs):
        for response in (api.get(f"{AT}/{rule_id}"), api.patch(f"{AT}/{rule_id}", {}), api.delete(f"{AT}/{rule_id}")):
            sent(response, 404)
    assert sent(api.get(AT))["results"] == []


def test_a_contact_is_said_and_read(api: Api) -> None:
    company = make_company(api.partner)
    path = f"/companies/{company.public_id}/contact"
    assert sent(api.get(path)) == {"email": None, "locale": "en-us", "wants": "nothing"}
    said = {"email": "owner@shop.example", "locale": "fr-fr", "wants": "daily"}
    assert sent(api.put(path, said)) == sent(api.get(path)) == said
    for wrong in ({"email": None}, {"email": "x"}, {"locale": "de"}, {"wants": "always"}):
        sent(api.put(path, {**said, **wrong}), 400)
    assert CompanyContact.objects.get().email == "owner@shop.example"
    assert sent(api.put(path, {"email": None, "locale": "fr-fr", "wants": "nothing"}))["email"] is None
