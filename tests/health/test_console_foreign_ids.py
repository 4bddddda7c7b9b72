"""Ids of another partner inside of the console's forms, queries and searches: what addresses name is in test_roles."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from commerce_sync.models import Branding, RegisteredOrigin
from commerce_sync.origins import register_origin
from health.models import AlertRule, Finding, Member
from ledger.models import AuditEntry, Document, Partner
from tests.health.console_world import Ids, two_worlds
from tests.health.people import a_person, logged_in


def rows_of_others(other: Ids) -> dict[str, Any]:
    """All of theirs that a form could have changed."""
    partner = other["partner_id"]
    return {
        "findings": list(Finding.objects.filter(partner=partner).order_by("pk").values()),
        "people": list(Member.objects.filter(partner=partner).order_by("pk").values()),
        "rules": list(AlertRule.objects.filter(partner=partner).order_by("pk").values()),
        "brandings": list(Branding.objects.filter(partner=partner).order_by("pk").values()),
        "origins": list(RegisteredOrigin.objects.filter(partner=partner).order_by("pk").values()),
        "trail": AuditEntry.objects.filter(partner=partner).count(),
    }


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.case("S01", "S03")
def test_ids_of_another_partner_in_a_form_or_a_query_lead_to_nothing(settings: Any) -> None:
    own, other = two_worlds()
    settings.PRODUCTION = False
    theirs = Partner.objects.get(pk=other["partner_id"])
    origin = register_origin(partner=theirs, text="https://theirs.example", actor="test")
    user = a_person("administrator", Partner.objects.get(pk=own["partner_id"]), name="boss")
    mine = a_person("support", Partner.objects.get(pk=own["partner_id"]), name="mine").member
    client = logged_in(user)
    before = rows_of_others(other)
    _findings(client, own, other)
    _forms(client, mine, own, other)
    client.post(reverse("admin:branding-origins", args=(own["partner_id"],)), {"remove": str(origin.pk)})
    assert rows_of_others(other) == before
    mine.refresh_from_db()
    assert mine.partner_id == own["partner_id"]
    _searches(client, own, other)


def _findings(client: Client, own: Ids, other: Ids) -> None:
    """Acts on findings, by their ids and by their group, and giving one of ours to somebody of theirs."""
    act = reverse("admin:console-finding-act")
    theirs = str(other["finding_id"])
    for what in ("take", "comment", "escalate", "resolve", "ignore", "reopen", "mend", "release"):
        said = {"what": what, "why": "look", "until": "2030-01-01"}
        assert client.post(act, {**said, "ids": theirs}).status_code == 302
    given = {"what": "assign", "why": "look", "to": str(other["member_id"]), "ids": str(own["finding_id"])}
    assert client.post(act, given).status_code == 302
    assert Finding.objects.get(public_id=own["finding_id"]).assignee_id is None


def _forms(client: Client, mine: Member, own: Ids, other: Ids) -> None:
    """Somebody is added, or moved, to their partner; a rule and a brand are made for it."""
    theirs = str(other["partner_id"])
    person = {
        "username": "spy",
        "email": "s@spy.example",
        "role": "support",
        "partner": theirs,
        "is_active": "on",
        "why": "look",
    }
    added = client.post(reverse("admin:health_member_add"), person)
    assert list(added.context_data["adminform"].form.errors) == ["partner"]
    assert not Member.objects.filter(user__username="spy").exists()
    moved = client.post(reverse("admin:health_member_change", args=(mine.pk,)), {**person, "username": "mine"})
    assert list(moved.context_data["adminform"].form.errors) == ["partner"]
    rule = {"name": "Spy", "partner": theirs, "audience": "addresses", "channel": "email", "addresses": "s@spy.example",
            "least_severity": "notice", "digest": "at_once", "hour": "8", "calm_minutes": "0", "least_count": "1",
            "least_amount": "0", "least_age_minutes": "0", "why": "look"}  # fmt: skip
    client.post(reverse("admin:health_alertrule_add"), rule)
    assert AlertRule.objects.get(name="Spy").partner_id == own["partner_id"]  # whatever the form says
    Branding.objects.filter(partner=theirs).update(display_name="Theirs")
    brand = {"partner": theirs, "display_name": "Spy", "why": "look"}
    client.post(reverse("admin:commerce_sync_branding_add"), brand)
    assert Branding.objects.get(partner=theirs).display_name == "Theirs"
    Branding.objects.filter(partner=theirs).update(display_name="Other")


def _searches(client: Client, own: Ids, other: Ids) -> None:
    """Lists that are asked for their ids, by search and by filter, and what the searches offer."""
    asked = 0
    partner, company = other["partner_id"], str(other["company_id"])
    for model, registered in admin.site._registry.items():
        path = getattr(registered, "partner_path", None)
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        if path is None:
            continue
        for query in ("q=Other", f"{path}__id__exact={partner}"):
            page = client.get(f"{listed}?{query}")
            assert page.status_code in (200, 302, 400, 403, 404), f"{listed}?{query}"
            if page.status_code == 200 and (found := getattr(page, "context_data", None)) and "cl" in found:
                asked += 1
                theirs = {*model._default_manager.filter(**{path: partner}).values_list("pk", flat=True)}
                assert not theirs & {row.pk for row in found["cl"].result_list}, f"{listed}?{query}"
    assert asked > 15
    offered = client.get(reverse("admin:autocomplete"), {
        "app_label": "health", "model_name": "alertrule", "field_name": "partner", "term": "Other",
    })  # fmt: skip
    assert offered.status_code in (403, 404) or offered.json()["results"] == []
    their_document = Document.objects.get(pk=other["document_id"])
    for said in (their_document.reference, str(their_document.pk), company):
        found = client.get(reverse("admin:console-find", args=(own["company_id"],)), {"q": said})
        assert f"/{their_document.pk}/" not in found.headers.get("Location", "")
        assert f"/{their_document.pk}/" not in found.content.decode()
        searched = client.get(reverse("admin:search"), {"s": said})
        assert f"/{company}/" not in searched.content.decode()
        assert f"/{their_document.pk}/" not in searched.content.decode()
