"""How a processor pays out: how often, and which days' takings each payout is. Pure; amounts are minor units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Final

from msgspec import Struct

FEWEST_PAYOUTS: Final = 4  # fewer are no rhythm
SPARE_DAYS: Final = 2  # a bank holiday, and the day on which a payout is told of
LONGEST_RUN: Final = 10  # days of takings in one payout; a monthly payout is not told from its amount
MATCHED_BEFORE: Final = 2
MATCHED_AFTER: Final = 2
"""Payouts that equal whole days of takings to the unit on both sides of a gap: by chance that does not happen."""


class Rhythm(Struct, frozen=True):
    """``typical`` days between payouts, ``allowed`` days until one is late, ``last`` the day of the last one."""

    typical: int
    allowed: int
    last: date

    @property
    def in_words(self) -> str:
        """How often: "day", "7 days"."""
        return "day" if self.typical == 1 else f"{self.typical} days"


def rhythm(days: Sequence[date]) -> Rhythm | None:
    """The merchant's own rhythm; None while it is not known. Twice the usual time is in time, and so is the longest."""
    found = sorted(set(days))
    if len(found) < FEWEST_PAYOUTS:
        return None
    gaps = [(later - earlier).days for earlier, later in zip(found, found[1:], strict=False)]
    typical = max(1, round(median(gaps)))
    # Its own longest pause is taken as usual only as far as it is one: half a year without sales is none.
    longest = min(max(gaps), 3 * typical)
    return Rhythm(typical, max(2 * typical, longest) + SPARE_DAYS, found[-1])


class Missing(Struct, frozen=True):
    """Whole days whose takings no payout is."""

    first: date
    last: date
    amount: int


def missing_payouts(takings: Sequence[tuple[date, int]], payouts: Sequence[tuple[date, int]]) -> list[Missing]:
    """Days between those that payouts are, to the unit, which no payout is.

    ``takings`` are what each day left at the processor (refunds and fees taken off), ``payouts`` what arrived, of a
    processor that does not say which payments a payout is of. Told only where payouts before and after the gap equal
    whole days, and none in between is of anything else: whatever is paid out otherwise has no gaps that could be seen.
    """
    days = sorted(takings)
    sums = [0]
    for _, amount in days:
        sums.append(sums[-1] + amount)
    found: list[tuple[Missing, int]] = []
    start, matched, is_certain = 0, 0, False
    for arrived, amount in sorted(payouts):
        run = _run(days, sums, start, arrived, amount)
        if run is None:
            is_certain = False
            continue
        first, after = run
        left = sums[first] - sums[start]
        if first > start and left > 0 and is_certain and matched >= MATCHED_BEFORE:
            found.append((Missing(days[start][0], days[first - 1][0], left), matched))
        start, matched, is_certain = after, matched + 1, True
    return [gap for gap, before in found if matched - before >= MATCHED_AFTER]


def _run(
    days: Sequence[tuple[date, int]], sums: Sequence[int], start: int, arrived: date, amount: int
) -> tuple[int, int] | None:
    """(first, behind the last) of the earliest days from ``start`` on that add up to ``amount``, before it arrived."""
    last = start
    while last < len(days) and days[last][0] <= arrived:
        last += 1
    for first in range(start, last):
        if (arrived - days[first][0]) > timedelta(days=3 * LONGEST_RUN):
            continue
        for after in range(first + 1, min(first + LONGEST_RUN, last) + 1):
            if sums[after] - sums[first] == amount:
                return first, after
    return None
