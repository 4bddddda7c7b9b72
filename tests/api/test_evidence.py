"""The evidence of a document: from its lines to the rows as they were sent, as JSON and as text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from commerce_sync import evidence
from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from connectors.models import Page
from connectors.push_support import withdraw_posting
from ledger.models import Company, Document, Partner
from ledger.post_due import post_due
from ledger.services import audit, save_book
from tests.api.cast import FIRST_DAY, Api, an_order, ready_company
from tests.api.proof_cast import a_shop_with_sales, a_sync, later, push
from tests.commerce_sync.demo_cast import a_posted_shop

ORDER = an_order(1, amount="12.00")


def evidence_path(company: Company, row: Document) -> str:
    return f"/companies/{company.public_id}/documents/{row.public_id}/evidence"


def read(api: Api, company: Company, row: Document, asked: str = "") -> Any:
    response = api.get(evidence_path(company, row) + asked)
    assert response.status_code == 200, response.content
    return json.loads(response.content, parse_float=Decimal)


def test_the_evidence_leads_from_the_document_to_the_rows_as_they_were_sent(api: Api, partner: Partner) -> None:
    company, sync = a_shop_with_sales(partner)
    row = Document.objects.get()
    audit(code="document.retried", actor="api:till", company=company, subject=row.reference, detail={"documents": 1})
    found = read(api, company, row)
    assert found["document"]["reference"] == row.reference
    assert found["document"]["syncId"] == str(sync.public_id)
    assert found["recordsAddUp"] is True
    assert [part["raw"]["payload"] for part in found["records"]["results"]] == [
        json.loads(json.dumps(an_order(number)), parse_float=Decimal) for number in (1, 2)
    ]
    first = found["records"]["results"][0]
    assert first["canonical"]["stated"] == 1_200
    assert first["record"]["id"] == "o1"
    assert first["raw"]["dataset"] == "orders"
    assert found["delivery"]["state"] == "pushed"
    assert found["delivery"]["answer"]["reference"]
    assert [(event["code"], event["actor"]) for event in found["events"]] == [("document.retried", "api:till")]


def test_it_names_the_choices_of_the_mapping_that_decided(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    found = read(api, company, Document.objects.get())
    mapping = found["mapping"]
    assert (mapping["number"], mapping["author"], mapping["reason"]) == (1, "test", "start")
    fields = {each["field"]: each["value"] for each in mapping["fields"]}
    assert fields["accounts.sales"] == "4000"
    used = {each["value"] for each in mapping["fields"]}
    assert used == {line["accountId"] for line in found["document"]["lines"]}


def test_it_stands_by_the_mapping_of_its_time(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    book = company.book_versions.get().book
    changed = type(book)(**{**{f: getattr(book, f) for f in book.__struct_fields__},
                            "accounts": book.accounts | {"sales": "4100"}})  # fmt: skip
    save_book(company=company, book=changed, author="someone", reason="another account")
    mapping = read(api, company, Document.objects.get())["mapping"]
    assert mapping["number"] == 1
    assert {each["field"]: each["value"] for each in mapping["fields"]}["accounts.sales"] == "4000"


@pytest.mark.parametrize("merchant", [LONDON, MONTREAL, TOKYO], ids=lambda merchant: merchant.key)
def test_every_document_of_lifelike_sales_has_its_evidence(db: None, merchant: Merchant) -> None:
    shop = a_posted_shop(merchant)
    api = Api(shop.company.partner)
    for row in Document.objects.filter(company=shop.company):
        found = read(api, shop.company, row)
        assert found["recordsAddUp"] is True
        assert found["records"]["totalResults"] > 0
        assert all("payload" in part["raw"] for part in found["records"]["results"])
        assert "(an earlier mapping)" not in {each["field"] for each in found["mapping"]["fields"]}
        together = {each["reference"] for each in found["postedTogether"]} | {row.reference}
        assert together == set(row.posting.documents.values_list("reference", flat=True))
        text = api.get(evidence_path(shop.company, row) + ".txt").content.decode()
        assert row.reference in text.splitlines()[0]
        assert "they add up to the documents of its posting" in text


def test_the_text_is_a_file_with_everything_in_it(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    row = Document.objects.get()
    answered = api.get(evidence_path(company, row) + ".txt")
    assert answered["Content-Type"] == "text/plain; charset=utf-8"
    assert answered["Content-Disposition"] == f'attachment; filename="evidence-{row.reference}.txt"'
    told = answered.content.decode()
    for part in ("Rose & Crown", row.key, "accounts.sales", "4000 Sales", "Order o1: GBP 12.00", '"orderNumber": "2"',
                 "reads back the same", "2 records; they add up"):  # fmt: skip
        assert part in told
    assert "1 of them follow" in api.get(evidence_path(company, row) + ".txt?pageSize=1").content.decode()


def test_records_come_a_page_at_a_time(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner, orders=3)
    row = Document.objects.get()
    found = read(api, company, row, "?page=2&pageSize=2")
    assert [part["record"]["id"] for part in found["records"]["results"]] == ["o3"]
    assert found["records"]["totalResults"] == 3
    for wrong in ("?pageSize=101", "?page=0", "?pageSize=x"):
        assert api.get(evidence_path(company, row) + wrong).status_code == 400
        assert api.get(evidence_path(company, row) + ".txt" + wrong).status_code == 400


def test_rows_that_were_purged_or_are_too_large_say_so(
    api: Api, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, _ = a_shop_with_sales(partner)
    row = Document.objects.get()
    monkeypatch.setattr(evidence, "MOST_ROW_BYTES", 1_500)
    parts = read(api, company, row)["records"]["results"]
    assert "payload" in parts[0]["raw"]
    assert "canonical" not in parts[1]
    assert "ask for a page of fewer records" in parts[1]["raw"]["absent"]
    assert "ask for a page of fewer records" in api.get(evidence_path(company, row) + ".txt").content.decode()
    Page.objects.update(body=None)
    parts = read(api, company, row)["records"]["results"]
    assert "purged" in parts[0]["raw"]["absent"]
    assert parts[0]["canonical"]["id"] == "o1"


def test_an_adjustment_and_what_was_withdrawn_have_evidence_too(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    push(company, an_order(1, amount="18.00", sourceModifiedDate=later()))
    sync = a_sync(company, FIRST_DAY.replace(day=1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=sync.public_id)
    adjustment = Document.objects.latest("id")
    found = read(api, company, adjustment)
    assert found["document"]["state"] == "pending"
    assert "delivery" not in found
    assert [part["record"]["version"] for part in found["records"]["results"]] == [2]
    withdraw_posting(posting_id=adjustment.posting_id, actor="test")
    assert read(api, company, adjustment)["document"]["state"] == "withdrawn"
    assert "Withdrawn" in api.get(evidence_path(company, adjustment) + ".txt").content.decode()


def test_another_partners_evidence_does_not_exist(api: Api, other_api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    own = ready_company(other_api.partner, "Own")
    theirs, nothing = str(Document.objects.get().public_id), "00000000-0000-4000-8000-000000000000"
    for end in ("evidence", "evidence.txt"):
        for owner in (company, own):
            root = f"/companies/{owner.public_id}/documents"
            foreign, unknown = other_api.get(f"{root}/{theirs}/{end}"), other_api.get(f"{root}/{nothing}/{end}")
            assert (foreign.status_code, unknown.status_code) == (404, 404)
            assert foreign.json()["error"].replace(theirs, nothing) == unknown.json()["error"]
