"""API keys at the console: shown once, each act for a reason, by those who may."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from commerce_sync.api_keys import create_key, recognize
from commerce_sync.models import ApiKey
from ledger.models import AuditEntry, Partner
from tests.api.cast import make_partner
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db


def at(name: str, partner: Partner, *more: int) -> str:
    return reverse(f"admin:console-{name}", args=(partner.pk, *more))


def secret_of(page: str) -> str:
    found = re.search(r"<pre[^>]*>(cs_[\w-]+)</pre>", page)
    assert found
    return found[1]


def test_a_key_is_shown_once_and_works() -> None:
    partner, client = make_partner(), person("administrator")
    answered = client.post(at("key-make", partner), {"name": "Till", "why": "They lost the other"})
    assert "no-store" in answered["Cache-Control"]
    secret = secret_of(answered.content.decode())
    assert recognize(secret) == ApiKey.objects.get()
    assert secret not in client.get(at("partner", partner)).content.decode()
    entry = AuditEntry.objects.get(code="console.key_made")
    assert (entry.actor, entry.partner, entry.detail["why"]) == ("console:Sam", partner, "They lost the other")
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_key_without_a_name_of_its_own_or_a_reason_is_not_made() -> None:
    partner, client = make_partner(), person("administrator")
    create_key(partner=partner, name="Till", actor="test")
    refused = [({"name": "", "why": "x"}, 400), ({"name": "New", "why": " "}, 400), ({"name": "till", "why": "x"}, 409)]
    for said, status in refused:
        assert client.post(at("key-make", partner), said).status_code == status
    assert ApiKey.objects.count() == 1


def test_a_rotated_key_goes_on_for_as_long_as_was_said() -> None:
    partner, client = make_partner(), person("administrator")
    row, former = create_key(partner=partner, name="Till", actor="test")
    new = secret_of(client.post(at("key-rotate", partner, row.pk), {"overlap": "7", "why": "x"}).content.decode())
    assert recognize(former) is not None
    assert recognize(new) is not None
    second = ApiKey.objects.latest("pk")
    client.post(at("key-rotate", partner, second.pk), {"overlap": "0", "why": "x"})
    assert recognize(new) is None
    assert client.post(at("key-rotate", partner, second.pk), {"overlap": "0", "why": "x"}).status_code == 409


def test_a_revoked_key_ends_at_once() -> None:
    partner, client = make_partner(), person("administrator")
    row, secret = create_key(partner=partner, name="Till", actor="test")
    assert client.post(at("key-revoke", partner, row.pk), {"why": ""}).status_code == 400
    assert recognize(secret) is not None
    client.post(at("key-revoke", partner, row.pk), {"why": "It was in a mail"})
    assert recognize(secret) is None
    assert AuditEntry.objects.get(code="console.key_revoked").detail["why"] == "It was in a mail"


def test_an_administrator_of_a_partner_reaches_no_other_partner_s_keys() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    row, secret = create_key(partner=other, name="Till", actor="test")
    client = person("administrator", own)
    assert client.get(at("partner", own)).status_code == 200
    assert client.get(at("partner", other)).status_code == 404
    for name, more in (("key-make", ()), ("key-rotate", (row.pk,)), ("key-revoke", (row.pk,))):
        for partner in {other, own} if more else {other}:
            said = {"name": "x", "why": "x"}
            assert client.post(at(name, partner, *more), said).status_code == 404, name
    assert recognize(secret) is not None


@pytest.mark.parametrize(("role", "sees"), [("support", False), ("finance", False), ("engineer", True)])
def test_others_change_no_keys(role: str, sees: bool) -> None:
    partner, client = make_partner(), person(role)
    row, secret = create_key(partner=partner, name="Till", actor="test")
    assert (row.prefix in client.get(at("partner", partner)).content.decode()) is sees
    for name, more in (("key-make", ()), ("key-rotate", (row.pk,)), ("key-revoke", (row.pk,))):
        assert client.post(at(name, partner, *more), {"name": "x", "why": "x"}).status_code == 403
    assert recognize(secret) is not None


def test_the_platforms_are_shown_as_they_declare_themselves() -> None:
    page = person("support").get(reverse("admin:console-platforms")).content.decode()
    for words in ("Where sales come from", "Xero", "QuickBooks Online", "gift card change"):
        assert words in page
