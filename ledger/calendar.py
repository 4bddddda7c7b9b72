"""Which business day an instant belongs to, and when something daily is due.

A merchant's day is not a calendar day in UTC: it is cut at an hour of the merchant's clock (a bar that
closes at 03:30 cuts at 4), in the merchant's zone, which has days of 23 and 25 hours and nights whose
midnight is skipped or repeated.

Everything rests on one definition: day D begins at *the first instant at which the wall clock has
reached the cut-off hour of D*. In a gap that is the moment of the change; in a repeated hour it is the
first pass. Begun that way, days never overlap, leave nothing out and never run backwards, whatever the
clocks of a zone do. ``ledger.zones`` finds that instant.

Instants are aware datetimes, results are in UTC, dates are business days. The module reads the time
zone database and no clock. Years outside :data:`FIRST_YEAR` to :data:`LAST_YEAR` are refused: a sale in
the year 1 is a platform's empty value, not a sale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from ledger.zones import (
    DAY_SECONDS,
    EPOCH,
    EPOCH_ORDINAL,
    FIRST_YEAR,
    LAST_YEAR,
    ONE_SECOND,
    NotAnInstant,
    OutsideCalendar,
    UnknownZone,
    check_hour,
    check_year,
    first_instant,
    localize,
    since_epoch,
    zone_of,
)

__all__ = [
    "SHORTEST_DAY_SECONDS",
    "Calendar",
    "DayRule",
    "NotAnInstant",
    "OutsideCalendar",
    "UnknownZone",
    "localize",
    "next_run_at",
]

SHORTEST_DAY_SECONDS = 60
"""No day at a change of rule is shorter than this."""

_ONE_DAY = timedelta(days=1)
# Day bounds are kept by blocks of 16 UTC days: small enough for a merchant with a day of sales, and 512
# of them span 22 years, so that only rows with scattered nonsense dates ever empty the memory.
_BLOCK_SHIFT = 4
_BLOCKS_KEPT = 512
_FIRST_BLOCK = (date(FIRST_YEAR, 1, 1).toordinal() - EPOCH_ORDINAL) >> _BLOCK_SHIFT
_LAST_BLOCK = (date(LAST_YEAR, 12, 31).toordinal() - EPOCH_ORDINAL) >> _BLOCK_SHIFT
_Block = tuple[list[int], list[date]]


class DayRule(Struct, frozen=True):
    """From business day ``from_day`` on, days are cut at ``cutoff_hour`` (0 to 23) of the clock in ``zone``.

    Cut-off 0 is midnight; with 4, a sale at 03:59 belongs to the day before. Raises :class:`UnknownZone`, and
    ``ValueError`` for another hour.
    """

    from_day: date
    zone: str
    cutoff_hour: int

    def __post_init__(self) -> None:
        zone_of(self.zone)
        check_hour(self.cutoff_hour)


class Calendar(Struct, frozen=True, dict=True):
    """The business days of one company under its rules, oldest first.

    The first rule also holds for all days before its ``from_day``, so that an old sale has a day too.

    **Changing zone or cut-off.** The first day under a new rule begins where the last day under the old
    rule ends, and ends where the new rule says: it alone is longer or shorter, by the difference, and
    nothing before it moves. If that would leave it empty (the new clock is ahead by its whole length,
    as from Honolulu to Auckland with an earlier cut-off), the new rule's bounds apply from the next day
    that leaves room, and the days up to it share the time equally, to the second, so that every day
    exists.

    A date that a zone itself left out (Samoa, 30 December 2011) is the one kind of empty day, and no
    instant has it.

    Bounds are computed when first needed and kept beside the fields, where equality and encoding do not
    see them. Raises ``ValueError`` when there is no rule or rules are not in ascending order of day.
    """

    rules: tuple[DayRule, ...]

    def __post_init__(self) -> None:
        if not self.rules:
            raise ValueError("a calendar needs at least one rule")
        for earlier, later in pairwise(self.rules):
            if later.from_day <= earlier.from_day:
                raise ValueError(f"the rule from {later.from_day} must come after the one from {earlier.from_day}")
            check_year(later.from_day)

    def day_of(self, instant: datetime) -> date:
        """The business day of ``instant``.

        Raises :class:`NotAnInstant` for a naive datetime, :class:`OutsideCalendar` for a year off limits.
        """
        since = since_epoch(instant)
        days = since.days
        block = self._blocks.get(days >> _BLOCK_SHIFT)
        if block is None:
            block = self._keep_block(days >> _BLOCK_SHIFT)
        starts, labels = block
        return labels[bisect_right(starts, days * DAY_SECONDS + since.seconds) - 1]

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """The first instant of ``day`` and the first instant after it, in UTC.

        Raises :class:`OutsideCalendar`.
        """
        check_year(day)
        return EPOCH + self._start(day) * ONE_SECOND, EPOCH + self._start(day + _ONE_DAY) * ONE_SECOND

    @cached_property
    def _blocks(self) -> dict[int, _Block]:
        return {}

    @cached_property
    def _seams(self) -> dict[date, int]:
        """Starts, in seconds since 1970, of the days at a change of rule, which no rule decides alone."""
        seams: dict[date, int] = {}
        for old, new in pairwise(self.rules):
            start = seams.get(new.from_day)
            if start is None:
                start = _rule_start(old, new.from_day)
            # The old rule ends here, and with it what it still had to spread over later days.
            seams = {day: seconds for day, seconds in seams.items() if day < new.from_day}
            seams.update(_spread(new, start))
        return seams

    def _start(self, day: date) -> int:
        """Start of a business day in seconds since 1970."""
        start = self._seams.get(day)
        return _rule_start(self._rule(day), day) if start is None else start

    def _rule(self, day: date) -> DayRule:
        """The rule in force on a business day."""
        for rule in reversed(self.rules):
            if rule.from_day <= day:
                return rule
        return self.rules[0]

    def _keep_block(self, number: int) -> _Block:
        """Compute and remember the starts of all days that touch one block of UTC days."""
        if not _FIRST_BLOCK <= number <= _LAST_BLOCK:
            raise OutsideCalendar(f"an instant is outside the years {FIRST_YEAR} to {LAST_YEAR}")
        begin = (number << _BLOCK_SHIFT) * DAY_SECONDS
        end = begin + (DAY_SECONDS << _BLOCK_SHIFT)
        day = date.fromordinal(EPOCH_ORDINAL + (number << _BLOCK_SHIFT))
        while self._start(day) > begin:
            day -= _ONE_DAY
        starts, labels = [self._start(day)], [day]
        while starts[-1] < end:
            day += _ONE_DAY
            starts.append(self._start(day))
            labels.append(day)
        if len(self._blocks) >= _BLOCKS_KEPT:
            self._blocks.clear()
        self._blocks[number] = starts, labels
        return starts, labels


def next_run_at(after: datetime, hour: int, zone: str) -> datetime:
    """The next instant (UTC), later than ``after``, to run what is due daily at ``hour`` in ``zone``.

    An hour that the clocks skip runs at the first instant after the gap; an hour that comes twice runs
    once, the first time. Raises :class:`NotAnInstant`, :class:`UnknownZone`, :class:`OutsideCalendar`, and
    ``ValueError`` for the hour.
    """
    place = zone_of(zone)
    check_hour(hour)
    since = since_epoch(after)
    check_year(after)
    # The date on the wall at `after` is the first candidate: the hour of any earlier date has been reached.
    day = after.astimezone(place).date()
    while (due := first_instant(day, hour, place) * ONE_SECOND) <= since:
        day += _ONE_DAY
    return EPOCH + due


def _spread(rule: DayRule, start: int) -> Iterator[tuple[date, int]]:
    """Starts of a new rule's first day, at ``start``, and of those until the rule's own bounds fit."""
    days = 1
    while (room := _rule_start(rule, rule.from_day + days * _ONE_DAY) - start) < days * SHORTEST_DAY_SECONDS:
        days += 1
    for index in range(days):
        yield rule.from_day + index * _ONE_DAY, start + room * index // days


def _rule_start(rule: DayRule, day: date) -> int:
    """Where a rule by itself begins a day, in seconds since 1970."""
    return first_instant(day, rule.cutoff_hour, zone_of(rule.zone))
