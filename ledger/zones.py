"""Clocks on walls: zones by name, and what a wall-clock time in a zone means as an instant.

Clocks are put forward (a local time is skipped: a gap) and back (it comes twice). Every function says which
instant it takes then. Whole days go missing too (Samoa, 30 December 2011), and some gaps are of two hours
(Troll) or of half an hour (Lord Howe).

The module reads the time zone database and no clock. The database is the one of the package ``tzdata``, which comes
with a release, for the whole process: that of the host would change business days whenever somebody updates the host,
and on one host before the other. Years outside :data:`FIRST_YEAR` to :data:`LAST_YEAR`
are refused: a sale in the year 1 is a platform's empty value, not a sale.
"""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

reset_tzpath(to=())

FIRST_YEAR = 1900
LAST_YEAR = 2199

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
DAY_SECONDS = 86_400
ONE_SECOND = timedelta(seconds=1)

# Names in the database that mean "whatever this machine is set to" or "not set".
_NOT_A_PLACE = frozenset({"localtime", "posixrules", "Factory"})


class UnknownZone(ValueError):
    """The name is not a time zone of the IANA database."""


class NotAnInstant(ValueError):
    """A naive datetime where an instant is needed, or an aware one where a wall-clock time is."""


class OutsideCalendar(ValueError):
    """The time is outside the years that the calendar covers."""


def localize(naive: datetime, zone: str) -> datetime:
    """The instant (UTC) that a platform means by a wall-clock time in ``zone`` without an offset.

    In a repeated hour it is the first pass, because nothing says otherwise. A time that the clocks skipped
    was read off a clock that nobody had put forward, so it moves forward by the gap: 02:30 becomes 03:30.
    Raises :class:`NotAnInstant` when there is an offset, :class:`UnknownZone`, :class:`OutsideCalendar`.
    """
    if naive.tzinfo is not None:
        raise NotAnInstant(f"{naive.isoformat()} has an offset already")
    check_year(naive)
    return naive.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC)


@cache
def zone_names() -> frozenset[str]:
    """All zone names that a company may have: those of IANA, without those for a machine's own setting."""
    return frozenset(available_timezones()) - _NOT_A_PLACE


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name. Raises :class:`UnknownZone`, which names the nearest names that exist."""
    # Membership first: ZoneInfo opens whatever file has the name, and what it then raises depends on
    # the file.
    if name in zone_names():
        return ZoneInfo(name)
    near = _near_names(name)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UnknownZone(f"{ascii(name[:60])} is not a time zone{hint}")


def _near_names(name: str) -> list[str]:
    """Up to three zones that may have been meant, by full name or city, whatever the case."""
    by_fold = {known.rpartition("/")[2].casefold(): known for known in sorted(zone_names())}
    by_fold |= {known.casefold(): known for known in zone_names()}
    near = difflib.get_close_matches(name[:60].strip().replace(" ", "_").casefold(), by_fold, n=3)
    return list(dict.fromkeys(by_fold[fold] for fold in near))


def first_instant(day: date, hour: int, zone: ZoneInfo) -> int:
    """The first instant, in seconds since 1970, when the clock in ``zone`` has reached ``hour`` of ``day``.

    For an hour in a gap that is the moment of the change, for a repeated hour its first pass. It never
    decreases from one day to the next, in any zone.
    """
    wall = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    seconds = (day.toordinal() - EPOCH_ORDINAL) * DAY_SECONDS + hour * 3600
    before, after = _offset(wall), _offset(wall.replace(fold=1))
    if after <= before:  # an ordinary hour, or a repeated one, whose first pass has the earlier offset
        return seconds - before
    # The hour is skipped (PEP 495: the folds have the offsets from before and after the gap). The change is
    # where the clock jumps over it, and halving finds the second, since zoneinfo does not tell.
    low, high = seconds - after, seconds - before
    while high - low > 1:
        middle = (low + high) // 2
        if middle + _offset((EPOCH + middle * ONE_SECOND).astimezone(zone)) >= seconds:
            high = middle
        else:
            low = middle
    return high


def _offset(local: datetime) -> int:
    """The offset from UTC in seconds."""
    return (local.utcoffset() or timedelta()) // ONE_SECOND


def since_epoch(instant: datetime) -> timedelta:
    """Time since 1970, or :class:`NotAnInstant`."""
    try:
        return instant - EPOCH
    except TypeError:
        raise NotAnInstant(f"{instant} has no offset from UTC") from None


def check_year(moment: date) -> None:
    """Raise :class:`OutsideCalendar` for a date or datetime beyond the limits."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise OutsideCalendar(f"{moment.isoformat()} is outside the years {FIRST_YEAR} to {LAST_YEAR}")


def check_hour(hour: int) -> None:
    """Raise ``ValueError`` unless ``hour`` is on the clock."""
    if not 0 <= hour <= 23:
        raise ValueError(f"an hour is 0 to 23, not {hour}")
