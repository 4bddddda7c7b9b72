"""A merchant's log-in that reaches several organizations: which one a connection is for is chosen over the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import credentials
from connectors.accounting.xero import Xero
from connectors.declare import Budget
from connectors.models import Binding, Connection
from connectors.models import Option as OptionRow
from connectors.services import connect_accounting
from ledger.models import AuditEntry
from tests.api.cast import Api, make_company, ready_company, shop_of
from tests.commerce_sync.cast import an_order
from tests.platforms.targets import Linked
from tests.platforms.xero.fake import TENANT, Fake, guid, running

ELSEWHERE = guid("another organisation")


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"xero": state.client}
        monkeypatch.setattr(Xero, "budget", Budget())
        state.organisation.tenants["Another Ltd"] = ELSEWHERE
        yield state


@pytest.fixture
def books(api: Api, fake: Fake) -> Connection:
    link = connect_accounting(company=make_company(api.partner), platform="xero", actor="test")
    link.settings = {"base_url": fake.server.url}
    link.save()
    credentials.store(connection_id=link.pk, secrets=fake.secrets)
    return link


def of(link: Connection) -> str:
    return f"/companies/{link.company.public_id}/connections/{link.public_id}/organizations"


def test_the_organizations_are_told_and_none_is_chosen(api: Api, books: Connection) -> None:
    assert api.get(of(books)).json() == {
        "organizations": [
            {"id": ELSEWHERE, "name": "Another Ltd", "chosen": False},
            {"id": TENANT, "name": "Rose & Crown", "chosen": False},
        ]
    }


def test_the_chosen_one_is_kept_and_what_can_be_chosen_there_is_fetched(api: Api, books: Connection) -> None:
    answered = api.put(of(books), {"id": TENANT})
    assert answered.status_code == 200, answered.content
    assert [each["name"] for each in answered.json()["organizations"] if each["chosen"]] == ["Rose & Crown"]
    books.refresh_from_db()
    assert books.settings["tenant_id"] == TENANT
    assert books.settings["company_name"] == "Rose & Crown"
    assert OptionRow.objects.filter(connection=books, kind="account", active=True).exists()
    assert api.put(of(books), {"id": TENANT}).status_code == 200
    (entry,) = AuditEntry.objects.filter(code="connection.organization_chosen")
    assert entry.detail["organization"] == "Rose & Crown"


def test_one_that_the_access_does_not_reach_is_refused(api: Api, books: Connection) -> None:
    answered = api.put(of(books), {"id": guid("a stranger's")})
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"][0]["itemId"] == "id"
    books.refresh_from_db()
    assert "tenant_id" not in books.settings


def test_before_a_document_is_there_another_may_be_chosen_and_after_it_no_more(api: Api, fake: Fake) -> None:
    shop = Linked("xero", fake)
    company = shop.company
    company.partner = api.partner
    company.save(update_fields=["partner"])
    link = Connection.objects.select_related("company").get(pk=shop.connection.pk)
    assert api.put(of(link), {"id": ELSEWHERE}).status_code == 200
    assert api.put(of(link), {"id": TENANT}).status_code == 200
    shop.post(an_order(1))
    shop.settle()
    assert Binding.objects.count() == 1
    assert api.put(of(link), {"id": ELSEWHERE}).status_code == 409
    link.refresh_from_db()
    assert link.settings["tenant_id"] == TENANT


def test_an_access_that_is_refused_is_told_and_is_no_error_of_ours(api: Api, books: Connection, fake: Fake) -> None:
    fake.revoke()
    answered = api.get(of(books))
    assert answered.status_code == 400
    assert "no longer accepts our access" in answered.json()["error"]


def test_a_platform_without_such_a_choice_tells_of_none(api: Api) -> None:
    shop = shop_of(ready_company(api.partner))
    assert api.get(of(shop)).json() == {"organizations": []}
    assert api.put(of(shop), {"id": TENANT}).status_code == 400
