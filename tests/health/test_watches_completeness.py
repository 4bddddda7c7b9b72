"""Days without sales and missing numbers are found, and what only looks like one of them is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from commerce_sync.models import Schedule
from health.findings.watching import look_at
from health.models import Finding
from health.watches.numbers import Sale, gaps
from health.watches.rhythm import easter, is_quiet, silences
from ledger import commerce
from ledger.intake import store
from ledger.models import Company
from ledger.problem_rows import Subject, open_problems
from ledger.problems import Problem
from ledger.settling import Incoming
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import settle, tamper

FIRST = date(2026, 3, 2)  # a Monday
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _every_watch_could_look(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelname == "ERROR"] == []


def sold(weeks: int, closed: Any = (), usual: int = 20) -> dict[date, int]:
    """So many sales on each day but Sundays and those that are ``closed``."""
    days = [FIRST + DAY * number for number in range(weeks * 7)]
    return {day: usual for day in days if day.weekday() != 6 and day not in closed}


def silent(counts: dict[date, int], weeks: int) -> list[tuple[date, date, int]]:
    last = FIRST + DAY * (weeks * 7 - 1)
    return [(each.first, each.last, each.days) for each in silences(counts, last - 13 * DAY, last, FIRST)]


def test_a_day_off_is_not_missed_and_a_lost_one_is() -> None:
    lost = FIRST + 7 * 7 * DAY + 2 * DAY
    assert silent(sold(8), 8) == []
    assert silent(sold(8, {lost}), 8) == [(lost, lost, 1)]


def test_days_in_a_row_are_one_silence_across_a_day_off() -> None:
    saturday = FIRST + 7 * 7 * DAY - 2 * DAY
    lost = {saturday, saturday + 2 * DAY, saturday + 3 * DAY}
    assert silent(sold(8, lost), 8) == [(saturday, saturday + 3 * DAY, 3)]


def test_few_weeks_and_few_sales_say_nothing() -> None:
    lost = FIRST + 4 * 7 * DAY
    assert silent(sold(5, {lost}), 5) == []
    few = sold(8, {FIRST + 7 * 7 * DAY}, usual=5)
    few[FIRST + 7 * DAY] = 2
    assert silent(few, 8) == []


def test_few_sales_are_missed_where_they_never_fail() -> None:
    lost = FIRST + 7 * 7 * DAY
    assert silent(sold(8, {lost}, usual=4), 8) == [(lost, lost, 1)]


def test_a_shop_that_closes_now_and_then_does_so_by_its_own_rhythm() -> None:
    mondays = {FIRST + 7 * number * DAY for number in (2, 4, 7)}
    assert silent(sold(8, mondays), 8) == []


def test_hardly_anybody_sells_at_christmas_and_at_easter() -> None:
    assert easter(2026) == date(2026, 4, 5)
    assert easter(2027) == date(2027, 3, 28)
    assert all(is_quiet(day) for day in (date(2026, 4, 3), date(2026, 4, 6), date(2026, 12, 25), date(2026, 11, 26)))
    assert not is_quiet(date(2026, 4, 7))


def numbered(*numbers: str) -> list[Sale]:
    return [Sale(place, number) for place, number in enumerate(numbers)]


def test_a_gap_is_seen_where_numbers_run_on_otherwise() -> None:
    numbers = [f"#{number}" for number in range(1_000, 1_200) if number not in (1_100, 1_101)]
    [gap] = gaps(numbered(*numbers))
    assert (gap.before.number, gap.after.number, gap.missing) == ("#1099", "#1102", 2)


def test_series_of_each_day_are_judged_together() -> None:
    numbers = [f"2603{day:02}-{number:03}" for day in range(1, 11) for number in range(1, 20)]
    assert gaps(numbered(*numbers)) == []
    numbers.remove("260305-007")
    assert [gap.after.number for gap in gaps(numbered(*numbers))] == ["260305-008"]


@pytest.mark.parametrize(
    "numbers",
    [
        [f"{number}" for number in range(0, 3_000, 3)],  # every third: something else is counted as well
        [f"{number}" for number in range(50) if number != 20],  # too few to know
        [f"{number}" for number in [*range(100), *range(5_000, 5_100)]],  # another till
        [f"{number * 7919 % 100_003}" for number in range(500)],  # no order at all
        ["", "a", "b"],
    ],
)
def test_numbers_that_are_no_series_have_no_gaps(numbers: list[str]) -> None:
    assert gaps(numbered(*numbers)) == []


def numbered_order(identity: int, day: date, number: int) -> commerce.Order:
    return structs.replace(an_order(identity, day=day), number=f"{number}")


def a_shop(days: int, but: Any = (), each: int = 6) -> Company:
    """Sales of so many days in its books, numbered one after the other."""
    company = a_merchant()
    orders = [
        numbered_order(number * 100 + place, FIRST + DAY * number, 1 + number * each + place)
        for number in range(days)
        for place in range(each)
    ]
    sell(company, *(order for order in orders if order.closed_at.date() not in but and order.id not in but))
    # As they came: each in its own night.
    tamper("ledger_record", "UPDATE ledger_record SET received_at = happened_at + interval '14 hours'")
    settle(company, FIRST + DAY * days)
    Schedule.objects.create(company=company, zone="Europe/London", frequency="event",
                            last_success_through=FIRST + DAY * (days - 1))  # fmt: skip
    return company


def codes(company: Company, days: int, depth: Any = "night") -> list[str]:
    look_at([company.pk], depth, datetime(2026, 3, 2, 5, tzinfo=UTC) + DAY * days)
    return sorted(Finding.objects.filter(company=company, resolved_at=None).values_list("code", flat=True))


@pytest.mark.django_db
def test_a_day_without_sales_is_found_and_is_over_when_they_come() -> None:
    lost = FIRST + 54 * DAY
    company = a_shop(56, {lost})
    Schedule.objects.update(last_success_through=lost - DAY)
    assert "day_without_sales" not in codes(company, 56)  # no sync has covered it
    Schedule.objects.update(last_success_through=lost + DAY)
    assert "day_without_sales" in codes(company, 56)
    finding = Finding.objects.get(code="day_without_sales")
    assert (finding.day, finding.sentence) == (
        lost,
        "Partner sales has no sales for 2026-04-25, though it usually has about 6 on a Saturday.",
    )
    assert "day_without_sales" in codes(company, 90, "sync")
    sell(company, an_order(9_999, day=lost))  # not even in the books yet
    assert "day_without_sales" not in codes(company, 57, "sync")


@pytest.mark.django_db
def test_a_missing_number_is_found_and_a_canceled_one_is_there() -> None:
    company = a_shop(30, {"o2503"})
    assert codes(company, 30) == ["number_gap"]
    finding = Finding.objects.get()
    assert finding.sentence == "Numbers are missing at Partner sales between 153 and 155: 1."
    assert codes(company, 90) == ["number_gap"]  # nobody has looked into it
    sell(company, numbered_order(2_503, FIRST + 25 * DAY, 154))
    assert codes(company, 30, "sync") == []


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["canceled at once", "canceled later", "refused", "refund"])
def test_a_number_that_is_used_otherwise_is_not_missing(how: str) -> None:
    company = a_shop(30, {"o2503"})
    at = datetime(2026, 3, 27, 12, tzinfo=UTC)
    if how == "canceled at once":
        source = company.sources.get().pk
        gone = commerce.Deleted("o2503", "GBP", at, at)
        store(
            company_id=company.pk, source_id=source, page_id=None, received_at=at,
            items=[Incoming("order", gone, b"x" * 16, 0)],
        )  # fmt: skip
    elif how == "canceled later":
        sell(company, numbered_order(2_503, FIRST + 25 * DAY, 154))
        tamper("ledger_record", "UPDATE ledger_record SET superseded = true WHERE external_id = 'o2503'")
    elif how == "refused":
        source = company.sources.get().pk
        open_problems(company.pk, [Subject("row 1", Problem("awaiting_payout"), source_id=source)], at)
    else:
        back = commerce.Refund(
            "r1", "o2502", "GBP", at, at, None, (commerce.Tender("t", "card", 1_200, at),), 1_200, number="154"
        )
        sell(company, back)
        tamper("ledger_record", "UPDATE ledger_record SET received_at = %s WHERE kind = 'refund'", at)
    assert [code for code in codes(company, 30) if code == "number_gap"] == []
