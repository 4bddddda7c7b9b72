"""Companies over the API."""

from __future__ import annotations

import uuid

import pytest

from tests.api.cast import Api, make_company


def test_a_company_is_created_and_listed(api: Api) -> None:
    made = api.post("/companies", {"name": "Rose & Crown", "tags": {"region": "uk"}, "description": "No. 17"})
    assert made.status_code == 200, made.content
    company = made.json()
    assert (company["tags"], company["description"]) == ({"region": "uk"}, "No. 17")
    assert (company["currency"], company["timeZone"]) == ("GBP", "Europe/London")  # the partner's
    listed = api.get("/companies").json()
    assert [each["id"] for each in listed["results"]] == [company["id"]]
    assert (listed["pageNumber"], listed["pageSize"], listed["totalResults"]) == (1, 100, 1)
    assert api.get(f"/companies/{company['id']}").json() == company


def test_pages_lead_to_their_neighbors_and_keep_the_filter(api: Api) -> None:
    for number in range(5):
        make_company(api.partner, f"Shop {number}")
    page = api.get("/companies?page=2&pageSize=2&query=name~Shop&orderBy=-name").json()
    assert [each["name"] for each in page["results"]] == ["Shop 2", "Shop 1"]
    assert page["_links"]["previous"]["href"] == "/companies?page=1&pageSize=2&query=name~Shop&orderBy=-name".replace(
        "~", "~"
    )
    last = api.get(page["_links"]["next"]["href"]).json()
    assert [each["name"] for each in last["results"]] == ["Shop 0"]
    assert "next" not in last["_links"]
    assert api.get("/companies?page=9&pageSize=2").json()["results"] == []


@pytest.mark.parametrize("bad", ["page=0", "page=-1", "page=x", "pageSize=0", "pageSize=5001", "page=1.5", "page=٣"])
def test_bad_paging_is_refused_by_name(api: Api, bad: str) -> None:
    answered = api.get(f"/companies?{bad}")
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"][0]["itemId"] == bad.partition("=")[0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$"),
        ({"name": ""}, "$.name"),
        ({"name": "   "}, "$.name"),
        ({"name": "a\u0000b"}, "$"),
        ({"name": "a\u0007b"}, "$.name"),
        ({"name": "x" * 201}, "$.name"),
        ({"name": 7}, "$.name"),
        ({"name": "A", "nmae": "B"}, "$"),
        ({"name": "A", "tags": {"k" * 28: "v"}}, "key in $.tags"),
        ({"name": "A", "tags": {f"k{n}": "v" for n in range(11)}}, "$.tags"),
        ({"name": "A", "currency": "GBX"}, "currency"),
        ({"name": "A", "currency": "gbp"}, "$.currency"),
        ({"name": "A", "timeZone": "Mars/Olympus"}, "timeZone"),
        ([], "$"),
        (b"{", "$"),
        (b"\xff", "$"),
        (b"[" * 100_000, "$"),
        (b"", "$"),
    ],
)
def test_what_does_not_fit_is_named_and_makes_no_company(api: Api, body: object, path: str) -> None:
    answered = api.post("/companies", body)
    assert answered.status_code == 400, answered.content
    assert answered.json()["validation"]["errors"][0]["itemId"] == path
    assert api.get("/companies").json()["totalResults"] == 0


def test_each_company_of_a_partner_has_its_own_name(api: Api, other_api: Api) -> None:
    first = api.post("/companies", {"name": "Rose & Crown"}).json()
    again = api.post("/companies", {"name": " ROSE & crown"})
    assert again.status_code == 400
    assert first["id"] in again.json()["error"]
    assert other_api.post("/companies", {"name": "Rose & Crown"}).status_code == 200
    second = api.post("/companies", {"name": "Crown"}).json()
    assert api.patch(f"/companies/{second['id']}", {"name": "Rose & Crown"}).status_code == 400
    assert api.get(f"/companies/{second['id']}").json()["name"] == "Crown"


def test_a_company_is_changed_in_what_is_said(api: Api) -> None:
    company = make_company(api.partner)
    changed = api.patch(f"/companies/{company.public_id}", {"description": "A pub", "tags": {"a": "b"}}).json()
    assert (changed["name"], changed["description"], changed["tags"]) == ("Rose & Crown", "A pub", {"a": "b"})
    assert api.patch(f"/companies/{company.public_id}", {}).json() == changed


def test_a_foreign_company_is_answered_like_one_that_does_not_exist(api: Api, other_api: Api) -> None:
    company = make_company(api.partner)
    foreign = other_api.get(f"/companies/{company.public_id}")
    nobody = uuid.uuid4()
    unknown = other_api.get(f"/companies/{nobody}")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"].replace(str(company.public_id), str(nobody)) == unknown.json()["error"]
    assert other_api.get("/companies").json()["totalResults"] == 0
    assert other_api.get("/companies/not-an-id").status_code == 404
