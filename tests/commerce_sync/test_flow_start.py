"""From a partner's product into the merchant's pages: one code, once, for one company."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory

from commerce_sync import housekeeping
from commerce_sync.api.idempotency import KEPT as ANSWERS_KEPT
from commerce_sync.flow import attempts
from commerce_sync.models import SetupLink, StoredAnswer
from commerce_sync.setup_links import KEPT, LASTS, NewLink, forget_old_links, make_link
from connectors import registry
from connectors.models import Connection
from ledger.models import AuditEntry, Company, Partner
from ledger.services import now

HEADERS = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}
AGAIN = b"Please start again"


@pytest.fixture(autouse=True)
def _nobody_has_tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    attempts._failures.clear()
    yield
    attempts._failures.clear()


def a_link(merchant: str = "Rose & Crown", partner: str = "Till Systems", back: str = "") -> NewLink:
    return make_link(
        partner=Partner.objects.get_or_create(name=partner, defaults={"currency": "GBP"})[0],
        merchant=merchant,
        commerce=registry.commerce("partner"),
        accounting=registry.accounting("books"),
        redirect_url=back,
        actor="test",
    )


def at(link: NewLink) -> str:
    return f"/flow/start/{link.company.public_id}"


def opened(client: Client, link: NewLink, **headers: str) -> Any:
    return client.post(at(link), {"code": link.code}, headers=headers or None)


@pytest.mark.case("S06")
@pytest.mark.django_db
def test_the_code_opens_the_pages_of_its_company_and_of_no_other() -> None:
    link, other, browser = a_link(), a_link("Anchor Inn"), Client()
    landing = browser.get(at(link), {"code": link.code})
    assert landing.status_code == 200
    assert link.code.encode() in landing.content
    answered = opened(browser, link)
    assert (answered.status_code, answered["Location"]) == (302, "/flow/")
    page = browser.get("/flow/")
    for words in (
        b"Rose &amp; Crown",
        b"Till Systems",
        b"Partner sales",
        b"Built-in general ledger",
        b"Not connected yet",
    ):
        assert words in page.content
    assert b"Anchor" not in page.content
    opened(browser, other)
    page = browser.get("/flow/")
    assert b"Anchor Inn" in page.content
    assert b"Rose" not in page.content
    assert AuditEntry.objects.filter(code="setup_link.used", actor="merchant", company=link.company).count() == 1


@pytest.mark.django_db
def test_the_page_tells_how_the_connections_stand_under_the_partners_brand() -> None:
    link, browser = a_link(), Client()
    opened(browser, link)
    Connection.objects.filter(platform="books").update(status="Linked", linked_at=now())
    Connection.objects.filter(platform="partner").update(status="Deauthorized")
    page = browser.get("/flow/").content
    assert b">Connected<" in page
    assert b"No longer connected" in page


@pytest.mark.django_db
def test_every_page_keeps_to_itself() -> None:
    link, browser = a_link(), Client()
    landing = browser.get(at(link), {"code": link.code})
    answers = [landing, browser.get(at(link)), opened(browser, link), opened(browser, link), browser.get("/flow/"),
               browser.get(f"/link/{link.company.public_id}"), browser.put(at(link))]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 401, 302, 401, 200, 200, 405]
    # In the address of the landing page is the code; the other pages have forms, whose origin is checked.
    secret = [True, True, True, True, False, False, True]
    for answer, has_secret in zip(answers, secret, strict=True):
        assert {name: answer[name] for name in HEADERS} == HEADERS
        assert answer["Referrer-Policy"] == ("no-referrer" if has_secret else "same-origin")
        policy = answer["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for inline in (b"<style", b"style=", b"onclick", b"onload", b"<script>"):
            assert inline not in answer.content


@pytest.mark.case("S06")
@pytest.mark.django_db
def test_looking_at_the_address_uses_nothing_up() -> None:
    link, scanner, browser = a_link(), Client(), Client()
    for method in (scanner.get, scanner.head, scanner.get, scanner.options):
        method(f"{at(link)}?code={link.code}")
    assert SetupLink.objects.get().used_at is None
    assert "sessionid" not in scanner.cookies
    assert opened(browser, link).status_code == 302


@pytest.mark.case("S06")
@pytest.mark.django_db
def test_late_used_unknown_and_foreign_codes_are_answered_by_one_page() -> None:
    link, other = a_link(), a_link("Anchor Inn")
    with time_machine.travel(link.expires_at, tick=False):
        late = opened(Client(), link)
    foreign = Client().post(at(other), {"code": link.code})
    nobody = Client().post(f"/flow/start/{uuid4()}", {"code": link.code})
    unknown = [Client().post(at(link), {"code": code}) for code in ("", "x", "x" * 101, "é", "\x00")]
    missing = [Client().post(at(link)), Client().get(at(link)), Client().get("/flow/")]
    assert opened(Client(), link).status_code == 302  # none of it used the code up
    used = opened(Client(), link)
    answers = [late, foreign, nobody, *unknown, *missing, used]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {used.content}
    assert AGAIN in used.content


@pytest.mark.case("S06")
@pytest.mark.django_db
def test_a_code_works_until_its_last_moment() -> None:
    link = a_link()
    with time_machine.travel(link.expires_at - timedelta(milliseconds=1), tick=False):
        assert opened(Client(), link).status_code == 302
    assert timedelta(seconds=30) == LASTS


@pytest.mark.case("S08")
@pytest.mark.django_db
def test_a_form_on_another_site_opens_nothing() -> None:
    link = a_link()
    assert opened(Client(enforce_csrf_checks=True), link, **{"Sec-Fetch-Site": "cross-site"}).status_code == 401
    # What browsers send from our own page, which tells no referrer:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert opened(Client(enforce_csrf_checks=True), link, **headers).status_code == 302


@pytest.mark.case("S05")
@pytest.mark.django_db
def test_the_session_gets_a_new_key() -> None:
    browser, first, second = Client(), a_link(), a_link()
    opened(browser, first)
    before = browser.cookies["sessionid"].value
    opened(browser, second)
    assert browser.cookies["sessionid"].value != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert thief.get("/flow/").status_code == 401
    cookie = browser.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.django_db
def test_staff_stay_who_they_are(django_user_model: Any) -> None:
    browser = Client()
    browser.force_login(get_user_model().objects.create_superuser("ann", password="x"))
    opened(browser, a_link())
    assert browser.get("/flow/").status_code == 200
    assert browser.get("/admin/").status_code == 200


@pytest.mark.case("S05")
@pytest.mark.django_db
def test_an_idle_session_ends_and_a_busy_one_ends_too() -> None:
    idle, busy = Client(), Client()
    with time_machine.travel(now(), tick=False) as clock:
        for browser in (idle, busy):
            opened(browser, a_link())
            session = browser.session
            session.set_expiry(timedelta(days=2))  # whatever Django's own session is made to last
            session.save()
        for _ in range(24):
            clock.shift(timedelta(minutes=19, seconds=59))
            assert busy.get("/flow/").status_code == 200
        assert idle.get("/flow/").status_code == 401
        clock.shift(timedelta(seconds=30))
        assert busy.get("/flow/").status_code == 401
        assert busy.get("/flow/").status_code == 401


@pytest.mark.case("S05")
@pytest.mark.django_db
def test_a_session_ends_to_the_minute_when_idle() -> None:
    browser = Client()
    with time_machine.travel(now(), tick=False) as clock:
        opened(browser, a_link())
        clock.shift(timedelta(minutes=29, seconds=59))
        assert browser.get("/flow/").status_code == 200
        clock.shift(timedelta(minutes=30))
        assert browser.get("/flow/").status_code == 401


@pytest.mark.django_db
def test_a_session_whose_form_has_changed_begins_again() -> None:
    browser = Client()
    opened(browser, a_link())
    session = browser.session
    session["flow"] = {"company_id": 1}
    session.save()
    assert browser.get("/flow/").status_code == 401


@pytest.mark.case("S24")
@pytest.mark.django_db
def test_who_tries_in_vain_too_often_waits_and_disturbs_nobody_else() -> None:
    link, browser = a_link(), Client()
    with time_machine.travel(now().replace(second=0), tick=False) as clock:
        link = a_link()
        for _ in range(attempts.MOST_FAILURES):
            assert browser.post(at(link), {"code": "x"}).status_code == 401
        stopped = opened(browser, link)
        assert (stopped.status_code, stopped["Retry-After"]) == (429, "60")
        assert AGAIN in stopped.content
        assert opened(Client(REMOTE_ADDR="203.0.113.9"), link).status_code == 302
        clock.shift(timedelta(minutes=1))
        assert opened(browser, a_link()).status_code == 302


@pytest.mark.case("S24")
def test_an_address_is_the_proxys_word_only_where_a_proxy_is_trusted(settings: LazySettings) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.7")
    assert attempts.address_of(request) == "10.0.0.9"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert attempts.address_of(request) == "203.0.113.7"
    neighbors = [RequestFactory().get("/", HTTP_X_FORWARDED_FOR=f"2001:db8::{end}") for end in ("1", "ffff")]
    assert len({attempts.address_of(each) for each in neighbors}) == 1
    assert attempts.address_of(RequestFactory().get("/", HTTP_X_FORWARDED_FOR="x")) == "unknown"


@pytest.mark.case("S06", "S28")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_post_the_code_at_once_one_gets_in() -> None:
    link, together = a_link(), threading.Barrier(4)
    answers: list[int] = []

    def post() -> None:
        try:
            together.wait(10)
            answers.append(opened(Client(), link).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [302, 401, 401, 401]
    assert AuditEntry.objects.filter(code="setup_link.used").count() == 1


@pytest.mark.django_db
def test_the_addresses_of_companies_tell_nothing() -> None:
    link = a_link()
    row = Connection.objects.filter(company=link.company).first()
    assert row is not None
    known = [f"/link/{link.company.public_id}", f"/link/{link.company.public_id}/{row.public_id}"]
    unknown = [f"/link/{uuid4()}", f"/link/{uuid4()}/{uuid4()}", f"/link/{link.company.public_id}/{uuid4()}"]
    pages = [Client().get(path) for path in (*known, *unknown)]
    assert {(page.status_code, page.content) for page in pages} == {(200, pages[0].content)}
    assert b"provider" in pages[0].content
    assert Client().post(known[0]).status_code == 405


@pytest.mark.django_db
def test_what_has_had_its_time_is_deleted_hourly(monkeypatch: pytest.MonkeyPatch) -> None:
    link, browser = a_link(), Client()
    opened(browser, link)
    partner = Partner.objects.get()
    StoredAnswer.objects.create(partner=partner, key="k", request_sha256=b"x" * 32, created_at=now())
    fresh = a_link("Anchor Inn")
    SetupLink.objects.filter(company=link.company).update(
        created_at=now() - KEPT - timedelta(hours=1), expires_at=now() - KEPT - timedelta(seconds=1)
    )
    monkeypatch.setattr(housekeeping, "_next_at", 0)
    assert housekeeping.clean_hourly()
    assert [row.company_id for row in SetupLink.objects.all()] == [fresh.company.pk]
    assert (StoredAnswer.objects.count(), Session.objects.count()) == (1, 1)
    with time_machine.travel(now() + ANSWERS_KEPT + timedelta(minutes=1), tick=False):
        assert not housekeeping.clean_hourly()
        housekeeping.clean()
        assert (StoredAnswer.objects.count(), Session.objects.count()) == (0, 0)
        assert (SetupLink.objects.count(), forget_old_links()) == (0, 0)
    assert Company.objects.count() == 2
