"""The charts: what was sold and how much of it is in the books, and the money that waits for its payout."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from commerce_sync import services, work
from commerce_sync.flow import charts, clearing, drawing, sold
from commerce_sync.models import Sync
from commerce_sync.undo import plan_undo, request_undo
from connectors.general_ledger.chart import default_book
from connectors.models import PushItem
from ledger import commerce
from ledger.book import Mode
from ledger.calendar import Calendar
from ledger.models import Company
from tests.commerce_sync.cast import DAYS, a_merchant, an_order, sell
from tests.flow.cast import inside

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 10)
amounts = st.integers(-(10**9), 10**9)


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    assert answered.status_code == 200
    return unescape(answered.content.decode())


def synced(*records: commerce.Record) -> Company:
    company = a_merchant()
    sell(company, *records)
    services.request_sync(company=company)
    work.drain(5)
    return company


def sold_by_day(company: Company) -> dict[date, tuple[int, int, int]]:
    found = sold.sales_of(company.pk, Calendar(DAYS), FIRST, LAST, charts.BLOCKING)
    return {each.day: each[2:] for each in found.currencies.get("GBP", []) if any(each[2:])}


def test_what_is_in_the_books_is_told_by_its_day_and_to_the_penny() -> None:
    company = synced(an_order(1), an_order(2), an_order(3, day=date(2026, 3, 4), amount=5_001))
    assert sold_by_day(company) == {date(2026, 3, 2): (2_400, 0, 0), date(2026, 3, 4): (5_001, 0, 0)}


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order"])
def test_every_way_of_keeping_sales_tells_the_same_days(mode: Mode) -> None:
    book = structs.replace(default_book("GBP", DAYS), mode=mode)
    company = a_merchant(book=book)
    sell(company, an_order(1), an_order(2), an_order(3, day=date(2026, 3, 4), amount=5_001))
    services.request_sync(company=company)
    work.drain(5)
    sell(company, an_order(2, amount=200, updated_at=TODAY))  # an adjustment takes most of it back
    services.request_sync(company=company)
    work.drain(5)
    assert sold_by_day(company) == {date(2026, 3, 2): (1_400, 0, 0), date(2026, 3, 4): (5_001, 0, 0)}


def test_what_was_taken_back_is_not_in_the_books() -> None:
    company = synced(an_order(1), an_order(2, day=date(2026, 3, 4)))
    sync = Sync.objects.get(company=company)
    request_undo(company=company, plan_digest=plan_undo(company=company, sync=sync).digest, actor="test", sync=sync)
    work.drain(5)
    assert sold_by_day(company) == {date(2026, 3, 2): (0, 1_200, 0), date(2026, 3, 4): (0, 1_200, 0)}


def test_what_came_after_the_sync_is_not_in_the_books_yet() -> None:
    company = synced(an_order(1))
    sell(company, an_order(2, day=date(2026, 3, 5), amount=600))
    assert sold_by_day(company) == {date(2026, 3, 2): (1_200, 0, 0), date(2026, 3, 5): (0, 600, 0)}


def test_a_sale_that_has_changed_is_counted_once() -> None:
    company = synced(an_order(1))
    sell(company, an_order(1, amount=1_800, updated_at=TODAY))
    assert sold_by_day(company) == {date(2026, 3, 2): (1_200, 600, 0)}


def test_a_sale_that_does_not_add_up_has_a_problem() -> None:
    company = synced(an_order(1), an_order(2, stated=99_900))
    assert sold_by_day(company) == {date(2026, 3, 2): (1_200, 0, 99_900)}


def test_a_document_that_was_refused_has_a_problem() -> None:
    company = a_merchant(platform="books")
    sell(company, an_order(1))
    services.request_sync(company=company)
    work.drain(5)
    PushItem.objects.filter(company=company).update(state="removed")
    assert sold_by_day(company) == {date(2026, 3, 2): (0, 0, 1_200)}


def test_another_companys_sales_are_in_no_chart() -> None:
    synced(an_order(1))
    assert sold_by_day(a_merchant("Anchor Inn")) == {}


def test_the_page_shows_the_drawing_and_the_same_figures_as_a_table() -> None:
    company = synced(an_order(1), an_order(2, day=date(2026, 3, 4), amount=123_456))
    words = words_of(inside(company).get("/flow/figures", {"days": "30"}))
    assert '<svg role="img" aria-labelledby="sales-GBP-title sales-GBP-told"' in words
    assert "£1,246.56 were sold from Feb. 9, 2026 through March 10, 2026: £1,246.56 are in your books" in words
    assert 'href="/flow/day/2026-03-04">03/04/2026</a></th><td class="figure">1,234.56</td>' in words
    assert "style=" not in words


@pytest.mark.parametrize("days", ["30", "90", "365", "", "0", "99999", "x"])
def test_every_range_is_a_page_and_nonsense_is_the_usual_one(days: str) -> None:
    words = words_of(inside(synced(an_order(1))).get("/flow/figures", {"days": days}))
    expected = int(days) if days in ("30", "90", "365") else 90
    assert f'<a href="?days={expected}" aria-current="true">' in words
    assert "£12.00" in words


def test_a_company_without_sales_is_told_so() -> None:
    words = words_of(inside(a_merchant()).get("/flow/figures"))
    assert "Nothing was sold in this time." in words
    assert "Nothing waits" in words
    assert "<svg" not in words


def statements_for(browser: Client, path: str) -> int:
    """How many statements a page sends to PostgreSQL, by its protocol: Django counts only its own."""
    assert browser.get(path).status_code == 200
    wire = connection.connection.pgconn
    with tempfile.TemporaryFile() as sent:
        wire.trace(sent.fileno())
        browser.get(path)
        wire.untrace()
        sent.seek(0)
        return len(re.findall(rb"\tF\t\d+\t(?:Query|Execute)\b", sent.read()))


def test_the_number_of_queries_does_not_grow_with_the_days() -> None:
    few, many = synced(an_order(1)), a_merchant("Anchor Inn")
    sell(many, *(an_order(n, day=date(2026, 1, 2) + timedelta(days=n), amount=600) for n in range(60)))
    services.request_sync(company=many)
    work.drain(5)
    browser, other = inside(few), inside(many)
    first = statements_for(browser, "/flow/figures?days=30")
    second = statements_for(other, "/flow/figures?days=365")
    assert 10 < first == second


def test_money_that_waits_is_told_by_its_age() -> None:
    old, recent = an_order(1, day=date(2026, 1, 20), amount=1_000), an_order(2, day=date(2026, 3, 8), amount=700)
    company = synced(old, recent)
    [account] = clearing.clearing_of(company, FIRST, LAST)
    assert account.balance == 1_700
    assert account.ages == (700, 0, 1_000)
    assert account.balances == [1_000] * 7 + [1_700] * 3
    assert "17.00" in words_of(inside(company).get("/flow/figures"))


def test_cash_waits_for_nobody() -> None:
    cash = commerce.Tender("t1", "cash", 1_200, datetime(2026, 1, 20, 12, tzinfo=UTC))
    company = synced(an_order(1, day=date(2026, 1, 20), tenders=(cash,)))
    [account] = clearing.clearing_of(company, FIRST, LAST)
    assert (account.balance, account.is_cash) == (1_200, True)
    words = words_of(inside(company).get("/flow/figures"))
    assert "12.00" in words
    assert "Look at it" not in words
    sell(company, an_order(2, day=date(2026, 1, 21)))
    services.request_sync(company=company)
    work.drain(5)
    assert "Look at it" in words_of(inside(company).get("/flow/figures"))


flows = st.lists(
    st.builds(
        clearing.Flow,
        st.dates(date(2026, 1, 1), LAST),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
    ),
    unique_by=lambda flow: flow.day,
).map(sorted)


@given(flows)
def test_what_is_open_by_age_adds_up_to_the_balance(found: list[clearing.Flow]) -> None:
    ages = clearing.aged(found, LAST)
    balance = sum(flow.came - flow.went for flow in found)
    assert sum(ages) == balance
    assert all(age * balance >= 0 for age in ages)


@given(flows, st.integers(0, 60))
def test_a_balance_is_all_that_came_less_all_that_went_until_then(found: list[clearing.Flow], length: int) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(length)]
    expected = [sum(flow.came - flow.went for flow in found if flow.day <= day) for day in days]
    assert clearing.balances(found, days) == expected


@given(st.lists(amounts, max_size=50))
def test_a_scale_holds_all_values_has_zero_and_few_lines(values: list[int]) -> None:
    scale = drawing.scale_of(values)
    assert all(scale.bottom <= value <= scale.top for value in [0, *values])
    assert 0 in scale.lines
    assert scale.lines[-1] == scale.bottom
    assert 2 <= len(scale.lines) <= 8


@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=40))
def test_bars_stay_on_the_field(columns: list[tuple[int, int, int]]) -> None:
    sums = [sum(v for v in column if v > 0) for column in columns]
    sums += [sum(v for v in column if v < 0) for column in columns]
    paths = drawing.bars(columns, drawing.scale_of(sums))
    assert [path.count("M") for path in paths] == [sum(bool(column[part]) for column in columns) for part in range(3)]
    heights = [float(said) for path in paths for said in re.findall(r"V([-0-9.]+)", path)]
    assert len(heights) == 2 * sum(path.count("M") for path in paths)
    assert all(0 <= height <= drawing.HEIGHT for height in heights)


@given(st.integers(1, 400))
def test_weeks_hold_every_day_once_and_end_with_the_last(length: int) -> None:
    days = [sold.Sold(FIRST + timedelta(days=n), FIRST + timedelta(days=n), n, 1, 0) for n in range(length)]
    weeks = sold.in_weeks(days)
    assert sum(week.posted for week in weeks) == sum(range(length))
    assert sum(week.waiting for week in weeks) == length
    assert (weeks[0].day, weeks[-1].through) == (days[0].day, days[-1].day)
    assert all((week.through - week.day).days == 6 for week in weeks[1:])
