"""A merchant's own rhythm: on which days sales are to be expected, by the weeks before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from statistics import median_low
from typing import Final

from msgspec import Struct

WEEKS: Final = 8
LEAST_KNOWN: Final = 5  # of the same weekday: before that nobody can say what is usual
LEAST_USUAL: Final = 7  # sales: of fewer, a day without any comes by chance, once in three years and oftener
LEAST_STEADY: Final = 3  # sales of a shop that never sold much fewer: there is less chance in it
STEADY: Final = 0.75  # of what is usual, at least
MOST_CLOSED: Final = 1  # of the same weekdays: a holiday; a shop that closes more often does so by its own rhythm
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


class Silence(Struct, frozen=True):
    """Days in a row, as far as sales were to be expected, that have none; ``usual`` is the median of the first one's
    weekday."""

    first: date
    last: date
    days: int
    usual: int


def silences(sold: Mapping[date, int], first: date, last: date, known_from: date) -> list[Silence]:
    """The silences from ``first`` to ``last``; ``sold`` are the sales by day, from `WEEKS` before ``first`` on; those
    before ``known_from`` say nothing. A day off (Mondays, a holiday) neither makes a silence nor ends it."""
    found: list[Silence] = []
    is_open = False
    for day in _days(first, last):
        if sold.get(day, 0):
            is_open = False
            continue
        usual = usual_sales(sold, day, known_from)
        if usual is None or is_quiet(day):
            continue
        if is_open:
            run = found[-1]
            found[-1] = Silence(run.first, day, run.days + 1, run.usual)
        else:
            found.append(Silence(day, day, 1, usual))
        is_open = True
    return found


def usual_sales(sold: Mapping[date, int], day: date, known_from: date) -> int | None:
    """The median of the same weekday in the weeks before; None where no sales need be expected."""
    before = [day - _WEEK * number for number in range(1, WEEKS + 1)]
    counts = [sold.get(each, 0) for each in before if each >= known_from]
    if len(counts) < LEAST_KNOWN or counts.count(0) > MOST_CLOSED:
        return None
    usual = median_low(counts)
    is_steady = min(count for count in counts if count) >= usual * STEADY
    return usual if usual >= (LEAST_STEADY if is_steady else LEAST_USUAL) else None


def is_quiet(day: date) -> bool:
    """Whether shops are closed nearly everywhere: the days about Christmas, New Year and Easter, Thanksgiving."""
    if (day.month, day.day) in {(1, 1), (12, 24), (12, 25), (12, 26), (12, 31)}:
        return True
    if day.month == 11 and day.weekday() == 3 and 22 <= day.day <= 28:
        return True
    return day - easter(day.year) in {-2 * _DAY, 0 * _DAY, _DAY}


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Butcher's rule)."""
    century, rest = divmod(year, 100)
    skipped, leap = divmod(century, 4)
    moon = (19 * (year % 19) + century - skipped - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quads, single = divmod(rest, 4)
    weekday = (32 + 2 * leap + 2 * quads - moon - single) % 7
    late = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY
