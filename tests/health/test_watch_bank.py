"""Payouts are looked for among what the bank brought; where the bank tells nothing, nothing is missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.models import BankLine
from health.findings.seen import Scope, Seen
from health.watches.bank import look
from health.watches.bank_matching import Arriving, Line, match
from ledger import commerce
from ledger.models import Company
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, books_of, sell
from tests.commerce_sync.demo_cast import settle
from tests.health.test_watch_clearing import by_hand

DAYS = 12


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


AT = datetime(2026, 3, 30, 6, tzinfo=UTC)


def shop() -> Company:
    """A payout of each day's sale on the next day."""
    company = a_merchant()
    for number in range(DAYS):
        at = datetime(2026, 3, 3, 9, tzinfo=UTC) + timedelta(days=number)
        sell(
            company, an_order(number, day=day(number), amount=2_345 + number),
            commerce.Payout(
                f"payout-{number}", "GBP", at, at, 2_345 + number, provider="Stripe Payments",
                bank_reference=f"ST-99000{number:02}",
            ),
        )  # fmt: skip
    settle(company, day(DAYS + 1))
    return company


def bank(company: Company, number: int, amount: int, text: str = "DEPOSIT", *, later: int = 1) -> None:
    """A line of the bank's, a day after the payout with this number."""
    BankLine.objects.create(
        connection=books_of(company), remote_id=f"{number} {text}", account="1000", currency="GBP",
        day=day(number + 1 + later), amount=amount, text=text,
    )  # fmt: skip


def seen(company: Company) -> list[Seen]:
    return list(look(Scope((company.pk,), AT)).seen)


@pytest.mark.django_db
def test_payouts_that_all_arrived_are_no_finding() -> None:
    company = shop()
    for number in range(DAYS):
        bank(company, number, 2_345 + number)
    bank(company, 3, -900, "RENT")
    assert seen(company) == []


@pytest.mark.django_db
def test_where_the_bank_tells_nothing_nothing_is_missing() -> None:
    company = shop()
    assert seen(company) == []
    bank(company, 1, 77_000, "A CUSTOMER")
    bank(company, 20, 12_000, "ANOTHER")
    assert seen(company) == []


@pytest.mark.django_db
def test_a_payout_that_the_bank_does_not_know_is_missing() -> None:
    company = shop()
    for number in range(DAYS):
        if number != 2:
            bank(company, number, 2_345 + number)
    (found,) = seen(company)
    assert (found.code, found.subject, found.amount, found.day) == ("bank_missing", "payout payout-2", 2_347, day(3))
    assert found.causes[0].kind == "record"


@pytest.mark.django_db
def test_the_last_payouts_may_still_arrive() -> None:
    company = shop()
    for number in range(DAYS - 3):
        bank(company, number, 2_345 + number)
    assert seen(company) == []


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Ref st-9900004", "STRIPE PAYMENTS UK"], ids=["by name", "by sender"])
def test_another_amount_at_the_bank_is_told_with_both(text: str) -> None:
    company = shop()
    for number in range(DAYS):
        bank(company, number, 2_345 + number - (15 if number == 4 else 0), text if number == 4 else "DEPOSIT")
    (found,) = seen(company)
    assert (found.code, found.amount) == ("bank_differs", 15)
    assert (found.params["stated"], found.params["received"]) == (2_349, 2_334)


@pytest.mark.django_db
def test_in_the_built_in_books_the_bank_is_what_others_booked_there() -> None:
    company = shop()
    for number in range(DAYS):
        if number != 2:
            lines = (("1000", 2_345 + number), ("4900", -2_345 - number))
            by_hand(company, day(number + 1), *lines, name=f"BANK-{number}")
    assert [each.code for each in seen(company)] == ["bank_missing"]


def test_a_name_that_goes_on_is_another_name() -> None:
    payouts = [Arriving("a", day(0), 500, ("payout-1",)), Arriving("b", day(0), 700, ("payout-12",))]
    found = match(payouts, [Line("l", day(1), 690, "STRIPE payout-12 GBP")])
    assert [(payout.id, line.id) for payout, line in found.differing] == [("b", "l")]


def test_each_line_is_one_payout_and_the_nearest_day_counts() -> None:
    payouts = [Arriving(f"p{n}", day(n), 500) for n in range(4)]
    lines = [Line(f"l{n}", day(n), 500) for n in range(4)]
    assert match(payouts, lines).missing == []
    later = [*lines, Line("x", day(30), 1)]
    assert [each.id for each in match([*payouts, Arriving("p9", day(3), 500)], later).missing] == ["p9"]
