"""How long to wait before the next attempt. Pure: chance is given by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(minutes=15)
JITTER: Final = 0.1  # of a pause of a timetable, at most: what failed together shall not come back together
LONGEST_SPREAD_SECONDS: Final = 120.0


def backoff(attempts: int, chance: float) -> timedelta:
    """The wait after `attempts` failed attempts: doubling, capped, and spread over its upper half by `chance`.

    `chance` is 0 ≤ x < 1. The spread keeps a thousand merchants that failed together from coming back together.
    """
    if attempts < 1:
        raise ValueError("there is nothing to wait for before the first attempt has failed")
    if not 0 <= chance < 1:
        raise ValueError("chance is 0 ≤ x < 1")
    whole = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts - 1, 20)))
    return whole * (0.5 + chance / 2)


def pause_after(timetable: Sequence[timedelta], tries: int, chance: float) -> timedelta | None:
    """The wait after try number ``tries`` (from 1) has failed, by a ``timetable`` of the pauses before each try; None:
    that was the last. ``chance`` is 0 ≤ x < 1."""
    return None if tries >= len(timetable) else timetable[tries] * (1 + JITTER * chance)


def spread(seconds: float, chance: float) -> float:
    """A wait that a platform asks for, lengthened by `chance` (0 ≤ x < 1), up to twice as long.

    All merchants of an app hear the same time when the app is throttled, and when the platform is down: they must not
    come back in the same second.
    """
    return seconds + chance * min(seconds, LONGEST_SPREAD_SECONDS)
