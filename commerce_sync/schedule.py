"""When a company's next run is due, which days it covers, and when to give up. Pure: no clock.

Catch-up needs no list of missed days: a run posts what is not in the books yet, up to its last day, so a day that
failed is part of the next run.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from ledger.calendar import Calendar, next_run_at

Frequency = Literal["daily", "hourly", "event", "monthly"]
FAILING_DAYS_LIMIT: Final = 31
_ONE_HOUR: Final = timedelta(hours=1)
_ONE_DAY: Final = timedelta(days=1)


class Rhythm(NamedTuple):
    """What decides the due time: companies with the same rhythm are due together."""

    frequency: Frequency
    hour: int
    day_of_month: int
    zone: str


def next_due(rhythm: Rhythm, after: datetime) -> datetime | None:
    """The next instant (UTC) later than `after`; None for `event`, which is due when something happens.

    Computed from now and not from the last due time, so that a night out of service is one run and not many.
    Daylight saving is `next_run_at`'s: an hour that is skipped runs after the gap, one that repeats runs once.
    Raises what `ledger.calendar.next_run_at` raises.
    """
    match rhythm.frequency:
        case "event":
            return None
        case "hourly":
            return after.replace(minute=0, second=0, microsecond=0) + _ONE_HOUR
        case "daily":
            return next_run_at(after, rhythm.hour, rhythm.zone)
        case "monthly":
            due = next_run_at(after, rhythm.hour, rhythm.zone)
            while _day_on_the_wall(due, rhythm.zone).day != rhythm.day_of_month:
                due = next_run_at(due, rhythm.hour, rhythm.zone)
            return due


def _day_on_the_wall(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def last_complete_day(calendar: Calendar, at: datetime) -> date:
    """The last business day that is over at `at`."""
    return calendar.day_of(at) - _ONE_DAY


def through_day(calendar: Calendar, trigger: str, at: datetime) -> date:
    """The last business day of a run: today so far when it runs during the day, else the last whole."""
    return calendar.day_of(at) if trigger in ("hourly", "event") else last_complete_day(calendar, at)


class Streak(NamedTuple):
    """Business days in a row that ended in failure, the last of them, and the last that ended well."""

    failing_days: int = 0
    failing_through: date | None = None
    last_success_through: date | None = None

    @property
    def is_over(self) -> bool:
        """Whether the company is to be paused, with notice."""
        return self.failing_days >= FAILING_DAYS_LIMIT


def after_run(streak: Streak, through: date, *, succeeded: bool) -> Streak:
    """The streak after a run through `through`. Several failures of one day count once."""
    if succeeded:
        return Streak(0, None, max(through, streak.last_success_through or through))
    if streak.failing_through is not None and through <= streak.failing_through:
        return streak
    return streak._replace(failing_days=streak.failing_days + 1, failing_through=through)


class ResumeConflict(NamedTuple):
    """Why a company cannot simply go on from `start_on`: days that would be met twice, or never."""

    kind: Literal["overlap", "gap"]
    first: date
    last: date


def resume_conflict(start_on: date, last_success_through: date | None) -> ResumeConflict | None:
    """What is wrong with resuming from `start_on` after runs through `last_success_through`; None: nothing."""
    if last_success_through is None:
        return None
    following = last_success_through + _ONE_DAY
    if start_on < following:
        return ResumeConflict("overlap", start_on, last_success_through)
    if start_on > following:
        return ResumeConflict("gap", following, start_on - _ONE_DAY)
    return None
