"""Problems over the API: what keeps a record out of the books, what to do, and whose turn it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytest_django import Settings

from ledger.models import Company, Partner
from ledger.services import save_book
from tests.api.cast import FIRST_DAY, Api, an_order, ready_company, shop_of
from tests.api.proof_cast import a_sync, later, push, statements


@pytest.fixture
def company(partner: Partner) -> Company:
    """A merchant with one order that does not add up and one that was refused as a row."""
    company = ready_company(partner)
    push(company, an_order(1), an_order(2, totalAmount=13), an_order(3, currency="ZZZ"))
    a_sync(company)
    return company


def listed(api: Api, company: Company, asked: str = "") -> list[Any]:
    response = api.get(f"/companies/{company.public_id}/problems{asked}")
    assert response.status_code == 200, response.content
    return list(response.json()["results"])


def test_open_problems_say_what_happened_what_to_do_and_whose_turn_it_is(api: Api, company: Company) -> None:
    problems = {each["reason"]["code"]: each for each in listed(api, company)}
    wrong = problems["lines_do_not_add_up"]
    assert (wrong["recordId"], wrong["recordKind"]) == ("o2", "order")
    assert "a difference of" in wrong["reason"]["sentence"]
    assert "Compare the order" in wrong["reason"]["remedy"]
    assert (wrong["reason"]["turn"], wrong["reason"]["severity"]) == ("partner", "blocks")
    row = next(each for code, each in problems.items() if code != "lines_do_not_add_up")
    assert "recordId" not in row
    assert row["connectionId"] == str(shop_of(company).public_id)
    assert row["reason"]["path"]
    assert "resolvedAt" not in wrong
    assert len({each["id"] for each in problems.values()}) == 2


def test_what_a_newer_version_cures_is_resolved(api: Api, company: Company) -> None:
    before = {each["id"] for each in listed(api, company) if each.get("recordId") == "o2"}
    push(company, an_order(2, sourceModifiedDate=later()))
    assert {each.get("recordId") for each in listed(api, company)} == {None}
    [cured] = listed(api, company, "?status=resolved")
    assert (cured["id"], cured["recordId"]) == (*before, "o2")
    assert cured["resolvedAt"] > cured["since"]
    assert len(listed(api, company, "?status=all")) == 2


def test_a_role_without_an_account_is_a_problem_of_the_mapping(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    book = company.book_versions.get().book
    less = msgspec.structs.replace(book, accounts={k: v for k, v in book.accounts.items() if k != "sales"})
    save_book(company=company, book=less, author="test", reason="less")
    push(company, an_order(1))
    a_sync(company)
    [found] = listed(api, company)
    assert (found["subject"], found["reason"]["turn"], found["reason"]["severity"]) == ("sales", "merchant", "notice")
    assert "recordId" not in found


def test_the_list_is_paged_narrowed_and_ordered(api: Api, company: Company) -> None:
    path = f"/companies/{company.public_id}/problems"
    assert [each["recordId"] for each in listed(api, company, "?query=code%3Dlines_do_not_add_up")] == ["o2"]
    assert [each["recordId"] for each in listed(api, company, "?query=recordId%3Do2")] == ["o2"]
    shop = shop_of(company).public_id
    assert len(listed(api, company, f"?query=connectionId%3D{shop}")) >= 1
    page = api.get(f"{path}?pageSize=1&status=all&orderBy=code").json()
    assert page["totalResults"] == 2
    assert "status=all" in page["_links"]["next"]["href"]
    after = api.get(page["_links"]["next"]["href"]).json()
    assert {page["results"][0]["id"], after["results"][0]["id"]} == {each["id"] for each in listed(api, company)}
    for wrong in ("status=closed", "status=", "query=detail%3D1", "orderBy=turn", "page=x"):
        assert api.get(f"{path}?{wrong}").status_code == 400


def test_a_list_costs_as_many_queries_for_many_problems_as_for_two(
    api: Api, company: Company, settings: Settings
) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0  # what is taken of an allowance comes now and then
    api.get("/companies")  # as does the note of when the key was used
    with statements() as few:
        assert len(listed(api, company)) == 2
    push(company, *[an_order(number, totalAmount=13) for number in range(10, 20)])
    a_sync(company, FIRST_DAY)
    with statements() as many:
        assert len(listed(api, company)) == 12
    assert len(many) == len(few)


def test_another_partners_problems_do_not_exist(api: Api, other_api: Api, company: Company) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    foreign = other_api.get(f"/companies/{company.public_id}/problems")
    unknown = other_api.get(f"/companies/{nobody}/problems")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["error"].replace(str(company.public_id), nobody) == unknown.json()["error"]
    assert listed(other_api, ready_company(other_api.partner, "Own")) == []
