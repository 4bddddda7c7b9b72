"""Who works at the console: let in by a link, in a role, and never made more than whoever makes them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from health.models import Member
from ledger.models import AuditEntry
from tests.api.cast import make_partner
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db

ADD, LIST = "admin:health_member_add", "admin:health_member_changelist"


def said(**changes: Any) -> dict[str, Any]:
    whole = {"username": "kim", "first_name": "Kim", "last_name": "Lee", "email": "kim@example.com", "role": "support",
             "partner": "", "is_active": "on", "why": "New in the team"}  # fmt: skip
    return {**whole, **changes}


def change(member: Member) -> str:
    return reverse("admin:health_member_change", args=(member.pk,))


@pytest.mark.case("S06")
def test_somebody_is_made_and_chooses_a_password_by_a_link_that_works_once() -> None:
    client = person("administrator")
    answered = client.post(reverse(ADD), said())
    assert answered.status_code == 200, answered.context
    assert "no-store" in answered["Cache-Control"]
    link = re.search(r"http://testserver(/admin/password/[^<\s]+)", answered.content.decode())
    assert link
    member = Member.objects.get(user__username="kim")
    assert (member.role, member.partner, member.user.is_staff, member.user.is_superuser) == (
        "support",
        None,
        True,
        False,
    )
    assert not member.user.has_usable_password()
    assert AuditEntry.objects.get(code="member.added").detail["why"] == "New in the team"
    visitor = Client()
    form = visitor.get(link[1], follow=True)
    chosen = {"new_password1": "a long enough pass phrase", "new_password2": "a long enough pass phrase"}
    assert visitor.post(form.request["PATH_INFO"], chosen).status_code == 302
    assert visitor.login(username="kim", password="a long enough pass phrase")
    assert "has been used" in Client().get(link[1], follow=True).content.decode()


def test_what_cannot_be_is_told_at_its_field() -> None:
    client = person("administrator")
    get_user_model().objects.create_user("KIM")
    for changes, words in (({}, "called so already"), ({"username": "lou", "why": ""}, "required"),
                           ({"username": "lou", "email": "no address"}, "valid email"),
                           ({"username": "lou", "role": "owner"}, "valid choice")):  # fmt: skip
        answered = client.post(reverse(ADD), said(**changes))
        assert words in answered.content.decode(), changes
    assert Member.objects.count() == 1


def test_an_administrator_of_a_partner_makes_and_sees_people_of_that_partner_only() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    ours = Member.objects.create(user=get_user_model().objects.create_user("ours", is_staff=True), role="support")
    theirs = Member.objects.create(
        user=get_user_model().objects.create_user("theirs", is_staff=True), role="support", partner=other
    )
    client = person("administrator", own)
    page = client.get(reverse(LIST)).content.decode()
    assert ">ours<" not in page
    assert ">theirs<" not in page
    for member in (ours, theirs):
        assert client.get(change(member)).status_code == 302
        assert client.post(reverse("admin:console-invite", args=(member.pk,)), {"why": "x"}).status_code == 404
    for partner in ("", other.pk):
        refused = client.post(reverse(ADD), said(partner=partner))
        assert refused.status_code == 200
        assert not Member.objects.filter(user__username="kim").exists()
    client.post(reverse(ADD), said(partner=own.pk))
    made = Member.objects.get(user__username="kim")
    assert made.partner == own
    client.post(change(made), said(partner=""))
    made.refresh_from_db()
    assert made.partner == own


def test_a_change_is_in_the_trail_with_what_was_before_and_who_may_not_log_in_is_out() -> None:
    client = person("administrator")
    client.post(reverse(ADD), said())
    member = Member.objects.get(user__username="kim")
    theirs = Client()
    theirs.force_login(member.user)
    assert theirs.get(reverse("admin:index")).status_code == 200
    client.post(change(member), said(role="finance", is_active="", why="Left"))
    entry = AuditEntry.objects.get(code="member.changed")
    assert entry.detail["changes"] == {"role": ["support", "finance"], "is_active": ["yes", "no"]}
    assert (entry.detail["why"], entry.subject) == ("Left", "kim")
    assert theirs.get(reverse("admin:index")).status_code == 302


def test_nobody_changes_themselves_and_administrators_of_the_installation_are_out_of_reach() -> None:
    client = person("administrator")
    own = Member.objects.get(user__username="Sam")
    root = Member.objects.create(user=get_user_model().objects.create_superuser("root"), role="support")
    assert client.get(change(own)).status_code == 200
    assert client.post(change(own), said(role="support")).status_code == 403
    assert client.post(reverse("admin:console-invite", args=(own.pk,)), {"why": "x"}).status_code == 404
    assert client.get(change(root)).status_code == 302
    assert client.post(reverse("admin:console-invite", args=(root.pk,)), {"why": "x"}).status_code == 404
    own.refresh_from_db()
    assert own.role == "administrator"


@pytest.mark.parametrize("role", ["support", "finance", "engineer"])
def test_others_neither_see_nor_make_people(role: str) -> None:
    client = person(role)
    member = Member.objects.get(user__username="Sam")
    for at in (reverse(LIST), reverse(ADD), change(member)):
        assert client.get(at).status_code == 403
    assert client.post(reverse(ADD), said()).status_code == 403
    assert client.post(reverse("admin:console-invite", args=(member.pk,)), {"why": "x"}).status_code == 403


def test_a_new_link_needs_a_reason_and_nobody_is_deleted() -> None:
    client = person("administrator")
    client.post(reverse(ADD), said())
    member = Member.objects.get(user__username="kim")
    at = reverse("admin:console-invite", args=(member.pk,))
    assert "Say why" in client.post(at, {"why": ""}, follow=True).content.decode()
    assert "/admin/password/" in client.post(at, {"why": "Lost it"}).content.decode()
    assert AuditEntry.objects.filter(code="member.invited", detail__why="Lost it").exists()
    assert client.post(reverse("admin:health_member_delete", args=(member.pk,)), {"post": "yes"}).status_code == 403


def test_users_groups_and_rights_of_the_database_are_no_pages() -> None:
    assert get_user_model() not in admin.site._registry
    assert Group not in admin.site._registry
