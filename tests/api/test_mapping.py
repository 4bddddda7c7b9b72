"""Versions of the mapping over the API: who changed what and why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytest_django import Settings

from ledger.book import Policy, TaxCode, Tracking
from ledger.models import Company, Partner
from ledger.services import save_book
from tests.api.cast import Api, make_company, ready_company
from tests.api.proof_cast import statements


def change(company: Company, reason: str = "another account", author: str = "api:till", **changes: Any) -> None:
    book = company.book_versions.order_by("-number")[0].book
    save_book(company=company, book=msgspec.structs.replace(book, **changes), author=author, reason=reason)


def accounts(company: Company, **changed: str) -> dict[str, str]:
    return company.book_versions.order_by("-number")[0].book.accounts | changed


@pytest.fixture
def company(partner: Partner) -> Company:
    company = ready_company(partner)
    change(company, accounts=accounts(company, sales="4100"))
    return company


def root(company: Company) -> str:
    return f"/companies/{company.public_id}/mapping/versions"


def test_versions_are_listed_with_author_reason_and_what_changed(api: Api, company: Company) -> None:
    listed = api.get(root(company)).json()
    second, first = listed["results"]
    assert (second["number"], second["author"], second["reason"]) == (2, "api:till", "another account")
    assert (second["isInForce"], second["changedFields"], second["changeCount"]) == (True, ["accounts.sales"], 1)
    assert (first["number"], first["isInForce"], listed["totalResults"]) == (1, False, 2)
    assert first["changeCount"] >= len(first["changedFields"]) > 10
    assert first["createdAt"] <= second["createdAt"]


def test_the_list_is_paged_narrowed_and_ordered(api: Api, company: Company) -> None:
    def numbers(asked: str) -> list[int]:
        return [each["number"] for each in api.get(f"{root(company)}?{asked}").json()["results"]]

    assert numbers("pageSize=1&page=2") == [1]
    assert numbers("orderBy=number") == [1, 2]
    assert numbers("query=number%3E1") == numbers("query=author%3Dapi:till") == [2]
    assert api.get(f"{root(company)}?query=body%3D1").status_code == 400
    link = api.get(f"{root(company)}?pageSize=1&orderBy=number").json()["_links"]["next"]["href"]
    assert [each["number"] for each in api.get(link).json()["results"]] == [2]


def test_a_version_is_shown_whole_in_our_words(api: Api, company: Company) -> None:
    change(
        company,
        accounts=accounts(company, **{"sales:Food": "4100", "tender:card@EUR": "1100"}),
        tax_codes=(TaxCode("vat20", "V20"),),
        tracking=(Tracking("Region", "location", {"l1": "North"}),),
        policy=Policy(sales_by="sku"),
    )
    found = api.get(f"{root(company)}/3").json()
    mapped = {(each["role"], each.get("currency")): each for each in found["accounts"]}
    assert mapped["sales:Food", None]["accountName"] == "4100 Shipping income"
    assert mapped["tender:card", "EUR"]["accountId"] == "1100"
    assert found["taxCodes"] == [{"tax": "vat20", "code": "V20"}]
    assert found["tracking"] == [{"dimension": "Region", "by": "location", "options": {"l1": "North"}}]
    assert (found["policy"]["sales_by"], found["policy"]["unmapped"]) == ("sku", "suspense")
    assert found["businessDays"] == [{"fromDay": "2026-01-01", "zone": "Europe/London", "cutoffHour": 0}]
    assert (found["mode"], found["currency"], found["isInForce"]) == ("journal", "GBP", True)
    assert api.get(f"{root(company)}/1").json()["isInForce"] is False


def test_two_versions_are_compared_field_by_field(api: Api, company: Company) -> None:
    change(company, accounts=accounts(company, sales="4000", tip="2160"), reason="back")
    path = f"{root(company)}/3/differences"
    assert {each["field"] for each in api.get(path).json()["changes"]} == {"accounts.sales", "accounts.tip"}
    with_first = api.get(f"{path}?with=1").json()
    assert with_first["comparedWith"] == 1
    assert "accounts.sales" not in {each["field"] for each in with_first["changes"]}
    [sales] = [e for e in api.get(f"{root(company)}/2/differences").json()["changes"] if e["field"] == "accounts.sales"]
    assert (sales["before"], sales["after"]) == ("4000", "4100")
    assert api.get(f"{root(company)}/2/differences?with=2").json()["changes"] == []
    for asked in ("", "?with=0"):
        everything = api.get(f"{root(company)}/1/differences{asked}").json()
        assert everything["comparedWith"] == 0
        assert {each["before"] for each in everything["changes"]} == {None}


@pytest.mark.parametrize("said", ["0", "4", "x", "-1", "1.0", "99999999999999999999", "%00", "²"])
def test_a_version_that_does_not_exist_is_404(api: Api, company: Company, said: str) -> None:
    assert api.get(f"{root(company)}/{said}").status_code == 404
    assert api.get(f"{root(company)}/{said}/differences").status_code == 404


@pytest.mark.parametrize(("said", "status"), [("9", 404), ("x", 400), ("", 400), ("-1", 400), ("9" * 20, 400)])
def test_a_comparison_with_nothing_is_refused(api: Api, company: Company, said: str, status: int) -> None:
    assert api.get(f"{root(company)}/1/differences?with={said}").status_code == status


def test_before_there_is_a_mapping_there_are_no_versions(api: Api, partner: Partner) -> None:
    assert api.get(root(make_company(partner))).json()["results"] == []


def test_a_list_costs_as_many_queries_for_many_versions_as_for_two(
    api: Api, company: Company, settings: Settings
) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0  # what is taken of an allowance comes now and then
    api.get("/companies")  # as does the note of when the key was used
    with statements() as few:
        api.get(root(company))
    for number in range(5):
        change(company, accounts=accounts(company, sales=("4000", "4100")[number % 2]), reason=str(number))
    with statements() as many:
        assert len(api.get(root(company)).json()["results"]) == 7
    assert len(many) == len(few)


def test_another_partners_mapping_does_not_exist(api: Api, other_api: Api, company: Company) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for end in ("", "/1", "/2/differences"):
        foreign = other_api.get(f"{root(company)}{end}")
        unknown = other_api.get(f"/companies/{nobody}/mapping/versions{end}")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json()["error"].replace(str(company.public_id), nobody) == unknown.json()["error"]
