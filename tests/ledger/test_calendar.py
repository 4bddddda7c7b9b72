"""Business days: every instant in exactly one, whatever the clocks and the rules do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calendar import (
    SHORTEST_DAY_SECONDS,
    Calendar,
    DayRule,
    NotAnInstant,
    OutsideCalendar,
    UnknownZone,
    localize,
    next_run_at,
)

ONE_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
ODD_ZONES = [
    "Africa/Cairo",  # midnight skipped in April, 23:00 repeated in October
    "Asia/Beirut",
    "America/Havana",  # midnight skipped in March and repeated in November
    "America/Santiago",
    "Atlantic/Azores",
    "Australia/Lord_Howe",  # half an hour
    "Antarctica/Troll",  # two hours
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "Europe/London",
    "America/Toronto",
    "Asia/Tokyo",
    "UTC",
]
zones = st.sampled_from(ODD_ZONES)
hours = st.integers(0, 23)
instants = st.datetimes(datetime(1995, 1, 2), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1995, 1, 2), date(2040, 1, 1))


def calendar(zone: str, cutoff_hour: int = 0, *later: tuple[date, str, int]) -> Calendar:
    first = DayRule(date(2000, 1, 1), zone, cutoff_hour)
    return Calendar((first, *(DayRule(*rule) for rule in later)))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Up to five rules, often on neighboring days, where changes meet what earlier changes left over."""
    day = draw(st.dates(date(2011, 12, 20), date(2012, 1, 10)) | days)
    rules = []
    for _ in range(draw(st.integers(1, 5))):
        rules.append(DayRule(day, draw(zones), draw(hours)))
        day += draw(st.integers(1, 4)) * ONE_DAY
    return Calendar(tuple(rules))


def hours_of(book_calendar: Calendar, day: date) -> float:
    start, end = book_calendar.bounds(day)
    return (end - start) / timedelta(hours=1)


@given(calendars(), instants)
@pytest.mark.case("E17", "E18")
def test_every_instant_lies_within_the_bounds_of_its_day(cal: Calendar, instant: datetime) -> None:
    start, end = cal.bounds(cal.day_of(instant))
    assert start <= instant < end


@given(calendars(), st.integers(-5, 12))
@pytest.mark.case("E17", "E19")
def test_around_a_change_of_rule_days_join_without_gap_or_overlap(cal: Calendar, offset: int) -> None:
    day = cal.rules[0].from_day + offset * ONE_DAY
    start, end = cal.bounds(day)
    assert end == cal.bounds(day + ONE_DAY)[0]
    if start == end:
        assert day in {date(2011, 12, 30), date(1994, 12, 31)}, "only a date that the zone left out is empty"
        return
    assert cal.day_of(start) == day == cal.day_of(end - TICK)
    assert cal.day_of(start - TICK) < day < cal.day_of(end)


@given(calendars(), st.integers(-4 * 96, 12 * 96), st.integers(0, 4 * 96))
def test_days_never_run_backwards(cal: Calendar, quarters: int, ahead: int) -> None:
    base = datetime.combine(cal.rules[0].from_day, datetime.min.time(), UTC)
    earlier = base + quarters * timedelta(minutes=15)
    assert cal.day_of(earlier) <= cal.day_of(earlier + ahead * timedelta(minutes=15))


@given(zones, hours, instants)
def test_the_day_is_the_latest_that_the_wall_clock_has_reached(zone: str, cutoff: int, instant: datetime) -> None:
    def on_the_wall(moment: datetime) -> date:
        return (moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - timedelta(hours=cutoff)).date()

    # Clocks go back by three hours at most, so a day that was reached and left again was reached within four.
    reached = max(on_the_wall(instant - timedelta(minutes=back)) for back in range(0, 241, 5))
    assert calendar(zone, cutoff).day_of(instant) == reached


@given(calendars(), st.lists(instants, min_size=2, max_size=8))
def test_the_order_of_questions_does_not_change_an_answer(cal: Calendar, asked: list[datetime]) -> None:
    fresh = [Calendar(cal.rules).day_of(instant) for instant in asked]
    assert [cal.day_of(instant) for instant in reversed(asked)] == fresh[::-1]


def test_one_minute_to_four_belongs_to_the_day_before() -> None:
    bar = calendar("Europe/London", 4)
    assert bar.day_of(datetime(2026, 7, 2, 2, 59, 59, 999999, UTC)) == date(2026, 7, 1)
    assert bar.day_of(datetime(2026, 7, 2, 3, 0, tzinfo=UTC)) == date(2026, 7, 2)


def test_an_instant_may_be_given_with_any_offset() -> None:
    tokyo = calendar("Asia/Tokyo")
    instant = datetime(2026, 7, 1, 15, 30, tzinfo=UTC)
    for place in (UTC, ZoneInfo("America/Havana"), timezone(timedelta(hours=14))):
        assert tokyo.day_of(instant.astimezone(place)) == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/London", date(2026, 3, 29), 23),
        ("Europe/London", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2024, 4, 26), 23),
        ("Africa/Cairo", date(2024, 10, 31), 25),
        ("Asia/Beirut", date(2024, 3, 31), 23),
        ("Asia/Beirut", date(2024, 10, 26), 25),
        ("America/Havana", date(2024, 3, 10), 23),
        ("America/Havana", date(2024, 11, 3), 25),
        ("America/Santiago", date(2024, 9, 8), 23),
        ("America/Santiago", date(2024, 4, 6), 25),
        ("Atlantic/Azores", date(2024, 3, 31), 23),
        ("Atlantic/Azores", date(2024, 10, 27), 25),
        ("Australia/Lord_Howe", date(2024, 10, 6), 23.5),
        ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
        ("Antarctica/Troll", date(2024, 3, 31), 22),
        ("Antarctica/Troll", date(2024, 10, 27), 26),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Tokyo", date(2024, 3, 31), 24),
    ],
)
@pytest.mark.case("E16", "E18")
def test_a_day_of_changing_clocks_has_its_own_length(zone: str, day: date, length: float) -> None:
    assert hours_of(calendar(zone), day) == length
    assert [hours_of(calendar(zone), day + shift * ONE_DAY) for shift in (-1, 1)] == [24, 24]


@pytest.mark.case("E17")
def test_a_skipped_midnight_begins_the_day_where_the_clock_jumps() -> None:
    start, _ = calendar("America/Havana").bounds(date(2024, 3, 10))
    assert start == datetime(2024, 3, 10, 5, tzinfo=UTC)
    assert start.astimezone(ZoneInfo("America/Havana")).hour == 1


def test_a_cutoff_in_the_middle_of_a_gap_begins_the_day_where_the_clock_jumps() -> None:
    troll = calendar("Antarctica/Troll", 2)  # 00:59:59 is followed by 03:00
    assert troll.bounds(date(2024, 3, 31))[0] == datetime(2024, 3, 31, 1, tzinfo=UTC)


@pytest.mark.case("E17")
def test_a_repeated_midnight_begins_the_day_the_first_time() -> None:
    start, _ = calendar("Atlantic/Azores").bounds(date(2024, 10, 27))
    assert start == datetime(2024, 10, 27, 0, tzinfo=UTC)
    second_midnight = start + timedelta(hours=1)
    assert calendar("Atlantic/Azores").day_of(second_midnight - TICK) == date(2024, 10, 27)


def test_a_date_that_the_zone_left_out_is_the_day_of_no_instant() -> None:
    apia = calendar("Pacific/Apia")
    jump = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert apia.bounds(date(2011, 12, 30)) == (jump, jump)
    assert [apia.day_of(jump - TICK), apia.day_of(jump)] == [date(2011, 12, 29), date(2011, 12, 31)]


def test_a_later_cutoff_makes_its_first_day_longer_by_the_difference() -> None:
    cal = calendar("Europe/London", 0, (date(2026, 6, 10), "Europe/London", 4))
    assert [hours_of(cal, date(2026, 6, day)) for day in (9, 10, 11)] == [24, 28, 24]
    assert cal.day_of(datetime(2026, 6, 9, 23, tzinfo=UTC)) == date(2026, 6, 10)


def test_an_earlier_cutoff_makes_its_first_day_shorter_by_the_difference() -> None:
    cal = calendar("Europe/London", 4, (date(2026, 6, 10), "Europe/London", 0))
    assert [hours_of(cal, date(2026, 6, day)) for day in (9, 10, 11)] == [24, 20, 24]


@pytest.mark.case("E19")
def test_a_change_of_zone_moves_no_day_before_it() -> None:
    old = calendar("Europe/London", 4)
    cal = calendar("Europe/London", 4, (date(2026, 6, 10), "America/Toronto", 4))
    assert [cal.bounds(date(2026, 6, day)) for day in range(1, 10)] == [
        old.bounds(date(2026, 6, day)) for day in range(1, 10)
    ]
    assert [hours_of(cal, date(2026, 6, day)) for day in (9, 10, 11)] == [24, 29, 24]


def test_a_change_that_leaves_no_room_shares_the_time_out_until_the_new_bounds_fit() -> None:
    # The old days end at 09:00 UTC of the next date, the new ones begin at 12:00 UTC of the date before.
    cal = calendar("Pacific/Honolulu", 23, (date(2026, 6, 10), "Pacific/Auckland", 0))
    assert [hours_of(cal, date(2026, 6, day)) for day in range(8, 14)] == [24, 24, 1.5, 1.5, 24, 24]


def test_a_change_upon_a_change_starts_from_where_the_first_one_got_to() -> None:
    cal = calendar(
        "Pacific/Honolulu",
        23,
        (date(2026, 6, 10), "Pacific/Auckland", 0),
        (date(2026, 6, 11), "Pacific/Honolulu", 23),
    )
    assert [hours_of(cal, date(2026, 6, day)) for day in range(9, 14)] == [24, 1.5, 46.5, 24, 24]


def test_a_change_by_exactly_two_days_leaves_none_of_them_empty() -> None:
    # The furthest that two clocks can be apart: the new bounds fall upon the old ones, two dates ahead.
    cal = calendar("Pacific/Pago_Pago", 23, (date(2026, 6, 10), "Pacific/Kiritimati", 0))
    assert [hours_of(cal, date(2026, 6, day)) for day in range(9, 15)] == [24, 8, 8, 8, 24, 24]


def test_a_change_upon_a_change_forgets_what_the_first_one_still_had_to_share_out() -> None:
    far, back = (date(2026, 6, 10), "Pacific/Kiritimati", 0), (date(2026, 6, 11), "Pacific/Pago_Pago", 23)
    cal = calendar("Pacific/Pago_Pago", 23, far, back)
    assert [hours_of(cal, date(2026, 6, day)) for day in range(9, 14)] == [24, 8, 40, 24, 24]


@given(calendars())
def test_no_day_at_a_change_is_shorter_than_the_limit(cal: Calendar) -> None:
    for _, later in pairwise(cal.rules):
        start, end = cal.bounds(later.from_day)
        assert (end - start).total_seconds() >= SHORTEST_DAY_SECONDS


def test_days_before_the_first_rule_follow_the_first_rule() -> None:
    cal = Calendar((DayRule(date(2026, 1, 1), "Europe/London", 4),))
    assert cal.day_of(datetime(2019, 7, 2, 2, 59, tzinfo=UTC)) == date(2019, 7, 1)


def test_many_scattered_instants_are_answered_after_the_memory_was_emptied() -> None:
    cal = calendar("Asia/Tokyo")
    first = datetime(1950, 1, 1, 12, tzinfo=UTC)
    for step in range(600):
        assert cal.day_of(first + step * timedelta(days=16)) == first.date() + step * timedelta(days=16)
    assert cal.day_of(first) == first.date()


@pytest.mark.parametrize("year", [1, 1899, 2201, 9999])
def test_a_year_beyond_the_limits_is_refused(year: int) -> None:
    moment = datetime(year, 6, 1, tzinfo=UTC)
    with pytest.raises(OutsideCalendar):
        calendar("Europe/London").day_of(moment)
    with pytest.raises(OutsideCalendar):
        calendar("Europe/London").bounds(moment.date())
    with pytest.raises(OutsideCalendar):
        next_run_at(moment, 3, "Europe/London")
    with pytest.raises(OutsideCalendar):
        localize(moment.replace(tzinfo=None), "Europe/London")
    with pytest.raises(OutsideCalendar):
        calendar("Europe/London", 0, (date(9999, 1, 1), "Europe/London", 0))


def test_the_ends_of_time_are_refused_in_any_offset() -> None:
    for offset in (timezone(timedelta(hours=-14)), timezone(timedelta(hours=14))):
        for moment in (datetime(1, 1, 1, tzinfo=offset), datetime(9999, 12, 31, 23, 59, 59, 999999, offset)):
            with pytest.raises(OutsideCalendar):
                calendar("Asia/Tokyo").day_of(moment)


def test_a_naive_datetime_is_not_an_instant() -> None:
    naive = datetime(2026, 6, 1)  # noqa: DTZ001
    with pytest.raises(NotAnInstant):
        calendar("Europe/London").day_of(naive)
    with pytest.raises(NotAnInstant):
        next_run_at(naive, 3, "Europe/London")


@pytest.mark.parametrize("hour", [-1, 24])
def test_an_hour_that_is_not_on_the_clock_is_refused(hour: int) -> None:
    with pytest.raises(ValueError, match=f"not {hour}"):
        DayRule(date(2026, 1, 1), "UTC", hour)
    with pytest.raises(ValueError, match=f"not {hour}"):
        next_run_at(datetime(2026, 1, 1, tzinfo=UTC), hour, "UTC")


def test_rules_must_exist_and_ascend() -> None:
    with pytest.raises(ValueError, match="at least one rule"):
        Calendar(())
    rule = DayRule(date(2026, 1, 1), "UTC", 0)
    with pytest.raises(ValueError, match="must come after"):
        Calendar((rule, rule))


def test_a_calendar_is_written_read_and_compared_by_its_rules_alone() -> None:
    cal = calendar("Europe/London", 4, (date(2026, 6, 10), "America/Toronto", 0))
    cal.day_of(datetime(2026, 6, 10, tzinfo=UTC))
    again = msgspec.json.decode(msgspec.json.encode(cal), type=Calendar)
    assert again == cal
    assert hash(again) == hash(cal)
    with pytest.raises(msgspec.ValidationError, match="not a time zone"):
        msgspec.json.decode(b'{"rules":[{"from_day":"2026-01-01","zone":"Nowhere","cutoff_hour":0}]}', type=Calendar)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("Europe/Londn", "Europe/London"),
        ("europe/london", "Europe/London"),
        ("new york", "America/New_York"),
        ("EUROPE/LONDON", "Europe/London"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_name_that_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownZone, match=f"did you mean.*{meant}"):
        DayRule(date(2026, 1, 1), wrong, 0)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localtime",
        "Factory",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        "a\0b",
        "\ud800",
        "é" * 9999,
    ],
)
def test_a_name_that_is_not_a_place_is_refused_whatever_files_there_are(name: str) -> None:
    with pytest.raises(UnknownZone) as refusal:
        localize(datetime(2026, 1, 1), name)  # noqa: DTZ001
    assert len(str(refusal.value)) < 600
    assert str(refusal.value).isascii()


@given(zones, hours, instants)
def test_daily_runs_follow_each_other_and_each_is_on_or_just_after_its_hour(
    zone: str, hour: int, after: datetime
) -> None:
    first = next_run_at(after, hour, zone)
    second = next_run_at(first, hour, zone)
    assert after < first <= after + timedelta(hours=48)
    assert next_run_at(first - TICK, hour, zone) == first
    assert second > first
    wall = first.astimezone(ZoneInfo(zone))
    just_before = (first - TICK).astimezone(ZoneInfo(zone))
    assert wall.hour == hour or wall.utcoffset() != just_before.utcoffset()
    assert wall.fold == 0 or wall.utcoffset() == just_before.utcoffset()


def runs(after: datetime, hour: int, zone: str, count: int) -> list[datetime]:
    found = [next_run_at(after, hour, zone)]
    while len(found) < count:
        found.append(next_run_at(found[-1], hour, zone))
    return found


def test_an_hour_that_does_not_exist_runs_right_after_the_gap() -> None:
    assert runs(datetime(2026, 3, 27, 12, tzinfo=UTC), 1, "Europe/London", 3) == [
        datetime(2026, 3, 28, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 1, tzinfo=UTC),  # 02:00 on the wall, the first instant after the gap
        datetime(2026, 3, 30, 0, tzinfo=UTC),
    ]
    assert next_run_at(datetime(2024, 3, 30, 12, tzinfo=UTC), 2, "Antarctica/Troll") == datetime(
        2024, 3, 31, 1, tzinfo=UTC
    )


def test_an_hour_that_comes_twice_runs_once_and_the_first_time() -> None:
    assert runs(datetime(2026, 10, 24, 12, tzinfo=UTC), 1, "Europe/London", 2) == [
        datetime(2026, 10, 25, 0, tzinfo=UTC),
        datetime(2026, 10, 26, 1, tzinfo=UTC),
    ]


def test_a_run_at_its_very_instant_waits_for_the_next_day() -> None:
    due = datetime(2026, 6, 1, 3, tzinfo=UTC)
    assert next_run_at(due, 3, "UTC") == due + ONE_DAY
    assert next_run_at(due - TICK, 3, "UTC") == due


@pytest.mark.parametrize(
    ("naive", "zone", "instant"),
    [
        (datetime(2026, 7, 1, 12), "Europe/London", datetime(2026, 7, 1, 11, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 10, 25, 1, 30), "Europe/London", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 10, 25, 1, 30, fold=1), "Europe/London", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 3, 8, 2, 30), "America/New_York", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2024, 10, 6, 2, 15), "Australia/Lord_Howe", datetime(2024, 10, 5, 15, 45, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
@pytest.mark.case("E21")
def test_a_wall_clock_time_means_its_first_pass_or_moves_over_the_gap(
    naive: datetime, zone: str, instant: datetime
) -> None:
    assert localize(naive, zone) == instant
    assert localize(naive, zone).tzinfo is UTC


def test_a_wall_clock_time_with_an_offset_is_refused() -> None:
    with pytest.raises(NotAnInstant):
        localize(datetime(2026, 7, 1, tzinfo=UTC), "Europe/London")
