"""Reconciliation over the API: per business day and currency, and what a difference comes from."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from commerce_sync.reconcile import reconcile
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.voiding import void_entry
from connectors.models import BooksEntry
from ledger import commerce
from ledger.book import Mode
from ledger.models import Company, Document, Partner
from ledger.post_due import post_due
from ledger.services import save_book
from tests.api.cast import DAYS, FIRST_DAY, Api, an_order, ready_company
from tests.api.proof_cast import a_shop_with_sales, a_sync, later, push, statements
from tests.commerce_sync.cast import an_order as canonical_order
from tests.commerce_sync.cast import sell
from tests.commerce_sync.demo_cast import a_posted_shop, settle, tamper
from tests.commerce_sync.test_reconcile import every_kind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ask(api: Api, company: Company, first: str = "2026-03-02", last: str = "2026-03-05") -> Any:
    response = api.get(f"/companies/{company.public_id}/reconciliation?from={first}&to={last}")
    assert response.status_code == 200, response.content
    return json.loads(response.content, parse_float=Decimal)


def test_a_day_shows_what_is_stated_held_and_in_the_books(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    found = ask(api, company)
    assert (found["start"], found["finish"], found["isReconciled"], found["offCount"]) == (
        "2026-03-02", "2026-03-05", True, 0)  # fmt: skip
    [day] = found["days"]
    assert (day["day"], day["currency"], day["recordCount"], day["isReconciled"]) == ("2026-03-02", "GBP", 2, True)
    [sales] = [topic for topic in day["topics"] if topic["topic"] == "sales"]
    assert (sales["stated"], sales["documents"], sales["difference"]) == (Decimal("24.00"), Decimal("24.00"), 0)
    delivery = day["delivery"]
    assert (delivery["count"], delivery["documents"], delivery["accounting"], delivery["difference"]) == (
        1, Decimal("24.00"), Decimal("24.00"), 0)  # fmt: skip
    assert (day["sentences"], day["causes"]) == ([], [])


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order", "per_payout"])
def test_a_range_is_the_same_days_out_of_the_whole(db: None, partner: Partner, mode: Mode) -> None:
    company = ready_company(partner)
    save_book(company=company, book=default_book("GBP", DAYS, mode), author="test", reason="mode")
    sell(company, *every_kind())
    layby = commerce.Tender("h", "card", 600, NOON), commerce.Tender("i", "card", 300, NOON + timedelta(days=5))
    sofa = (commerce.Line("product", "Sofa", 900),)
    sell(company, commerce.Order("layby", "9", "GBP", layby[1].captured_at, NOON, sofa, layby, 900))
    settle(company, FIRST_DAY + timedelta(days=4))
    at = NOON + timedelta(days=6)
    sell(company, canonical_order(1, amount=2_400, updated_at=at), commerce.Fee("f", "GBP", NOON, at, 999))
    settle(company, FIRST_DAY + timedelta(days=9))
    whole = reconcile(company.pk)
    assert len(whole) > (1 if mode != "per_payout" else 0)
    for offset in range(10):
        for length in (1, 3):
            first = FIRST_DAY + timedelta(days=offset)
            last = first + timedelta(days=length - 1)
            expected = [each for each in whole if each.day is None or first <= each.day <= last]
            assert reconcile(company.pk, first=first, last=last) == expected


@pytest.mark.parametrize("merchant", [LONDON, MONTREAL, TOKYO], ids=lambda merchant: merchant.key)
def test_lifelike_days_agree(db: None, merchant: Merchant) -> None:
    shop = a_posted_shop(merchant, days=3)
    found = ask(Api(shop.company.partner), shop.company, "2026-03-01", "2026-03-10")
    assert found["isReconciled"] is True
    assert len(found["days"]) == 3
    assert all(day["delivery"]["accounting"] == day["delivery"]["documents"] > 0 for day in found["days"])


def test_a_difference_names_the_record_that_causes_it(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1), an_order(2, amount="48.00"), an_order(3, day=FIRST_DAY.replace(day=3)))
    a_sync(company, FIRST_DAY.replace(day=3))
    tamper(
        "ledger_record",
        """UPDATE ledger_record SET body = convert_to(
            replace(convert_from(body, 'UTF8'), '"stated":4800', '"stated":5800'), 'UTF8') WHERE external_id = %s""",
        "o2",
    )
    found = ask(api, company)
    assert (found["isReconciled"], found["offCount"]) == (False, 1)
    off, fine = found["days"]
    assert (off["day"], off["difference"], fine["isReconciled"]) == ("2026-03-02", Decimal("10.00"), True)
    assert off["sentences"] == ["2026-03-02: sales are stated as 70.00, the documents hold 60.00"]
    assert [(cause["id"], cause["reason"]) for cause in off["causes"]] == [("o2", "its lines miss its total")]
    assert off["causes"][0]["total"] == Decimal("48.00")


def test_an_entry_that_was_voided_behind_our_back_is_named(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    entry = BooksEntry.objects.get()
    void_entry(entry.connection_id, entry.pk)
    [day] = ask(api, company)["days"]
    assert day["delivery"]["references"] == [Document.objects.get().reference]
    assert (day["delivery"]["disagreeing"], day["delivery"]["difference"]) == (1, Decimal("-24.00"))
    assert ask(api, company, "2026-03-03", "2026-03-05")["days"] == []


def test_what_is_not_there_yet_is_no_difference(api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    push(company, an_order(1, amount="18.00", sourceModifiedDate=later()))
    post_due(company_id=company.pk, through=FIRST_DAY, act=a_sync(company, FIRST_DAY.replace(day=1)).public_id)
    [day] = ask(api, company)["days"]
    assert (day["isReconciled"], day["delivery"]["undelivered"]) == (True, 1)
    assert "accounting" not in day["delivery"]


def test_books_that_post_per_payout_are_one_row_without_a_day(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    save_book(company=company, book=default_book("GBP", DAYS, "per_payout"), author="test", reason="mode")
    sell(company, *every_kind())
    settle(company, FIRST_DAY + timedelta(days=9))
    [day] = ask(api, company, "2026-05-01", "2026-05-02")["days"]
    assert "day" not in day
    assert day["isReconciled"] is True


def test_by_default_it_is_the_last_month(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    found = api.get(f"/companies/{company.public_id}/reconciliation").json()
    first, last = (datetime.fromisoformat(found[name]) for name in ("start", "finish"))
    assert (last - first).days == 30
    one = api.get(f"/companies/{company.public_id}/reconciliation?to=2026-03-31").json()
    assert (one["start"], one["finish"], one["days"]) == ("2026-03-01", "2026-03-31", [])


def test_the_days_cost_the_same_number_of_queries_however_many_they_are(
    api: Api, partner: Partner, settings: Settings
) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0  # what is taken of an allowance comes now and then
    api.get("/companies")  # as does the note of when the key was used
    company, _ = a_shop_with_sales(partner)
    with statements() as few:
        assert len(ask(api, company)["days"]) == 1
    push(company, *[an_order(day * 10, day=FIRST_DAY.replace(day=day)) for day in range(3, 9)])
    a_sync(company, FIRST_DAY.replace(day=9))
    with statements() as many:
        assert len(ask(api, company, "2026-03-01", "2026-03-31")["days"]) == 7
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("from=2026-03-03&to=2026-03-02", "to"),
        ("from=2025-01-01&to=2026-03-02", "to"),
        ("from=x", "from"),
        ("from=", "from"),
        ("to=", "to"),
        ("to=2026-13-01", "to"),
        ("to=0001-01-01", "to"),
        ("from=2026-03-02T25:00:00Z", "from"),
        ("to=20260302", "to"),
        ("from=%00", "from"),
    ],
)
def test_bad_dates_are_refused_by_their_name(api: Api, partner: Partner, asked: str, field: str) -> None:
    company = ready_company(partner)
    answered = api.get(f"/companies/{company.public_id}/reconciliation?{asked}")
    assert answered.status_code == 400, answered.content
    assert field in {item["itemId"] for item in answered.json()["validation"]["errors"]}


def test_a_plus_in_an_instant_may_have_become_a_space(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    assert ask(api, company, "2026-03-02T00:30:00+01:00", "2026-03-02")["start"] == "2026-03-01"


def test_another_partners_company_is_not_reconciled(api: Api, other_api: Api, partner: Partner) -> None:
    company, _ = a_shop_with_sales(partner)
    nobody = "00000000-0000-4000-8000-000000000000"
    foreign = other_api.get(f"/companies/{company.public_id}/reconciliation")
    unknown = other_api.get(f"/companies/{nobody}/reconciliation")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["error"].replace(str(company.public_id), nobody) == unknown.json()["error"]
