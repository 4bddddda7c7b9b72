"""Payouts that are missing or late and money that waits too long are seen; an orderly processor is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from health.findings.seen import Scope, Seen
from health.watches.payout_rhythm import Missing, missing_payouts, rhythm
from health.watches.payouts import look
from ledger import commerce
from ledger.models import Company
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import settle

FIRST = date(2026, 3, 2)
LAST = FIRST + timedelta(days=39)
AT = datetime(2026, 4, 12, 6, tzinfo=UTC)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def noon(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=number)


def orders(days: Iterable[int] = range(40), a_day: int = 3) -> list[commerce.Order]:
    """Some sales on each day, their ids ``o<day>-<number>``."""
    return [
        an_order(
            n, id=f"o{d}-{n}", day=day(d), amount=1_000 + 60 * d + n,
            tenders=(commerce.Tender(f"t{d}-{n}", "card", 1_000 + 60 * d + n, noon(d)),),
        )
        for d in days
        for n in range(a_day)
    ]  # fmt: skip


def payout(number: int, sales: Iterable[commerce.Order], *, listed: bool) -> commerce.Payout:
    """Of these sales, on the day with this number."""
    items = tuple(commerce.PayoutItem("charge", each.stated, each.tenders[0].id) for each in sales)
    amount = sum(item.amount for item in items)
    return commerce.Payout(f"p{number}", "GBP", noon(number, 6), noon(number, 6), amount, items if listed else None)


def weekly(sold: list[commerce.Order], *, listed: bool, without: Iterable[int] = ()) -> list[commerce.Payout]:
    """Every third day, of the three days before; none on the days ``without``."""
    return [
        payout(end, [each for each in sold if day(end - 3) <= each.closed_at.date() < day(end)], listed=listed)
        for end in range(3, 40, 3)
        if end not in set(without)
    ]


def shop(*records: commerce.Record) -> Company:
    company = a_merchant()
    sell(company, *records)
    settle(company, LAST)
    return company


def seen(company: Company, at: datetime = AT) -> list[Seen]:
    return list(look(Scope((company.pk,), at)).seen)


@pytest.mark.django_db
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
def test_an_orderly_processor_is_left_alone(listed: bool) -> None:
    sold = orders()
    assert seen(shop(*sold, *weekly(sold, listed=listed))) == []


@pytest.mark.django_db
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
def test_a_payout_between_others_that_never_came_is_missing(listed: bool) -> None:
    sold = orders()
    (found,) = seen(shop(*sold, *weekly(sold, listed=listed, without=[15])))
    lost = [each for each in sold if day(12) <= each.closed_at.date() < day(15)]
    assert (found.code, found.amount, found.day) == ("payout_missing", sum(each.stated for each in lost), day(14))
    assert {cause.label for cause in found.causes} == {f"order {each.id}" for each in lost}


@pytest.mark.django_db
def test_one_payment_that_the_processor_holds_back_is_no_missing_payout() -> None:
    sold = orders()
    held = next(each for each in sold if each.id == "o36-1")
    payouts = [payout(39, [each for each in sold if each is not held and day(36) <= each.closed_at.date()][:8],
                      listed=True)]  # fmt: skip
    assert seen(shop(*sold, *weekly(sold, listed=True, without=[39]), *payouts)) == []


@pytest.mark.django_db
def test_a_payment_that_is_held_for_weeks_waits_too_long() -> None:
    sold = orders()
    kept = [each for each in sold if each.id != "o4-1"]
    (found,) = seen(shop(*sold, *weekly(kept, listed=True)))
    assert (found.code, found.amount, found.params["count"], found.day) == ("clearing_aged", 1_241, 1, day(4))
    assert [cause.label for cause in found.causes] == ["order o4-1"]


@pytest.mark.django_db
def test_a_sale_that_was_refunded_before_it_was_paid_out_waits_for_nothing() -> None:
    sold = orders()
    kept = [each for each in sold if not each.id.startswith("o4-")]
    backs = [
        commerce.Refund(
            f"r{each.id}", each.id, "GBP", noon(5), noon(5), None,
            (commerce.Tender(f"b{each.id}", "card", each.stated, noon(5)),), each.stated,
        )
        for each in sold if each not in kept
    ]  # fmt: skip
    assert seen(shop(*sold, *backs, *weekly(kept, listed=True))) == []


@pytest.mark.django_db
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
def test_payouts_that_stopped_are_late_and_that_is_all_that_is_told(listed: bool) -> None:
    sold = orders()
    (found,) = seen(shop(*sold, *weekly(sold, listed=listed, without=range(18, 40))))
    assert (found.code, found.params["rhythm"], found.params["since"]) == ("payout_late", "3 days", str(day(15)))
    assert found.params["platform"] == "Partner sales"


@pytest.mark.django_db
def test_where_nothing_is_told_any_more_no_payout_is_late() -> None:
    sold = orders(range(17))
    payouts = weekly(sold, listed=True, without=range(18, 40))
    assert seen(shop(*sold, *payouts), AT + timedelta(days=60)) == []


@pytest.mark.django_db
def test_without_any_payout_nothing_is_known_of_them() -> None:
    assert seen(shop(*orders())) == []


@pytest.mark.django_db
def test_between_nights_only_what_is_open_is_looked_at_again() -> None:
    company = shop(*orders())
    looked = look(Scope((company.pk,), AT, "sync"))
    assert (looked.seen, looked.days) == ((), {})


def test_a_rhythm_needs_some_payouts_and_takes_the_longest_pause_for_usual() -> None:
    assert rhythm([day(n) for n in (0, 1, 2)]) is None
    found = rhythm([day(n) for n in (0, 7, 14, 21, 31)])
    assert found is not None
    assert (found.typical, found.allowed, found.last) == (7, 16, day(31))
    assert found.in_words == "7 days"


def test_payouts_that_are_no_whole_days_have_no_gaps() -> None:
    takings = [(day(n), 1_000 + 10 * n) for n in range(20)]
    payouts = [(day(n + 1), 1_000 + 10 * n - 7) for n in range(20) if n != 9]
    assert missing_payouts(takings, payouts) == []
    exact = [(day(n + 1), 1_000 + 10 * n) for n in range(20) if n != 9]
    assert missing_payouts(takings, exact) == [Missing(day(9), day(9), 1_090)]
