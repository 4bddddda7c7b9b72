"""Who is locked out is let in again by a command, and the trail says why."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from health.models import Authenticator
from ledger.models import AuditEntry
from tests.health.people import a_person, try_in

pytestmark = pytest.mark.django_db


def said(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("console_access", *args, stdout=out, **options)
    return out.getvalue()


def test_who_has_to_wait_is_let_in_again() -> None:
    a_person()
    for _ in range(5):
        try_in(Client(), password="wrong")
    assert try_in(Client()).status_code == 200
    assert "may try again" in said("sam", let_in=True, why="it was Sam")
    assert try_in(Client()).status_code == 302
    assert AuditEntry.objects.get(code="login.let_in").detail == {"why": "it was Sam"}
    assert "no tries" in said("sam", let_in=True)


def test_a_lost_second_factor_is_taken_away() -> None:
    user = a_person()
    Authenticator.objects.create(user=user, name="app", key_id="k", sealed_key=b"x")
    assert "is removed" in said("sam", remove_second_factor=True)
    assert "has no second factor" in said("sam", remove_second_factor=True)
    assert AuditEntry.objects.filter(code="second_factor.removed", subject="sam").count() == 1


def test_nothing_is_done_for_nobody_and_without_being_asked() -> None:
    a_person()
    with pytest.raises(CommandError, match="nobody of the name eve"):
        said("eve", let_in=True)
    with pytest.raises(CommandError, match="Say what to do"):
        said("sam")
