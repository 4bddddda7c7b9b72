"""Four totals of a day: what the source states, what records, documents and books have, by role, to the unit."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from commerce_sync.reconcile_days import DaySums, sum_days
from connectors.general_ledger.chart import default_book
from connectors.models import Connection, Page
from connectors.raw_pages import compress
from connectors.services import receive
from ledger import sql
from ledger.book import Mode, Policy
from ledger.models import Company
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop, settle, tamper
from tests.commerce_sync.test_reconcile import every_kind

pytestmark = pytest.mark.django_db


def all_days(company: Company) -> list[DaySums]:
    """The totals of every day on which the company has postings."""
    asked = sql.rows("SELECT DISTINCT company_id, day FROM ledger_posting WHERE company_id = %s", (company.pk,))
    return sum_days([(each, day) for each, day in asked])


def differences(days: list[DaySums]) -> list[tuple[date | None, str, object]]:
    """Where two totals of a role differ."""
    return [
        (day.day, role, four)
        for day in days
        for role, four in day.roles.items()
        if role not in day.incomparable
        and len({each for each in (four.stated, four.records, four.documents, four.books) if each is not None}) > 1
    ]


@pytest.mark.parametrize("merchant", [LONDON, MONTREAL, TOKYO], ids=lambda merchant: merchant.key)
def test_all_four_totals_of_lifelike_sales_are_equal_by_every_role(merchant: Merchant) -> None:
    shop = a_posted_shop(merchant, days=4)
    days = all_days(shop.company)
    assert differences(days) == []
    assert [day.day for day in days] == [LAST_DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    for day in days:
        assert day.roles["sales"].stated == day.roles["sales"].records == day.roles["sales"].documents
        assert any(role.startswith("tax ") for role in day.roles), day.roles.keys()
        assert any(role.startswith("tender ") for role in day.roles)
        assert (day.off, day.lost) == ({}, {})


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order", "per_payout"])
@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(discounts="net", sales_by="", disputes="sales_return", open_orders="receivable"),
        Policy(fees_from="payouts", marketplace_tax="in_and_out", expired_cards="keep", recognize="fulfillment"),
        Policy(voucher="single_purpose", record_tolerance=2),
    ],
    ids=["usual", "plain", "unusual", "vouchers"],
)
def test_every_role_holds_in_every_mode_and_policy(mode: Mode, policy: Policy) -> None:
    company = a_merchant(book=default_book("GBP", DAYS, mode, policy=policy))
    sell(company, *every_kind())
    settle(company, FIRST_DAY + timedelta(days=9))
    days = all_days(company)
    assert differences(days) == []
    assert sum(day.records for day in days) == len(every_kind())
    assert (len(days) == 1 and days[0].day is None) == (mode == "per_payout")


def test_a_row_that_is_no_row_leaves_what_its_neighbors_state() -> None:
    company = a_merchant()
    link = Connection.objects.select_related("company").get(company=company, kind="commerce")
    receive(connection=link, dataset="orders", body=msgspec.json.encode([raw_order(1), raw_order(2)]))
    settle(company, FIRST_DAY)
    page = Page.objects.get()
    broken = {**raw_order(3), "payments": "none", "totalAmount": [1]}
    Page.objects.update(body=compress(msgspec.json.encode([{**raw_order(1), "totalAmount": 12.01}, broken])))
    assert page.rows == 2
    [day] = all_days(company)
    assert [(each.external_id, each.stated, each.held) for each in day.lost["sales"]] == [("r1", 1_201, 1_200)]
    assert (day.roles["sales"].stated, day.roles["sales"].records) == (2_401, 2_400)


def test_a_record_that_nobody_can_read_adds_nothing_up_and_stops_nothing() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2))
    settle(company, FIRST_DAY)
    tamper("ledger_record", "UPDATE ledger_record SET body = 'not json' WHERE external_id = 'o2'")
    [day] = all_days(company)
    assert (day.roles["sales"].records, day.roles["sales"].documents) == (1_200, 2_400)


def test_pages_of_a_platform_that_there_is_no_more_state_nothing() -> None:
    company = a_merchant()
    link = Connection.objects.select_related("company").get(company=company, kind="commerce")
    receive(connection=link, dataset="orders", body=msgspec.json.encode([raw_order(1)]))
    settle(company, FIRST_DAY)
    Connection.objects.filter(pk=link.pk).update(platform="square")
    Page.objects.update(dataset="checks")
    [day] = all_days(company)
    assert (day.roles["sales"].stated, day.roles["sales"].documents) == (None, 1_200)


def raw_order(number: int) -> dict[str, object]:
    """A sale of 12.00 as a partner pushes it."""
    at = f"{FIRST_DAY}T12:00:00Z"
    line = {"id": "1", "quantity": 1, "totalAmount": 12.0, "totalTaxAmount": 0, "productRef": {"id": "tea"}}
    paid = {"id": f"p{number}", "amount": 12.0, "currency": "GBP", "type": "Card", "status": "Paid", "createdDate": at}
    return {
        "id": f"r{number}", "currency": "GBP", "createdDate": at, "closedDate": at, "sourceModifiedDate": at,
        "totalAmount": 12.0, "totalTaxAmount": 0, "orderLineItems": [line], "payments": [paid],
    }  # fmt: skip
