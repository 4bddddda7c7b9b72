"""When something is told, and when a message that did not get through is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from commerce_sync.retry import pause_after

Digest = Literal["at_once", "hourly", "daily"]

# The pause before each try. Two days and 17 hours: a weekend without the mail server loses nothing.
PAUSES: Final = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_TRIES: Final = len(PAUSES)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Rhythm(Struct, frozen=True):
    """When a rule tells: ``hour`` is that of the daily digest, ``quiet`` (first hour, hour after the last one) when
    nothing is sent; both by the clock of ``zone``."""

    digest: Digest
    hour: int
    zone: str
    quiet: tuple[int, int] | None = None


def tell_at(rhythm: Rhythm, at: datetime) -> datetime:
    """The earliest instant, not before ``at``, at which what is known at ``at`` is told. A daily digest is told at its
    hour, whatever the quiet hours are: somebody chose it."""
    zone = ZoneInfo(rhythm.zone or "UTC")
    if rhythm.digest == "daily":
        return _next_hour(rhythm.hour, zone, at)
    found = at
    if rhythm.digest == "hourly":
        found = at.replace(minute=0, second=0, microsecond=0) + _HOUR
    if rhythm.quiet is not None and _is_quiet(found.astimezone(zone).hour, *rhythm.quiet):
        return _next_hour(rhythm.quiet[1], zone, found)
    return found


def pause_before(tries: int, chance: float) -> timedelta | None:
    """How long to wait after try number ``tries`` (from 1) has failed; None: that was the last. 0 ≤ ``chance`` < 1."""
    return pause_after(PAUSES, tries, chance)


def _is_quiet(hour: int, first: int, until: int) -> bool:
    return first <= hour < until if first < until else hour >= first or hour < until


def _next_hour(hour: int, zone: ZoneInfo, at: datetime) -> datetime:
    """The next time after ``at`` that the clock shows this hour; one that daylight saving skips comes after the gap."""
    today = at.astimezone(zone).date()
    found = datetime.combine(today, time(hour), zone).astimezone(at.tzinfo)
    return found if found > at else datetime.combine(today + _DAY, time(hour), zone).astimezone(at.tzinfo)
