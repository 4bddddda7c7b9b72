"""Four totals of a day: what the source states, what records, documents and books have, by role, to the unit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from commerce_sync.reconcile_days import DaySums, sum_days
from connectors.general_ledger.chart import default_book
from ledger import sql
from ledger.book import Mode, Policy
from ledger.models import Company
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, sell
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop, settle
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
