"""Documents over the API: of a sync, of a company, and one with the records behind it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from commerce_sync import document_records, documents
from commerce_sync.document_lines import lines_of
from connectors.general_ledger.chart import default_book
from ledger.book import Mode
from ledger.models import Document, Partner, Posting
from ledger.post_due import post_due
from ledger.reversal_rows import post_reversals
from ledger.services import save_book
from ledger.set_aside import set_aside
from ledger.withdraw import withdraw
from tests.api.cast import DAYS, FIRST_DAY, Api, an_order, ready_company
from tests.api.proof_cast import a_shop_with_sales, a_sync, later, push, statements
from tests.commerce_sync.cast import sell
from tests.commerce_sync.test_reconcile import every_kind


def exact(response: Any) -> Any:
    """The answer with its amounts as they are written."""
    assert response.status_code == 200, response.content
    return json.loads(response.content, parse_float=Decimal)


def test_the_documents_of_a_sync_come_with_their_lines(api: Api, partner: Partner) -> None:
    company, sync = a_shop_with_sales(partner)
    listed = exact(api.get(f"/companies/{company.public_id}/sync/commerce/syncs/{sync.public_id}/documents"))
    [found] = listed["results"]
    row = Document.objects.get()
    assert (found["id"], found["reference"]) == (str(row.public_id), row.reference)
    assert (found["kind"], found["date"], found["state"]) == ("journal", "2026-03-02", "pushed")
    assert (found["total"], found["recordCount"], found["recordCountIsExact"]) == (Decimal("24.00"), 2, True)
    assert found["syncId"] == str(sync.public_id)
    assert found["link"]["platform"] == "books"
    assert found["link"]["agrees"] is True
    lines = {line["role"].split(":")[0]: (line["accountId"], line["debit"], line["credit"]) for line in found["lines"]}
    assert lines["sales"] == ("4000", Decimal("0.00"), Decimal("20.00"))
    assert lines["tender"][1:] == (Decimal("24.00"), Decimal("0.00"))
    assert found["lines"][0]["accountName"].startswith(found["lines"][0]["accountId"] + " ")


def test_a_document_is_read_by_id_and_by_reference_with_its_records(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    row = Document.objects.get()
    root = f"/companies/{company.public_id}/documents"
    found = exact(api.get(f"{root}/{row.public_id}"))
    assert found == exact(api.get(f"{root}/{row.reference.lower()}")) | {"records": found["records"]}
    assert found["recordsAddUp"] is True
    assert [record["id"] for record in found["records"]["results"]] == ["o1", "o2"]
    first = found["records"]["results"][0]
    assert first["connectionId"]
    assert {each["accountId"]: each["amount"] for each in first["accounts"]}["4000"] == Decimal("-10.00")
    assert sum(each["amount"] for each in first["accounts"]) == 0
    page = exact(api.get(f"{root}/{row.public_id}?page=2&pageSize=1"))["records"]
    assert ([record["id"] for record in page["results"]], page["totalResults"]) == (["o2"], 2)
    assert "previous" in page["_links"]
    assert "next" not in page["_links"]


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order", "per_payout"])
def test_every_line_that_is_shown_is_an_entry_of_the_document(db: None, partner: Partner, mode: Mode) -> None:
    company = ready_company(partner)
    save_book(company=company, book=default_book("GBP", DAYS, mode), author="test", reason="mode")
    sell(company, *every_kind())
    a_sync(company, FIRST_DAY.replace(day=12))
    kinds = set()
    for row in Document.objects.all():
        shown = [(line.account, line.debit, line.credit) for line in lines_of(row.document)]
        assert shown == [tuple(entry) for entry in row.document.entries()]
        assert all(line.role for line in lines_of(row.document)[:1]) or row.kind in ("deposit", "payment")
        kinds.add(row.kind)
    assert len(kinds) > (1 if mode == "invoice" else 0)


def test_a_list_is_narrowed_and_ordered(api: Api, partner: Partner) -> None:
    company, first = a_shop_with_sales(partner)
    push(company, an_order(1, amount="18.00", sourceModifiedDate=later()), an_order(9, day=FIRST_DAY.replace(day=3)))
    a_sync(company, FIRST_DAY.replace(day=3))
    root = f"/companies/{company.public_id}/documents"

    def days(asked: str) -> list[str]:
        return [f"{each['businessDay']}/{each['adjustment']}" for each in api.get(f"{root}?{asked}").json()["results"]]

    assert days("") == ["2026-03-03/0", "2026-03-02/1", "2026-03-02/0"]
    assert days("query=businessDay%3D2026-03-02%26%26state%3Dpushed") == ["2026-03-02/1", "2026-03-02/0"]
    assert days(f"query=syncId%3D{first.public_id}") == ["2026-03-02/0"]
    assert days("query=state%3Drefused") == []
    assert days("orderBy=date") == ["2026-03-02/0", "2026-03-02/1", "2026-03-03/0"]
    row = Document.objects.earliest("id")
    assert days(f"query=id%3D{row.public_id}") == days(f"query=reference%3D{row.reference}") == ["2026-03-02/0"]
    for wrong in ("query=body%3D1", "orderBy=posting", "page=0", "pageSize=5001", "query=id%3Dx"):
        assert api.get(f"{root}?{wrong}").status_code == 400


def test_a_list_costs_as_many_queries_for_many_documents_as_for_one(
    api: Api, partner: Partner, settings: Settings
) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0  # what is taken of an allowance comes now and then
    api.get("/companies")  # as does the note of when the key was used
    company, _ = a_shop_with_sales(partner)
    path = f"/companies/{company.public_id}/documents"
    with statements() as few:
        assert len(api.get(path).json()["results"]) == 1
    for day in range(3, 9):
        push(company, an_order(day * 10, day=FIRST_DAY.replace(day=day)))
    a_sync(company, FIRST_DAY.replace(day=9))
    with statements() as many:
        assert len(api.get(path).json()["results"]) == 7
    assert len(many) == len(few)


def test_what_was_withdrawn_or_never_prepared_says_so(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=a_sync(company, FIRST_DAY.replace(day=1)).public_id)
    path = f"/companies/{company.public_id}/documents"
    assert [each["state"] for each in api.get(path).json()["results"]] == ["pending"]
    withdraw(posting_id=Posting.objects.get().pk)
    [found] = api.get(path).json()["results"]
    assert found["state"] == "withdrawn"
    assert found["withdrawnAt"]


def test_a_list_of_large_documents_says_how_many_lines_each_has(
    api: Api, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, _ = a_shop_with_sales(partner)
    monkeypatch.setattr(documents, "MOST_BYTES_OF_LINES", 10)
    monkeypatch.setattr(documents, "MOST_COUNTED", 1)
    [found] = api.get(f"/companies/{company.public_id}/documents").json()["results"]
    assert "lines" not in found
    assert found["lineCount"] == Document.objects.get().lines.count()
    assert (found["recordCount"], found["recordCountIsExact"]) == (1, False)
    whole = api.get(f"/companies/{company.public_id}/documents/{found['id']}").json()
    assert len(whole["lines"]) == whole["lineCount"]
    assert (whole["recordCount"], whole["recordCountIsExact"]) == (2, True)


def test_the_records_of_a_very_large_run_are_paged_without_adding_all_of_them_up(
    api: Api, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, _ = a_shop_with_sales(partner, orders=3)
    monkeypatch.setattr(document_records, "MOST_POSTED_AGAIN", 2)
    path = f"/companies/{company.public_id}/documents/{Document.objects.get().public_id}"
    found = api.get(f"{path}?pageSize=2&page=2").json()
    assert "recordsAddUp" not in found
    assert [record["id"] for record in found["records"]["results"]] == ["o3"]
    assert found["records"]["totalResults"] == 3


def test_an_adjustment_shows_what_a_record_changed(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    push(company, an_order(1, amount="18.00", sourceModifiedDate=later()))
    a_sync(company)
    row = Document.objects.latest("id")
    found = exact(api.get(f"/companies/{company.public_id}/documents/{row.public_id}"))
    assert (found["adjustment"], found["total"], found["recordsAddUp"]) == (1, Decimal("6.00"), True)
    [record] = found["records"]["results"]
    assert (record["id"], record["version"], record["total"]) == ("o1", 2, Decimal("18.00"))
    assert {each["accountId"]: each["amount"] for each in record["accounts"]}["4000"] == Decimal("-5.00")


def test_a_reversal_shows_what_it_takes_back(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    original = Document.objects.get()
    set_aside(company_id=company.pk, posting_ids=[original.posting_id])
    act = uuid4()
    post_reversals(
        company_id=company.pk, posting_ids=[original.posting_id], act=act, through=FIRST_DAY, locked_through=None
    )
    row = Document.objects.exclude(pk=original.pk).get()
    found = exact(api.get(f"/companies/{company.public_id}/documents/{row.public_id}"))
    assert (found["isReversal"], found["recordsAddUp"], found["recordCount"]) == (True, True, 2)
    assert "syncId" not in found
    first = found["records"]["results"][0]
    assert {each["accountId"]: each["amount"] for each in first["accounts"]}["4000"] == Decimal("10.00")


def test_another_partners_documents_do_not_exist(api: Api, other_api: Api, partner: Partner) -> None:
    company, sync = a_shop_with_sales(partner)
    own, _ = a_shop_with_sales(other_api.partner, "Own")
    theirs = Document.objects.get(company=company)
    nobody = "00000000-0000-4000-8000-000000000000"
    for path in (
        f"/companies/{{}}/sync/commerce/syncs/{sync.public_id}/documents",
        "/companies/{}/documents",
        f"/companies/{{}}/documents/{theirs.public_id}",
    ):
        foreign, unknown = other_api.get(path.format(company.public_id)), other_api.get(path.format(nobody))
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json()["error"].replace(str(company.public_id), nobody) == unknown.json()["error"]
    root = f"/companies/{own.public_id}"
    for path, foreign_id, unknown_id in (
        ("/sync/commerce/syncs/{}/documents", str(sync.public_id), nobody),
        ("/documents/{}", str(theirs.public_id), nobody),
        ("/documents/{}", theirs.reference, "CS260302-AAAAAAAAAAA"),
    ):
        foreign, unknown = other_api.get(root + path.format(foreign_id)), other_api.get(root + path.format(unknown_id))
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json()["error"].replace(foreign_id, unknown_id) == unknown.json()["error"]


@pytest.mark.parametrize("said", ["x", "%00", "CS260302-", "é" * 50, "a" * 2_000])
def test_an_id_that_is_none_is_404(api: Api, partner: Partner, said: str) -> None:
    company = ready_company(partner)
    assert api.get(f"/companies/{company.public_id}/documents/{said}").status_code == 404
    assert api.get(f"/companies/{company.public_id}/sync/commerce/syncs/{said}/documents").status_code == 404
