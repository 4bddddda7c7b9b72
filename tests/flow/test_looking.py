"""Somebody of the console looks at a merchant's pages: all of them say so, none changes anything, and it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse

from commerce_sync.flow.urls import urlpatterns
from commerce_sync.flow.viewing import only_looked_at
from connectors.http import refuse_open_transaction
from connectors.models import Connection
from health.models import Member
from ledger.models import AuditEntry, Company, Partner
from tests.flow.cast import a_partner, a_way_in, inside
from tests.flow.rooms import TODAY, a_settled_merchant
from tests.flow.test_access import PUBLIC, address, rows_of

pytestmark = pytest.mark.django_db

BANNER = "is looking at these pages and can change nothing"
IN_WORDS = "You are only looking"


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=True):
        yield


def support(partner: Partner | None = None, role: str = "support", name: str = "sam") -> Client:
    user = get_user_model().objects.create_user(name, is_staff=True)
    Member.objects.create(user=user, role=role, partner=partner)
    client = Client()
    client.force_login(user)
    return client


def looking(company: Company, client: Client | None = None) -> Client:
    client = client or support()
    answered = client.post(
        reverse("admin:console-view-as", args=(company.public_id,)), {"why": "The merchant is on the phone"}
    )
    assert answered["Location"] == "/flow/"
    return client


def everything(company: Company) -> dict[str, Any]:
    """All that is kept of a company, without the looks themselves."""
    rows = rows_of(company)
    rows["AuditEntry"] = [row for row in rows["AuditEntry"] if not row["code"].startswith("view.")]
    return rows


@pytest.mark.case("S25")
def test_every_page_says_who_looks_and_nothing_is_changed_by_looking() -> None:
    house = a_settled_merchant()
    before = everything(house.company)
    client = looking(house.company)
    assert set(house.pages) > {"overview", "document", "history"}
    for name, at in house.pages.items():
        answered = client.get(at, follow=True)
        assert answered.status_code in (200, 403, 404), (name, answered.status_code)
        if "text/html" in answered["Content-Type"]:
            assert f"<strong>console:sam</strong> {BANNER}" in answered.content.decode(), name
    assert client.get(house.pages["overview"]).status_code == 200
    assert BANNER in client.get("/flow/documents/00000000-0000-0000-0000-000000000000").content.decode()
    assert BANNER in client.get("/flow/there-is-no-such-page").content.decode()
    assert everything(house.company) == before


@pytest.mark.case("S25")
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_whatever_is_sent_to_any_address_is_refused_in_words_and_changes_nothing(method: str) -> None:
    house = a_settled_merchant()
    before = everything(house.company)
    client = looking(house.company)
    asked = 0
    for pattern in urlpatterns:
        if pattern.name in PUBLIC | {"flow-view-end"}:
            continue
        answered = getattr(client, method)(address(pattern, _some_id(pattern, house.company)))
        assert answered.status_code == 403, pattern.name
        assert IN_WORDS in answered.content.decode(), pattern.name
        asked += 1
    assert asked > 40
    assert everything(house.company) == before


def test_a_link_of_the_merchant_s_does_not_turn_a_look_into_more() -> None:
    house = a_settled_merchant()
    client, link = looking(house.company), a_way_in(house.company)
    answered = client.post(f"/flow/start/{house.company.public_id}", {"code": link.code})
    assert (answered.status_code, IN_WORDS in answered.content.decode()) == (403, True)


def test_a_page_that_leads_to_the_platform_is_refused(settings: Any) -> None:
    settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": {"client_id": "ours", "client_secret": "ours too"}}
    settings.COMMERCE_SYNC_PUBLIC_URL = "https://sync.example"
    house = a_settled_merchant()
    merchant, client = inside(house.company), looking(house.company)
    row = Connection.objects.create(company=house.company, platform="xero", kind="accounting")
    assert "xero.com" in merchant.get(f"/flow/connect/{row.public_id}").headers["Location"]
    answered = client.get(f"/flow/connect/{row.public_id}")
    assert (answered.status_code, IN_WORDS in answered.content.decode()) == (403, True)
    assert "Location" not in answered.headers


def test_a_page_that_would_ask_a_platform_or_write_is_refused() -> None:
    request = RequestFactory().get("/flow/")
    request.session = {}  # type: ignore[assignment]

    def asks() -> HttpResponse:
        refuse_open_transaction()
        return HttpResponse("asked")

    def writes() -> HttpResponse:
        a_partner("Written while somebody only looked")
        return HttpResponse("written")

    for view in (asks, writes):
        answered = only_looked_at(request, view)
        assert (answered.status_code, IN_WORDS in answered.content.decode()) == (403, True)
    assert not Partner.objects.filter(name__startswith="Written").exists()
    a_partner("Written afterwards, as ever")


def test_it_ends_by_a_button_after_a_quarter_of_an_hour_and_with_the_log_in() -> None:
    house = a_settled_merchant()
    back = reverse("admin:console-company", args=(house.company.public_id,))
    client = looking(house.company)
    assert client.post("/flow/view/end")["Location"] == back
    assert client.get("/flow/").status_code == 401
    assert [entry.code for entry in AuditEntry.objects.filter(code__startswith="view.").order_by("id")] == [
        "view.began",
        "view.ended",
    ]
    looking(house.company, client)
    with time_machine.travel(TODAY + timedelta(minutes=16), tick=True):
        over = client.get("/flow/")
        assert over.status_code == 401
        assert f'href="{back}"' in over.content.decode()
        assert client.get(back).status_code == 200  # the console itself goes on
    looking(house.company, client)
    Member.objects.update(role="finance")
    assert client.get("/flow/").status_code == 401
    Member.objects.update(role="support")
    client.force_login(get_user_model().objects.get(username="sam"))
    looking(house.company, client)
    client.logout()
    assert client.get("/flow/").status_code == 401


def test_a_look_has_a_reason_and_is_of_a_company_that_the_person_may_see() -> None:
    house = a_settled_merchant()
    at = reverse("admin:console-view-as", args=(house.company.public_id,))
    client = support()
    assert "Say why" in client.post(at, {"why": ""}, follow=True).content.decode()
    client.post(at, {"why": "A question about Monday"})
    entry = AuditEntry.objects.get(code="view.began")
    assert (entry.actor, entry.company, entry.detail["why"]) == (
        "console:sam",
        house.company,
        "A question about Monday",
    )
    other = a_partner("Somebody else")
    assert support(other, name="eve").post(at, {"why": "x"}).status_code == 404
    assert support(role="finance", name="fin").post(at, {"why": "x"}).status_code == 403
    Member.objects.filter(user__username="sam").update(partner=other)
    assert client.get("/flow/").status_code == 401


def _some_id(pattern: URLPattern, company: Company) -> Any:
    """An id of the company's own, as far as there is one: what is refused is refused for its method alone."""
    if "connection_id" in pattern.pattern.converters:
        return company.connections.all()[0].public_id
    return company.public_id
