"""At the console a partner's people see their own partner's rows, and whoever has no role sees nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from health.models import Member
from ledger.models import Partner
from tests.api.cast import make_partner, ready_company

pytestmark = pytest.mark.django_db


def person(role: str = "", partner: Partner | None = None, name: str = "Sam") -> Client:
    user = get_user_model().objects.create_user(name, is_staff=True)
    if role:
        Member.objects.create(user=user, role=role, partner=partner)
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.case("S01")
def test_a_partner_s_people_see_the_companies_of_their_partner_only() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    ready_company(own, "Ours & Co")
    foreign = ready_company(other, "Theirs & Co")
    client = person("support", own)
    page = client.get(reverse("admin:ledger_company_changelist")).content.decode()
    assert "Ours &amp; Co" in page
    assert "Theirs &amp; Co" not in page
    assert client.get(reverse("admin:ledger_company_change", args=(foreign.pk,))).status_code == 302
    everybody = person("support", name="Alex").get(reverse("admin:ledger_company_changelist")).content.decode()
    assert "Theirs &amp; Co" in everybody


def test_staff_without_a_role_get_no_further_than_the_log_in() -> None:
    answer = person().get(reverse("admin:index"))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_every_list_of_the_console_opens_for_an_administrator_of_a_partner() -> None:
    partner = make_partner("Own")
    ready_company(partner)
    client = person("administrator", partner)
    for model in _models():
        found = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), follow=True)
        assert found.status_code in {200, 403}, model


def _models() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.app_label != "auth"]


def test_a_role_that_does_not_exist_is_refused() -> None:
    """member_role_known."""
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="member_role_known"):
        Member.objects.create(user=get_user_model().objects.create_user("Eve"), role="owner")
