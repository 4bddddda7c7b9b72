"""Nobody reaches another company's pages, by any id, and every answer is a page of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import URLPattern, reverse

from commerce_sync import services, work
from commerce_sync.branding import set_branding
from commerce_sync.flow.session import IDLE
from commerce_sync.flow.urls import urlpatterns
from commerce_sync.models import RegisteredOrigin, Schedule, SetupDraft, Sync
from commerce_sync.origins import register_origin
from ledger.models import Company
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import a_linked_merchant, a_partner, a_way_in, inside
from tests.flow.test_history import TODAY, words_of

pytestmark = pytest.mark.django_db

PUBLIC = {"oauth-keys", "flow-start", "flow-brand", "flow-picture", "integration-picture", None}
# Beside those for anybody: what platforms post to by themselves, and /link (None), one page for all ids.
OTHERS = {"slug": "partner", "str": "2026-03-02", "int": "1", "path": "x"}


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=True):
        yield


def guarded() -> list[URLPattern]:
    return [each for each in urlpatterns if each.name not in PUBLIC]


def address(pattern: URLPattern, identity: UUID) -> str:
    """The pattern's address, with ``identity`` for every id in it."""
    kinds = {
        name: re.sub(r"Converter$", "", type(converter).__name__).lower().replace("string", "str")
        for name, converter in pattern.pattern.converters.items()
    }
    return reverse(pattern.name, kwargs={n: identity if k == "uuid" else OTHERS[k] for n, k in kinds.items()})


def rows_of(company: Company) -> dict[str, list[dict[str, Any]]]:
    """All that is kept of a company."""
    found = {}
    for model in apps.get_models():
        fields = [f for f in model._meta.fields if isinstance(f, models.ForeignKey) and f.related_model is Company]
        if fields:
            rows = model._default_manager.filter(**{fields[0].name: company}).order_by("pk").values()
            found[model.__name__] = list(rows)
    return found


def ids_of(rows: dict[str, list[dict[str, Any]]], company: Company) -> set[UUID]:
    return {company.public_id, *(v for each in rows.values() for row in each for v in row.values() if type(v) is UUID)}


def told(answered: Any, identity: UUID) -> tuple[Any, ...]:
    """An answer without what differs between any two of them."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answered.content.decode())
    place = answered.headers.get("Location", "")
    return answered.status_code, *(text.replace(str(identity), "ID") for text in (body, place))


@pytest.mark.case("S05")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("pattern", guarded(), ids=lambda each: each.name)
def test_without_a_session_every_page_says_to_start_again(pattern: URLPattern, method: str) -> None:
    answered = getattr(Client(), method)(address(pattern, uuid4()))
    assert answered.status_code == 401
    assert "Please start again" in words_of(answered)


@pytest.mark.case("S01")
def test_another_companys_ids_are_answered_as_unknown_ones_on_every_page_and_change_nothing() -> None:
    other = a_merchant("The other")
    sell(other, an_order(1))
    services.request_sync(company=other)
    work.drain(5)
    assert Sync.objects.filter(company=other, code=2000).exists()
    a_way_in(other)
    before = rows_of(other)
    theirs = ids_of(before, other)
    assert len(theirs) > 5
    browser = inside(a_linked_merchant("Ours"))
    tried = 0
    for pattern in guarded():
        if not any(type(each).__name__ == "UUIDConverter" for each in pattern.pattern.converters.values()):
            continue
        for method in (browser.get, browser.post):
            nobody = uuid4()
            unknown = told(method(address(pattern, nobody)), nobody)
            assert unknown[0] in (401, 404, 405), pattern.name
            for identity in theirs:
                found = method(address(pattern, identity))
                assert told(found, identity) == unknown, pattern.name
                assert "The other" not in found.content.decode()
                tried += 1
    assert tried > 50
    assert rows_of(other) == before


@pytest.mark.case("S01")
def test_ids_that_a_form_names_are_not_reached_either() -> None:
    other = a_merchant("The other")
    before = rows_of(other)
    browser = inside(a_linked_merchant("Ours"))
    for pattern in guarded():
        said = dict.fromkeys(("company", "company_id", "id", "connection", "connection_id"), str(other.public_id))
        found = browser.post(address(pattern, uuid4()), said | {"back": f"/flow/start/{other.public_id}"})
        assert found.status_code < 500
        assert "The other" not in found.content.decode()
    assert rows_of(other) == before


@pytest.mark.case("S13")
def test_every_page_has_the_headers_also_where_something_is_wrong() -> None:
    browser = inside(a_linked_merchant())
    strict = Client(enforce_csrf_checks=True)
    answers = {
        200: browser.get("/flow/"),
        401: Client().get("/flow/"),
        403: strict.post("/flow/sales", {}),
        404: browser.get("/flow/nowhere"),
        405: browser.get("/flow/finish"),
    }
    answers |= {4041: browser.get(f"/flow/history/{uuid4()}"), 4042: browser.get("/flow/history/no-id")}
    answers |= {4043: Client().get("/link/nobody")}
    for status, answered in answers.items():
        assert answered.status_code == (404 if status > 4000 else status)
        assert answered["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in answered["Content-Security-Policy"]
        assert answered["Cache-Control"] == "no-store"
        assert answered["X-Frame-Options"] == "DENY"
        assert answered["X-Content-Type-Options"] == "nosniff"
        assert answered["Referrer-Policy"] == "same-origin"
        assert "flow/flow.css" in answered.content.decode()
        assert "<h1" in answered.content.decode()


@pytest.mark.parametrize(("accepts", "language"), [("fr-CA", "fr-ca"), ("fr-FR,en;q=0.5", "fr"), ("de", "en")])
def test_where_something_is_wrong_it_is_said_in_the_readers_language(accepts: str, language: str) -> None:
    for path in ("/flow/", "/flow/nowhere"):
        answered = Client().get(path, headers={"Accept-Language": accepts})
        assert f'<html lang="{language}">' in answered.content.decode()


@pytest.mark.case("S34")
def test_a_mistake_of_ours_is_a_page_of_ours_and_the_rest_of_the_site_keeps_its_own(settings: Any) -> None:
    browser = inside(a_linked_merchant())
    browser.raise_request_exception = False
    SetupDraft.objects.create(
        company=Company.objects.get(), base_version=0, body=b"no book", plan={}, is_setup=True, updated_at=TODAY
    )
    broken = browser.get("/flow/sales")
    assert broken.status_code == 500
    assert "It is not your fault" in words_of(broken)
    assert broken["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert b"flow.css" not in Client().get("/nowhere").content


@pytest.mark.case("S05")
def test_a_form_of_the_company_before_is_refused_in_the_window_where_it_is_still_open() -> None:
    first, second = a_linked_merchant("First"), a_linked_merchant("Second")
    browser = Client(enforce_csrf_checks=True)

    def enter(company: Company) -> None:
        link = a_way_in(company)
        assert browser.post(f"/flow/start/{company.public_id}", {"code": link.code}).status_code == 302

    def form() -> dict[str, str]:
        page = browser.get("/flow/fees").content.decode()
        return dict(re.findall(r'name="(csrfmiddlewaretoken|seen)" value="(\w+)"', page))

    enter(first)
    said = form()
    enter(first)  # the same company again: what is typed in the other window can still be sent
    assert browser.post("/flow/fees", said).status_code == 302
    said = form()
    enter(second)
    refused = browser.post("/flow/fees", said)
    assert refused.status_code == 403
    assert "perhaps in another window" in words_of(refused)
    assert not SetupDraft.objects.filter(company=second).exists()
    assert browser.post("/flow/fees", form()).status_code == 302


@pytest.mark.case("S05")
def test_two_browsers_are_two_sessions() -> None:
    first, second = inside(a_linked_merchant("First")), inside(a_linked_merchant("Second"))
    assert "First" in words_of(first.get("/flow/"))
    assert "Second" in words_of(second.get("/flow/"))
    assert "First" not in words_of(second.get("/flow/"))


def test_a_session_that_ended_is_told_in_the_brand_that_it_had_and_nobody_else_learns_whose_it_would_be() -> None:
    company = a_linked_merchant()
    set_branding(partner=a_partner(), values={"display_name": "Till & Books", "primary_color": "#0a7d5c"}, actor="test")
    browser, link = inside(company), a_way_in(company)
    with time_machine.travel(TODAY + IDLE * 2):
        ended = browser.get("/flow/sales")
    assert ended.status_code == 401
    assert "Till & Books" in words_of(ended)
    assert "/flow/brand/0a7d5c-0." in ended.content.decode()
    assert "Rose" not in words_of(ended)
    for path in ("/flow/", f"/flow/start/{company.public_id}", f"/link/{company.public_id}"):
        assert "Till" not in words_of(Client().get(path))
    with time_machine.travel(link.expires_at):
        late = Client().post(f"/flow/start/{company.public_id}", {"code": link.code})
    assert (late.status_code, "Till" in words_of(late)) == (401, False)


@pytest.mark.case("S09")
def test_the_way_back_is_gone_when_its_origin_is() -> None:
    company = a_merchant()
    register_origin(partner=company.partner, text="https://shop.example.com", actor="test")
    Schedule.objects.create(company=company, zone="UTC", next_due_at=TODAY)
    browser = inside(company, back="https://shop.example.com/settings?x=1&y=2")
    assert 'href="https://shop.example.com/settings?x=1&y=2"' in unescape(
        browser.get("/flow/finished").content.decode()
    )
    RegisteredOrigin.objects.all().delete()
    left = browser.get("/flow/finished")
    assert left.status_code == 200
    assert b"shop.example.com" not in left.content
