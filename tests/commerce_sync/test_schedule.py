"""When runs are due, which days they cover, and when to give up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_sync.schedule import (
    FAILING_DAYS_LIMIT,
    ResumeConflict,
    Rhythm,
    Streak,
    after_run,
    last_complete_day,
    next_due,
    resume_conflict,
    through_day,
)
from ledger.calendar import Calendar, DayRule

DAILY = Rhythm("daily", 4, 1, "Europe/London")
BAR = Calendar((DayRule(date(2026, 1, 1), "Europe/London", 5),))
D = date(2026, 3, 10)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rhythm", "after", "due"),
    [
        (DAILY, "2026-01-10T03:59:59", "2026-01-10T04:00:00"),
        (DAILY, "2026-01-10T04:00:00", "2026-01-11T04:00:00"),
        (DAILY, "2026-07-10T04:00:00", "2026-07-11T03:00:00"),  # summer: four o'clock is three in UTC
        (Rhythm("daily", 1, 1, "Europe/London"), "2026-03-28T12:00:00", "2026-03-29T01:00:00"),  # an hour skipped
        (Rhythm("daily", 1, 1, "Europe/London"), "2026-10-24T12:00:00", "2026-10-25T00:00:00"),  # an hour twice: first
        (Rhythm("daily", 1, 1, "Europe/London"), "2026-10-25T00:30:00", "2026-10-26T01:00:00"),  # and only once
        (Rhythm("hourly", 0, 1, "UTC"), "2026-01-10T03:00:00", "2026-01-10T04:00:00"),
        (Rhythm("hourly", 0, 1, "UTC"), "2026-01-10T03:59:59", "2026-01-10T04:00:00"),
        (Rhythm("monthly", 6, 28, "Asia/Tokyo"), "2026-02-01T00:00:00", "2026-02-27T21:00:00"),
        (Rhythm("monthly", 6, 1, "Europe/London"), "2026-12-01T06:00:00", "2027-01-01T06:00:00"),
    ],
)
def test_a_run_is_due_at_the_merchants_hour(rhythm: Rhythm, after: str, due: str) -> None:
    assert next_due(rhythm, at(after)) == at(due)


def test_a_run_on_event_is_never_due_by_itself() -> None:
    assert next_due(Rhythm("event", 0, 1, "UTC"), at("2026-01-01T00:00:00")) is None


@given(
    st.integers(0, 5 * 366 * 86_400).map(lambda seconds: at("2024-01-01T00:00:00") + timedelta(seconds=seconds)),
    st.integers(0, 23),
    st.sampled_from(["Europe/London", "America/Toronto", "Asia/Tokyo", "Australia/Lord_Howe", "America/Santiago"]),
)
def test_daily_runs_are_about_a_day_apart_whatever_the_clocks_do(after: datetime, hour: int, zone: str) -> None:
    first = next_due(Rhythm("daily", hour, 1, zone), after)
    assert first is not None
    second = next_due(Rhythm("daily", hour, 1, zone), first)
    assert second is not None
    assert timedelta(0) < first - after <= timedelta(hours=25)
    assert timedelta(hours=23) <= second - first <= timedelta(hours=25)


def test_a_daily_run_covers_the_days_that_are_over_and_an_hourly_one_today_as_well() -> None:
    assert last_complete_day(BAR, at("2026-03-10T04:30:00")) == date(2026, 3, 8)  # the bar's 9th ends at five
    assert last_complete_day(BAR, at("2026-03-10T05:00:00")) == date(2026, 3, 9)
    assert through_day(BAR, "schedule", at("2026-03-10T05:00:00")) == date(2026, 3, 9)
    assert through_day(BAR, "hourly", at("2026-03-10T05:00:00")) == D
    assert through_day(BAR, "event", at("2026-03-10T04:59:00")) == date(2026, 3, 9)


def test_failing_days_are_counted_once_a_day_and_forgotten_after_a_success() -> None:
    streak = Streak()
    for day in range(FAILING_DAYS_LIMIT):
        assert not streak.is_over
        for _ in range(24):
            streak = after_run(streak, D + timedelta(days=day), succeeded=False)
        assert streak.failing_days == day + 1
    assert streak.is_over
    healed = after_run(streak, D + timedelta(days=40), succeeded=True)
    assert healed == Streak(0, None, D + timedelta(days=40))


def test_an_older_run_does_not_move_the_last_success_back() -> None:
    assert after_run(Streak(last_success_through=D), D - timedelta(days=9), succeeded=True).last_success_through == D


def test_resuming_finds_days_met_twice_and_days_never_met() -> None:
    assert resume_conflict(D, None) is None
    assert resume_conflict(D + timedelta(days=1), D) is None
    assert resume_conflict(D, D) == ResumeConflict("overlap", D, D)
    assert resume_conflict(D + timedelta(days=3), D) == ResumeConflict(
        "gap", D + timedelta(days=1), D + timedelta(days=2)
    )
