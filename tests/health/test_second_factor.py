"""The second factor: asked of whoever has one and of everybody where it is required; shown once, taken once."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django_otp.oath import hotp

from connectors.credentials import current_key_id
from health.console import second_factor
from health.models import Authenticator
from ledger.models import AuditEntry
from tests.health.people import PASSWORD, a_person, logged_in, try_in

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ASKED, SET_UP = "/admin/second-factor/", "/admin/second-factor/set-up/"


def number_now(user: Any, steps: int = 0) -> str:
    key = base64.b32decode(second_factor.secret_of(Authenticator.objects.get(user=user)))
    return f"{hotp(key, int(datetime.now(UTC).timestamp()) // 30 + steps):06d}"


def enrolled(user: Any) -> tuple[Client, list[str]]:
    """A browser in which the person has set up the app, and the codes that it showed."""
    client = logged_in(user)
    assert client.get(SET_UP).status_code == 200
    page = client.post(SET_UP, {"number": number_now(user)})
    assert page.status_code == 200
    return client, re.findall(r"<code>([a-z2-7-]+)</code>", page.content.decode())


def test_nobody_is_asked_who_has_none_and_where_none_is_required() -> None:
    assert logged_in(a_person()).get(reverse("admin:index")).status_code == 200


@pytest.mark.case("S25")
def test_where_it_is_required_no_page_opens_before_one_is_set_up(settings: Any) -> None:
    settings.COMMERCE_SYNC_STAFF_SECOND_FACTOR = True
    user = a_person()
    client = logged_in(user)
    for name in ("admin:index", "admin:ledger_company_changelist", "admin:console-second-factor-own"):
        assert client.get(reverse(name))["Location"].startswith(ASKED), name
    assert client.get(ASKED)["Location"] == SET_UP
    assert client.post(SET_UP, {"number": "000000"}).status_code in {200, 400}
    enrolled(user)
    assert client.get(reverse("admin:index"))["Location"].startswith(ASKED)  # another browser, so it is asked there


def test_setting_it_up_shows_the_secret_and_the_codes_once() -> None:
    user = a_person()
    client, codes = enrolled(user)
    assert len(set(codes)) == 10
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(SET_UP)["Location"] == reverse("admin:console-second-factor-own")
    assert client.get(reverse("admin:console-second-factor-picture")).status_code == 404
    device = Authenticator.objects.get()
    kept = str(device.recovery) + bytes(device.sealed_key).decode()
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    assert second_factor.secret_of(device) not in kept


def test_the_picture_is_served_by_us_and_kept_by_nobody() -> None:
    client = logged_in(a_person())
    page = client.get(SET_UP)
    assert b"data:" not in page.content
    picture = client.get(reverse("admin:console-second-factor-picture"))
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["Cache-Control"] == "no-store"


@pytest.mark.case("S25")
def test_after_the_password_the_number_is_asked_for_and_leads_on() -> None:
    user = a_person()
    with time_machine.travel(START, tick=False) as clock:
        enrolled(user)
        clock.shift(30)
        client = Client()
        try_in(client)
        wanted = "/admin/ledger/company/?q=x"
        asked = client.get(wanted)["Location"]
        assert asked == f"{ASKED}?next=%2Fadmin%2Fledger%2Fcompany%2F%3Fq%3Dx"
        assert client.post(ASKED, {"number": "123456", "next": wanted}).status_code == 400
        before = client.cookies["sessionid"].value
        said = number_now(user)
        assert client.post(ASKED, {"number": f" {said[:3]} {said[3:]}", "next": wanted})["Location"] == wanted
        assert client.cookies["sessionid"].value != before
        assert client.get(wanted).status_code == 200
    codes = list(AuditEntry.objects.order_by("id").values_list("code", flat=True))
    assert codes == ["second_factor.set_up", "login.succeeded", "login.second_factor_failed", "login.second_factor"]


def test_a_number_is_taken_once_and_none_before_it_afterwards() -> None:
    user = a_person()
    with time_machine.travel(START, tick=False) as clock:
        enrolled(user)
        clock.shift(60)
        said, former = number_now(user), number_now(user, -1)
        assert logged_in(user).post(ASKED, {"number": said}).status_code == 302
        for again in (said, former):
            assert logged_in(user).post(ASKED, {"number": again}).status_code == 400


def test_a_clock_that_is_half_a_minute_off_is_forgiven_and_one_of_minutes_is_not() -> None:
    user = a_person()
    with time_machine.travel(START, tick=False) as clock:
        enrolled(user)
        clock.shift(600)
        assert logged_in(user).post(ASKED, {"number": number_now(user, 2)}).status_code == 400
        assert logged_in(user).post(ASKED, {"number": number_now(user, 1)}).status_code == 302


def test_a_code_lets_in_once() -> None:
    user = a_person()
    _, codes = enrolled(user)
    assert logged_in(user).post(ASKED, {"number": codes[3].upper()}).status_code == 302
    assert logged_in(user).post(ASKED, {"number": codes[3]}).status_code == 400
    assert len(Authenticator.objects.get().recovery) == 9


@pytest.mark.case("S24")
def test_too_many_numbers_have_to_wait_even_for_the_right_one() -> None:
    user = a_person()
    with time_machine.travel(START, tick=False) as clock:
        enrolled(user)
        clock.shift(30)
        client = logged_in(user)
        for _ in range(5):
            client.post(ASKED, {"number": "000000"})
        page = client.post(ASKED, {"number": number_now(user)})
        assert "too many tries" in page.content.decode()
        assert AuditEntry.objects.filter(code="login.locked").count() == 1
        clock.shift(timedelta(minutes=2))
        assert client.post(ASKED, {"number": number_now(user)}).status_code == 302


def test_taking_it_away_asks_for_the_password() -> None:
    user = a_person()
    away = reverse("admin:console-second-factor-remove")
    with time_machine.travel(START, tick=False) as clock:
        client, _ = enrolled(user)
        client.get(reverse("admin:index"))
        clock.shift(timedelta(minutes=6))
        assert "confirm" in client.post(away)["Location"]
        assert Authenticator.objects.count() == 1
        client.post(reverse("admin:console-confirm"), {"password": PASSWORD})
        assert client.get(away).status_code == 405
        client.post(away)
    assert not Authenticator.objects.exists()
    assert AuditEntry.objects.filter(code="second_factor.removed", actor="console:sam").exists()


def test_an_administrator_takes_a_lost_one_away_and_says_why() -> None:
    user = a_person()
    enrolled(user)
    boss = logged_in(a_person("administrator", name="boss"))
    away = reverse("admin:console-person-second-factor", args=(user.pk,))
    boss.post(away, {"why": " "})
    assert Authenticator.objects.count() == 1
    boss.post(away, {"why": "lost the phone"})
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(code="second_factor.removed")
    assert (entry.actor, entry.subject, entry.detail) == ("console:boss", "sam", {"why": "lost the phone"})
    assert logged_in(user).post(away, {"why": "x"}).status_code == 403


def test_nobody_half_way_in_gets_any_further() -> None:
    user = a_person("administrator", is_superuser=True)
    enrolled(user)
    client = logged_in(user)
    for name in ("admin:health_member_add", "admin:password_change", "admin:console-second-factor-remove"):
        assert client.post(reverse(name), {})["Location"].startswith(ASKED), name
    assert client.get(SET_UP)["Location"].endswith("/own/")
    assert Client().get(SET_UP).status_code == 302
    assert logged_in(a_person("", name="eve")).get(SET_UP).status_code == 403


@pytest.mark.case("S18")
def test_it_is_sealed_anew_with_a_new_key(settings: Any) -> None:
    user = a_person()
    enrolled(user)
    secret = second_factor.secret_of(Authenticator.objects.get())
    former = settings.COMMERCE_SYNC_ENCRYPTION_KEYS
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *former]
    assert second_factor.seal_anew() == 1
    assert second_factor.seal_anew() == 0
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = settings.COMMERCE_SYNC_ENCRYPTION_KEYS[:1]
    assert second_factor.secret_of(Authenticator.objects.get()) == secret
    assert Authenticator.objects.get().key_id == current_key_id()


@pytest.mark.parametrize("name", ["authenticator_once", "authenticator_has_key_id"])
def test_a_person_has_one_and_its_key_has_a_name(name: str) -> None:
    user, other = a_person(), a_person(name="eve")
    row = {"name": "app", "sealed_key": b"x"}
    Authenticator.objects.create(user=user, key_id="k", **row)
    again = {"user": user, "key_id": "k"} if name == "authenticator_once" else {"user": other, "key_id": ""}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Authenticator.objects.create(**again, **row)
