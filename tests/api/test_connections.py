"""Connections over the API."""

from __future__ import annotations

import uuid

import pytest

from connectors.models import Connection
from connectors.services import deauthorize
from ledger.models import AuditEntry
from tests.api.cast import Api, make_company, ready_company, shop_of


@pytest.mark.parametrize(("word", "published", "kind"), [
    ("partner", "prtn", "Commerce"), ("prtn", "prtn", "Commerce"), ("books", "book", "Accounting"),
])  # fmt: skip
def test_a_connection_is_made_by_slug_or_published_key(api: Api, word: str, published: str, kind: str) -> None:
    company = make_company(api.partner)
    made = api.post(f"/companies/{company.public_id}/connections", {"platformKey": word})
    assert made.status_code == 200, made.content
    connection = made.json()
    assert (connection["integrationKey"], connection["sourceType"]) == (published, kind)
    assert connection["status"] == "PendingAuth"
    listed = api.get(f"/companies/{company.public_id}/connections?query=status=PendingAuth").json()
    assert [each["id"] for each in listed["results"]] == [connection["id"]]
    assert api.get("/companies").json()["results"][0]["dataConnections"] == [connection]


@pytest.mark.parametrize("word", ["nosuch", "", "XERO!", "gbol "])
def test_an_unknown_platform_is_refused_by_name(api: Api, word: str) -> None:
    company = make_company(api.partner)
    answered = api.post(f"/companies/{company.public_id}/connections", {"platformKey": word})
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"][0]["itemId"] == "platformKey"
    assert not company.connections.exists()


def test_access_on_behalf_links_and_unlinking_ends_it(api: Api) -> None:
    company = make_company(api.partner)
    root = f"/companies/{company.public_id}/connections"
    path = f"{root}/{api.post(root, {'platformKey': 'partner'}).json()['id']}"
    linked = api.put(f"{path}/authorization", {})
    assert linked.status_code == 200, linked.content
    assert linked.json()["status"] == "Linked"
    assert api.patch(path, {"status": "Unlinked"}).json()["status"] == "Unlinked"
    assert api.patch(path, {"status": "Unlinked"}).status_code == 200
    assert api.patch(path, {"status": "Linked"}).status_code == 409
    assert api.put(f"{path}/authorization", {}).json()["status"] == "Linked"
    assert api.patch(path, {}).json()["status"] == "Linked"
    codes = [*AuditEntry.objects.filter(company=company).order_by("id").values_list("code", flat=True)]
    assert codes[-3:] == ["connection.linked", "connection.unlinked", "connection.linked"]


def test_what_the_platform_does_not_need_is_refused_by_name(api: Api) -> None:
    company = ready_company(api.partner)
    shop = shop_of(company)
    path = f"/companies/{company.public_id}/connections/{shop.public_id}/authorization"
    answered = api.put(path, {"apiKey": "hunter2-secret"})
    assert answered.status_code == 400
    assert "hunter2-secret" not in answered.content.decode()
    assert api.put(path, {"apiKey": 7}).status_code == 400
    assert api.put(path, b"[]").status_code == 400


def test_a_second_accounting_connection_is_refused_in_words(api: Api) -> None:
    company = ready_company(api.partner)
    root = f"/companies/{company.public_id}/connections"
    second = api.post(root, {"platformKey": "books"}).json()["id"]
    answered = api.put(f"{root}/{second}/authorization", {})
    assert answered.status_code == 409
    assert answered.json()["error"]
    assert Connection.objects.get(public_id=second).status == "PendingAuth"


def test_foreign_and_unknown_connections_are_answered_alike(api: Api, other_api: Api) -> None:
    company, theirs = ready_company(api.partner), make_company(other_api.partner, "Other")
    shop = shop_of(company)
    for method, tail, body in (("PATCH", "", {}), ("PUT", "/authorization", {})):
        paths = (
            f"/companies/{company.public_id}/connections/{shop.public_id}{tail}",
            f"/companies/{theirs.public_id}/connections/{shop.public_id}{tail}",
            f"/companies/{theirs.public_id}/connections/{uuid.uuid4()}{tail}",
        )
        assert [other_api.send(method, path, body).status_code for path in paths] == [404, 404, 404]
    assert other_api.get(f"/companies/{company.public_id}/connections").status_code == 404
    assert other_api.post(f"/companies/{company.public_id}/connections", {"platformKey": "books"}).status_code == 404


def test_why_a_connection_works_no_longer_is_told_until_it_is_authorized_again(api: Api) -> None:
    company = ready_company(api.partner)
    shop = shop_of(company)
    deauthorize(connection_id=shop.pk, actor="engine", reason="The platform no longer accepts our access.")
    root = f"/companies/{company.public_id}/connections"
    for listed in (api.get(root).json()["results"], api.get("/companies").json()["results"][0]["dataConnections"]):
        [told] = [each for each in listed if each["id"] == str(shop.public_id)]
        assert told["status"] == "Deauthorized"
        assert "no longer accepts" in told["dataConnectionErrors"][0]["errorMessage"]
    api.put(f"{root}/{shop.public_id}/authorization", {})
    assert all("dataConnectionErrors" not in each for each in api.get(root).json()["results"])
