"""The people of the console in tests."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from health.models import Member
from ledger.models import Partner

PASSWORD = "a long way to the tea room"


def a_person(role: str = "support", partner: Partner | None = None, name: str = "sam", **more: Any) -> Any:
    """Staff with this role ("" none) and the password above."""
    user = get_user_model().objects.create_user(name, password=PASSWORD, is_staff=True, **more)
    if role:
        Member.objects.create(user=user, role=role, partner=partner)
    return user


def logged_in(user: Any) -> Client:
    """A browser in which this person is logged in, without having typed anything."""
    client = Client()
    client.force_login(user)
    return client


def try_in(client: Client, name: str = "sam", password: str = PASSWORD, **more: Any) -> Any:
    """What the log-in answers."""
    return client.post(reverse("admin:login"), {"username": name, "password": password, "next": "/admin/"}, **more)
