"""Preview of a period: what posting it would do, to the byte, and nothing written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.apps import apps
from django.db import DatabaseError

from commerce_sync import preview as previews
from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from commerce_sync.preview import preview
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.periods import lock_period
from ledger import commerce
from ledger.book import Mode, Policy
from ledger.documents import encode_document
from ledger.models import Company, Document, Partner, Posting, RecordRow
from ledger.post_due import post_due
from ledger.services import audit, save_book
from ledger.set_aside import set_aside
from tests.api.cast import DAYS, FIRST_DAY, Api, an_order, books_of, make_company, ready_company
from tests.api.proof_cast import a_shop_with_sales, a_sync, later, push
from tests.commerce_sync.cast import an_order as canonical_order
from tests.commerce_sync.cast import sell
from tests.commerce_sync.demo_cast import LAST_DAY, a_shop
from tests.commerce_sync.demo_cast import post as post_demo
from tests.commerce_sync.test_reconcile import every_kind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ask(api: Api, company: Company, **said: Any) -> Any:
    response = api.post(f"/companies/{company.public_id}/sync/commerce/preview", said)
    assert response.status_code == 200, response.content
    return json.loads(response.content, parse_float=Decimal)


def rows_of_all_tables() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def previewed(company: Company, view: Any = "change", days: int = 12) -> list[bytes]:
    found = preview(company, FIRST_DAY, FIRST_DAY + timedelta(days=days), view)
    return [encode_document(each.document) for each in found.documents]


def stored(company: Company, **which: Any) -> list[bytes]:
    return [bytes(row.body) for row in Document.objects.filter(company=company, **which).order_by("id")]


def test_a_day_shows_its_documents_and_their_effect_and_writes_nothing(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1), an_order(2), an_order(3, day=FIRST_DAY.replace(day=3)))
    api.get("/companies")  # the first call of a minute takes its allowance
    before = rows_of_all_tables()
    found = ask(api, company, day="2026-03-02")
    assert rows_of_all_tables() == before
    assert (found["view"], found["start"], found["finish"]) == ("change", "2026-03-02", "2026-03-02")
    assert (found["recordCount"], found["documentCount"], found["refusedCount"], found["heldCount"]) == (2, 1, 0, 0)
    [document] = found["documents"]
    assert (document["kind"], document["total"], document["recordCount"]) == ("journal", Decimal("24.00"), 2)
    assert {line["accountId"]: line["credit"] - line["debit"] for line in document["lines"]}["4000"] == Decimal("20.00")
    effect = {each["accountId"]: each for each in found["effect"]}
    assert effect["4000"]["net"] == Decimal("-20.00")
    assert effect["4000"]["accountName"] == "4000 Sales"
    assert sum(each["net"] for each in found["effect"]) == 0
    assert found["lockIsKnown"] is True


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order", "per_payout"])
@pytest.mark.parametrize("policy", [Policy(), Policy(on_problem="hold", late_changes="first_open_day")],
                         ids=["usual", "strict"])  # fmt: skip
def test_a_preview_is_what_the_sync_then_posts(partner: Partner, db: None, mode: Mode, policy: Policy) -> None:
    company = ready_company(partner)
    save_book(company=company, book=default_book("GBP", DAYS, mode, policy=policy), author="test", reason="mode")
    sell(company, *every_kind())
    through = FIRST_DAY + timedelta(days=12)
    expected = previewed(company)
    post_due(company_id=company.pk, through=through, act=uuid4())
    assert expected == stored(company) != []
    assert previewed(company) == []
    # What changes afterwards is previewed as the difference.
    at = NOON + timedelta(days=4)
    sell(company, an_order_of(2_400, at), commerce.Fee("f", "GBP", NOON, at, 999))
    known = Document.objects.latest("id").pk
    expected = previewed(company)
    post_due(company_id=company.pk, through=through, act=uuid4())
    if policy.late_changes == "original_day":  # else they are dated by the day of the run, which is another one here
        assert expected == stored(company, id__gt=known) != []


def an_order_of(amount: int, at: datetime) -> commerce.Order:
    return canonical_order(1, amount=amount, updated_at=at)


@pytest.mark.parametrize("merchant", [LONDON, MONTREAL, TOKYO], ids=lambda merchant: merchant.key)
def test_lifelike_sales_are_previewed_to_the_byte(db: None, merchant: Merchant) -> None:
    shop = a_shop(merchant, days=3)
    first = LAST_DAY - timedelta(days=2)
    found = preview(shop.company, first, LAST_DAY, "change")
    post_demo(shop)
    assert [encode_document(each.document) for each in found.documents] == stored(shop.company)
    whole = preview(shop.company, first, LAST_DAY, "whole")
    assert [encode_document(each.document) for each in whole.documents] == stored(shop.company)
    assert whole.effects == found.effects
    one = preview(shop.company, LAST_DAY, LAST_DAY, "whole")
    assert [encode_document(each.document) for each in one.documents] == [
        bytes(row.body) for row in Document.objects.filter(posting__day=LAST_DAY).order_by("id")
    ]


def test_the_whole_of_a_day_is_as_if_nothing_were_in_the_books(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    push(company, an_order(1, amount="18.00", sourceModifiedDate=later()))
    change, whole = ask(api, company, day="2026-03-02"), ask(api, company, day="2026-03-02", view="whole")
    assert ([each["total"] for each in change["documents"]], change["recordCount"]) == ([Decimal("6.00")], 1)
    assert "adjustment" in change["documents"][0]["description"]
    assert ([each["total"] for each in whole["documents"]], whole["recordCount"]) == ([Decimal("30.00")], 2)
    assert whole["documents"][0]["reference"] == Document.objects.get().reference
    a_sync(company)
    assert ask(api, company, day="2026-03-02")["documents"] == []
    assert ask(api, company, day="2026-03-02", view="whole")["documents"] == whole["documents"]


def test_the_whole_shows_what_another_mapping_would_do(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    book = company.book_versions.get().book
    changed = msgspec.structs.replace(book, accounts=book.accounts | {"sales": "4100"})
    save_book(company=company, book=changed, author="test", reason="another account")
    whole = ask(api, company, day="2026-03-02", view="whole")
    assert whole["mappingVersion"] == 2
    assert "4000" not in {each["accountId"] for each in whole["effect"]}
    assert {each["accountId"]: each["net"] for each in whole["effect"]}["4100"] == Decimal("-20.00")


def test_what_spans_days_is_on_each_of_them_wherever_it_is_filed(db: None, partner: Partner) -> None:
    company = ready_company(partner)
    later_on = NOON + timedelta(days=3)
    sofa = commerce.Line("product", "Sofa", 900)
    halves = (commerce.Tender("h", "card", 600, NOON), commerce.Tender("i", "card", 300, later_on))
    sell(company, commerce.Order("layby", "1", "GBP", later_on, later_on, (sofa,), halves, 900))
    post_due(company_id=company.pk, through=later_on.date(), act=uuid4())
    days = set(Document.objects.values_list("posting__day", flat=True))
    assert days == {FIRST_DAY, later_on.date()}
    for day in days:
        found = preview(company, day, day, "whole")
        assert [encode_document(each.document) for each in found.documents] == stored(company, posting__day=day)
        assert found.other_days == sorted(days - {day})


def test_what_stays_out_says_why_and_what_to_do(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    book = default_book("GBP", DAYS, policy=Policy(on_problem="hold"))
    save_book(company=company, book=book, author="test", reason="hold")
    push(company, an_order(1), an_order(2, totalAmount=13), an_order(3, day=FIRST_DAY.replace(day=3)))
    for view in ("change", "whole"):
        found = ask(api, company, dateRange={"start": "2026-03-02", "finish": "2026-03-03"}, view=view)
        assert (found["documentCount"], found["refusedCount"], found["heldCount"]) == (1, 1, 1)
        wrong, held = found["keptOut"]
        assert (wrong["id"], wrong["isHeld"], wrong["reason"]["turn"]) == ("o2", False, "partner")
        assert "a difference of" in wrong["reason"]["sentence"]
        assert (held["id"], held["isHeld"], held["reason"]["code"]) == ("o1", True, "held_by_neighbor")
        assert held["reason"]["remedy"]


def test_a_refused_record_is_told_again_after_the_run_that_refused_it(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1), an_order(2, totalAmount=13))
    a_sync(company)
    whole = ask(api, company, day="2026-03-02", view="whole")
    assert [each["id"] for each in whole["keptOut"]] == ["o2"]
    assert whole["documentCount"] == 1


def test_an_amount_without_an_account_is_a_notice(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    book = company.book_versions.get().book
    less = msgspec.structs.replace(book, accounts={k: v for k, v in book.accounts.items() if k != "sales"})
    save_book(company=company, book=less, author="test", reason="less")
    push(company, an_order(1))
    found = ask(api, company, day="2026-03-02")
    assert [notice["code"] for notice in found["notices"]] == ["posted_to_suspense"]
    assert found["notices"][0]["severity"] == "notice"


def test_a_refund_whose_order_came_later_is_previewed_with_its_parts(db: None, partner: Partner) -> None:
    company = ready_company(partner)
    back = (commerce.Tender("b", "card", 1_200, NOON),)
    sell(company, commerce.Refund("r", "o1", "GBP", NOON, NOON, None, back, 1_200))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    sell(company, an_order_of(1_200, NOON))
    known = Document.objects.latest("id").pk
    expected = previewed(company)
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    assert expected == stored(company, id__gt=known) != []


def test_a_closed_period_moves_what_is_previewed(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1))
    lock_period(connection_id=books_of(company).pk, through=FIRST_DAY, author="test")
    found = ask(api, company, day="2026-03-02")
    assert found["lockedThrough"] == "2026-03-02"
    assert found["documents"][0]["date"] == "2026-03-03"
    assert [notice["code"] for notice in found["notices"]] == ["date_moved"]


def test_an_instant_stands_for_the_business_day_that_it_lies_in(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1), an_order(2, day=FIRST_DAY.replace(day=3)))
    for start, finish, first, last in (
        ("2026-03-02T12:00:00Z", "2026-03-03T00:00:00Z", "2026-03-02", "2026-03-03"),
        ("2026-03-02T23:59:59.9Z", "2026-03-02T23:59:59.9Z", "2026-03-02", "2026-03-02"),
        ("2026-03-02T00:30:00+01:00", "2026-03-02", "2026-03-01", "2026-03-02"),
        ("2026-03-02T10:00:00", "2026-03-02T10:00:00", "2026-03-02", "2026-03-02"),
    ):
        found = ask(api, company, dateRange={"start": start, "finish": finish})
        assert (found["start"], found["finish"]) == (first, last)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "dateRange"),
        ({"day": "2026-03-02", "dateRange": {"start": "2026-03-02", "finish": "2026-03-02"}}, "dateRange"),
        ({"day": "yesterday!"}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": "0001-01-01"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"day": "0001-01-01T00:00:00+14:00"}, "day"),
        ({"day": "2026-03-02é"}, "day"),
        ({"day": 20260302}, "$.day"),
        ({"day": "2026-03-02", "view": "both"}, "$.view"),
        ({"day": "2026-03-02", "post": True}, "$"),
        ({"dateRange": {"start": "2026-03-03", "finish": "2026-03-02"}}, "dateRange.finish"),
        ({"dateRange": {"start": "2025-01-01", "finish": "2026-03-02"}}, "dateRange.finish"),
        ({"dateRange": {"start": "2026-03-02"}}, "$.dateRange"),
        ([], "$"),
    ],
)
def test_what_cannot_be_previewed_is_refused_by_its_field(api: Api, partner: Partner, said: Any, field: str) -> None:
    company = ready_company(partner)
    answered = api.post(f"/companies/{company.public_id}/sync/commerce/preview", said)
    assert answered.status_code == 400, answered.content
    assert field in {item["itemId"] for item in answered.json()["validation"]["errors"]}


@pytest.mark.parametrize("view", ["change", "whole"])
def test_too_many_records_ask_for_fewer_days(
    api: Api, partner: Partner, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    company, _ = a_shop_with_sales(partner, orders=2)
    push(company, *[an_order(number) for number in range(10, 13)])
    monkeypatch.setattr(previews, "MOST_RECORDS", 2)
    answered = api.post(f"/companies/{company.public_id}/sync/commerce/preview", {"day": "2026-03-02", "view": view})
    assert answered.status_code == 400
    assert "fewer days" in answered.json()["error"]


def test_a_run_that_is_too_large_to_be_read_whole_says_so(
    api: Api, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = ready_company(partner)
    push(company, *[an_order(number, day=FIRST_DAY.replace(day=number)) for number in (2, 3, 4)])
    a_sync(company, FIRST_DAY.replace(day=5))
    monkeypatch.setattr(previews, "MOST_RECORDS", 2)
    found = ask(api, company, day="2026-03-02", view="whole")
    assert (found["isComplete"], found["recordCount"], found["documentCount"]) == (False, 1, 1)


def test_a_company_without_a_configuration_is_told_to_be_configured(api: Api, partner: Partner) -> None:
    company = make_company(partner)
    answered = api.post(f"/companies/{company.public_id}/sync/commerce/preview", {"day": "2026-03-02"})
    assert answered.status_code == 409
    assert "configuration" in answered.json()["error"]


def test_the_database_itself_refuses_a_preview_that_would_write(
    partner: Partner, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = ready_company(partner)

    def writes(tally: Any, scope: Any, most: int) -> None:
        audit(code="preview.written", actor="test", company=company)

    monkeypatch.setattr(previews, "_add_changes", writes)
    with pytest.raises(DatabaseError, match="read-only transaction"):
        preview(company, FIRST_DAY, FIRST_DAY, "change")
    audit(code="something.else", actor="test", company=company)  # and what comes after may write again


def test_a_stored_answer_is_not_made_of_a_preview(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    path, said, key = f"/companies/{company.public_id}/sync/commerce/preview", {"day": "2026-03-02"}, "k"
    assert api.post(path, said, headers={"Idempotency-Key": key}).json()["recordCount"] == 0
    push(company, an_order(1))
    assert api.post(path, said, headers={"Idempotency-Key": key}).json()["recordCount"] == 1


def test_what_an_undo_keeps_out_is_counted_and_no_part_of_it(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    set_aside(company_id=company.pk, posting_ids=[Posting.objects.get().pk])
    push(company, an_order(9))
    for view in ("change", "whole"):
        found = ask(api, company, day="2026-03-02", view=view)
        assert (found["recordCount"], found["setAsideCount"]) == (1, 2)
        assert [each["total"] for each in found["documents"]] == [Decimal("12.00")]


def test_another_partners_company_cannot_be_previewed(api: Api, other_api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    nobody = "00000000-0000-4000-8000-000000000000"
    said = {"day": "2026-03-02"}
    foreign = other_api.post(f"/companies/{company.public_id}/sync/commerce/preview", said)
    unknown = other_api.post(f"/companies/{nobody}/sync/commerce/preview", said)
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["error"].replace(str(company.public_id), nobody) == unknown.json()["error"]
    assert RecordRow.objects.exists()
