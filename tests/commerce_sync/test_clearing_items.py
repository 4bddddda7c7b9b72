"""Clearing accounts are explained item by item, and what is open adds up to what our documents hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from commerce_sync.clearing_items import open_items, settlements
from commerce_sync.clearing_open import Clearing
from connectors.general_ledger.chart import default_book
from ledger import commerce
from ledger.book import Mode, Policy
from ledger.models import Company
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import settle
from tests.commerce_sync.test_reconcile import every_kind

pytestmark = pytest.mark.django_db
ON = FIRST_DAY + timedelta(days=9)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=day)


def payout(name: str, day: int, amount: int, *items: commerce.PayoutItem) -> commerce.Payout:
    return commerce.Payout(name, "GBP", at(day), at(day), amount, items or None)


def clearings(company: Company, on: date = ON) -> list[Clearing]:
    return settlements([company.pk], datetime(on.year, on.month, on.day, 20, tzinfo=UTC)).clearings


def one(company: Company, on: date = ON) -> Clearing:
    (found,) = [each for each in clearings(company, on) if each.account == "1100"]
    return found


def sold(*records: commerce.Record) -> Company:
    company = a_merchant()
    sell(company, *records)
    settle(company, ON)
    return company


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order", "per_payout"])
@pytest.mark.parametrize(
    "policy",
    [Policy(), Policy(fees_from="payouts", marketplace_tax="in_and_out"), Policy(fees_from="none")],
    ids=["usual", "fees of payouts", "no fees"],
)
def test_what_is_open_is_what_our_documents_hold_in_every_mode_and_policy(mode: Mode, policy: Policy) -> None:
    company = a_merchant(book=default_book("GBP", DAYS, mode, policy=policy))
    sell(company, *every_kind())
    settle(company, ON)
    found = clearings(company)
    assert {each.account for each in found} >= {"1100"}
    assert [(each.account, each.unexplained) for each in found if each.unexplained] == []


def test_what_a_payout_names_is_settled_and_the_rest_waits() -> None:
    items = (commerce.PayoutItem("charge", 1_200, "o1"), commerce.PayoutItem("fee", -30, "t1"))
    fee = commerce.Fee("f1", "GBP", at(0), at(0), 30, settles="t1")
    company = sold(an_order(1), an_order(2), fee, payout("p", 2, 1_170, *items))
    found = one(company)
    assert [(item.kind, item.amount, item.count) for item in found.items] == [("order", 1_200, 1)]
    (waiting,) = open_items(found)
    assert (waiting.name, waiting.amount, waiting.order_id) == ("t2", 1_200, "o2")


def test_a_payout_that_names_nothing_is_set_against_the_oldest() -> None:
    company = sold(*(an_order(n, day=FIRST_DAY + timedelta(days=n)) for n in range(3)), payout("p", 3, 1_500))
    found = one(company)
    assert [(item.day, item.amount) for item in found.items] == [
        (FIRST_DAY + timedelta(days=1), 900),
        (FIRST_DAY + timedelta(days=2), 1_200),
    ]
    assert (found.open, found.held, found.consumed) == (2_100, 2_100, 1_500)
    assert [(each.name, each.amount) for each in open_items(found)] == [("t1", 900), ("t2", 1_200)]


def test_more_that_went_out_than_came_in_is_open_too() -> None:
    company = sold(an_order(1), payout("p", 3, 1_500))
    found = one(company)
    assert [(item.kind, item.amount) for item in found.items] == [("payout", -300)]
    assert found.unexplained == 0


def test_what_was_open_before_the_window_is_one_amount() -> None:
    company = sold(an_order(1), an_order(2, day=FIRST_DAY + timedelta(days=1)))
    found = one(company, FIRST_DAY + timedelta(days=93))
    assert (found.earlier, [item.amount for item in found.items]) == (1_200, [1_200])
    assert found.ages(FIRST_DAY + timedelta(days=93)) == [(0, 7, 0), (8, 30, 0), (31, None, 2_400)]


def test_open_items_have_their_ages() -> None:
    company = sold(*(an_order(n, day=FIRST_DAY + timedelta(days=n), amount=600) for n in (0, 2, 8)))
    assert one(company).ages(ON) == [(0, 7, 1_200), (8, 30, 600), (31, None, 0)]


def test_one_currency_and_one_account_stand_for_themselves() -> None:
    wire = commerce.Tender("w", "bank", 500, at(0))
    line = commerce.Line("product", "Tea", 500)
    company = sold(an_order(1), commerce.Order("b", "b", "GBP", at(0), at(0), (line,), (wire,), 500))
    assert {(each.account, each.open) for each in clearings(company)} == {("1100", 1_200), ("1110", 500)}
