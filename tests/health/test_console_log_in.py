"""The log-in of the console: whoever tries too often waits, a log-in ends by itself, and the trail tells of all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from health.console import tries
from health.models import LoginTries, Member
from ledger.models import AuditEntry
from tests.api.cast import make_partner
from tests.health.people import PASSWORD, a_person, logged_in, try_in

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def codes() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("code", flat=True))


def is_in(client: Client) -> bool:
    return bool(client.get(reverse("admin:index")).status_code == 200)


def test_name_and_password_let_in_and_the_trail_says_from_where() -> None:
    partner = make_partner()
    a_person(partner=partner)
    client = Client()
    assert try_in(client, REMOTE_ADDR="203.0.113.9").status_code == 302
    assert is_in(client)
    entry = AuditEntry.objects.get(code="login.succeeded")
    assert (entry.actor, entry.partner, entry.detail) == ("console:sam", partner, {"address": "203.0.113.9"})


@pytest.mark.parametrize(
    ("name", "password", "role"), [("sam", "wrong", "support"), ("eve", PASSWORD, "support"), ("sam", PASSWORD, "")]
)
def test_a_wrong_name_a_wrong_password_and_no_role_are_answered_alike(name: str, password: str, role: str) -> None:
    a_person(role)
    client = Client()
    page = try_in(client, name, password).content.decode()
    assert "The name or the password is not right, or you have no role here." in page
    assert not is_in(client)
    assert codes() == ["login.failed"]


def test_what_was_typed_as_a_name_is_kept_nowhere_when_it_is_none() -> None:
    try_in(Client(), "my secret password", "x")
    entry = AuditEntry.objects.get(code="login.failed")
    assert (entry.actor, entry.subject) == ("console:nobody", "")
    assert not any("secret" in row.key for row in LoginTries.objects.all())


@pytest.mark.case("S24")
def test_after_five_tries_a_name_waits_and_longer_each_time_and_then_the_password_is_good_again() -> None:
    a_person()
    client = Client()
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(5):
            try_in(client, password="wrong")
        assert codes() == ["login.failed"] * 5 + ["login.locked"]
        locked = try_in(client).content.decode()  # the right one is not even looked at
        assert "too many tries. Try again in a minute" in locked
        assert len(codes()) == 6
        clock.shift(61)
        try_in(client, password="wrong")
        assert "Try again in 2 minutes" in try_in(client).content.decode()
        clock.shift(121)
        assert try_in(client).status_code == 302
        assert not LoginTries.objects.filter(key=tries.key_of("name", "sam")).exists()


def test_another_spelling_of_a_name_is_no_other_name() -> None:
    a_person()
    for number in range(5):
        try_in(Client(), "SAM" if number % 2 else "sam", "wrong")
    assert "too many tries" in try_in(Client()).content.decode()


@pytest.mark.case("S24")
def test_an_address_that_tries_many_names_waits_and_others_do_not() -> None:
    a_person()
    for number in range(30):
        try_in(Client(), f"somebody {number}", REMOTE_ADDR="203.0.113.9")
    assert "too many tries" in try_in(Client(), REMOTE_ADDR="203.0.113.9").content.decode()
    assert try_in(Client(), REMOTE_ADDR="203.0.113.10").status_code == 302


@pytest.mark.case("S24")
def test_a_client_cannot_choose_its_address(settings: Any) -> None:
    for number in range(30):
        try_in(Client(), f"somebody {number}", REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert "too many tries" in try_in(Client(), REMOTE_ADDR="203.0.113.9").content.decode()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    behind = {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "1.1.1.1, 198.51.100.7"}
    assert "too many tries" not in try_in(Client(), **behind).content.decode()


def test_who_knows_one_password_does_not_get_more_tries_at_others() -> None:
    a_person()
    for number in range(29):
        try_in(Client(), f"somebody {number}")
    try_in(Client())
    row = LoginTries.objects.get(key=tries.key_of("address", "127.0.0.1"))
    assert (row.tries, row.locked_until) == (29, None)


@pytest.mark.case("S24")
@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_counted_one_by_one() -> None:
    def one(number: int) -> bool:
        try:
            tries.take("name", "sam")
        except tries.Locked:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(24))) == 5


def test_old_tries_are_forgotten() -> None:
    with time_machine.travel(START, tick=False) as clock:
        tries.take("name", "sam")
        assert tries.forget_old() == 0
        clock.shift(timedelta(hours=2))
        assert tries.forget_old() == 1


@pytest.mark.case("S05")
def test_the_session_gets_another_id_at_the_log_in() -> None:
    a_person()
    client = Client()
    client.session.save()
    client.cookies["sessionid"] = before = "a" * 32
    try_in(client)
    assert client.cookies["sessionid"].value != before
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"


@pytest.mark.case("S05")
def test_a_log_in_ends_after_half_an_hour_without_a_request() -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = logged_in(a_person())
        for _ in range(3):
            assert is_in(client)
            clock.shift(timedelta(minutes=29))
        clock.shift(timedelta(minutes=2))
        answer = client.get(reverse("admin:ledger_company_changelist") + "?q=x")
        assert answer.status_code == 302
        assert "ended=idle" in answer["Location"]
        assert "%3Fq%3Dx" in answer["Location"]
        assert "half an hour" in client.get(answer["Location"]).content.decode()
        assert not is_in(client)
    assert AuditEntry.objects.get(code="session.ended").detail == {"why": "idle"}


@pytest.mark.case("S05")
def test_a_log_in_ends_after_a_working_day() -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = logged_in(a_person())
        for _ in range(24):
            assert is_in(client)
            clock.shift(timedelta(minutes=20))
        assert "ended=age" in client.get(reverse("admin:index"))["Location"]


@pytest.mark.case("S05")
def test_another_role_ends_every_log_in_of_the_person() -> None:
    user = a_person()
    here, there = logged_in(user), logged_in(user)
    assert is_in(here)
    assert is_in(there)
    Member.objects.update(role="finance")
    for client in (here, there):
        assert "ended=role" in client.get(reverse("admin:index"))["Location"]


@pytest.mark.case("S05")
def test_another_password_ends_every_other_log_in() -> None:
    user = a_person()
    here, there = logged_in(user), logged_in(user)
    assert is_in(here)
    assert is_in(there)
    said = {
        "old_password": PASSWORD,
        "new_password1": "another long way home",
        "new_password2": "another long way home",
    }
    assert here.post(reverse("admin:password_change"), said).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert "password.changed" in codes()


@pytest.mark.case("S05")
def test_who_is_disabled_is_out_at_once() -> None:
    user = a_person()
    client = logged_in(user)
    assert is_in(client)
    get_user_model().objects.update(is_active=False)
    assert not is_in(client)


def test_logging_out_ends_it_and_is_noted() -> None:
    client = logged_in(a_person())
    assert is_in(client)
    assert client.post(reverse("admin:logout")).status_code == 200
    assert not is_in(client)
    assert codes() == ["logout"]


@pytest.mark.case("S25")
def test_people_wait_for_the_password_and_lists_do_not() -> None:
    a_person("administrator", is_superuser=True)
    with time_machine.travel(START, tick=False) as clock:
        client = Client()
        try_in(client)
        assert client.get(reverse("admin:health_member_add")).status_code == 200
        clock.shift(timedelta(minutes=6))
        assert client.get(reverse("admin:health_member_changelist")).status_code == 200
        asked = client.get(reverse("admin:health_member_add"))
        assert asked["Location"] == f"{reverse('admin:console-confirm')}?next=%2Fadmin%2Fhealth%2Fmember%2Fadd%2F"
        page = client.get(asked["Location"])
        assert "Say your password once more" in page.content.decode()
        wrong = client.post(asked["Location"], {"password": "wrong", "next": "/admin/health/member/add/"})
        assert wrong.status_code == 400
        right = client.post(asked["Location"], {"password": PASSWORD, "next": "/admin/health/member/add/"})
        assert right["Location"] == "/admin/health/member/add/"
        assert client.get(right["Location"]).status_code == 200
    assert codes()[-2:] == ["login.failed", "login.confirmed"]


@pytest.mark.case("S25")
def test_keys_are_made_only_after_the_password() -> None:
    with time_machine.travel(START, tick=False) as clock:
        client, partner = logged_in(a_person("administrator")), make_partner()
        is_in(client)
        clock.shift(timedelta(minutes=6))
        listed = reverse("admin:commerce_sync_apikey_changelist")
        assert client.get(listed).status_code == 200
        make = reverse("admin:console-key-make", args=(partner.pk,))
        assert "confirm" in client.post(make, {"name": "till", "why": "asked for"})["Location"]
        assert not partner.api_keys.exists()


@pytest.mark.case("S09")
@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_the_question_for_the_password_leads_nowhere_else(wanted: str) -> None:
    client = logged_in(a_person())
    answer = client.post(reverse("admin:console-confirm"), {"password": PASSWORD, "next": wanted})
    assert answer["Location"] == reverse("admin:index")


@pytest.mark.case("S13", "S14")
def test_every_page_of_the_console_lets_nothing_else_in_and_keeps_no_copy() -> None:
    client = logged_in(a_person())
    pages = [client.get(reverse("admin:index")), Client().get(reverse("admin:login")), client.get("/admin/nothing/")]
    for page in pages:
        assert "default-src 'none'" in page["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        assert page["Cache-Control"] == "no-store"
        assert page["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("login_tries_count_up", {"key": "0" * 64, "tries": -1}),
        ("login_tries_name_nobody", {"key": "sam", "tries": 1}),
    ],
)
def test_tries_are_counted_up_and_name_nobody(name: str, row: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LoginTries.objects.create(**row, last_at=START)
