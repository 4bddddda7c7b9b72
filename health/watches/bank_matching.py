"""Which line of the bank's statement a payout is. Pure; amounts are minor units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from msgspec import Struct

EARLIEST, LATEST = -3, 7
"""Days after the day on which a payout is stated to arrive: time zones, weekends, holidays."""
SHORTEST_NAME: Final = 6  # a shorter name stands in other texts by chance
LEAST_MATCHED: Final = 3
"""Payouts that are found at the bank: fewer, and nobody knows whether the bank's lines are told at all."""
NEAR_PERCENT: Final = 10  # so much a bank may keep of a payout that is known by its sender alone


class Arriving(Struct, frozen=True):
    """A payout, with the names by which the bank may call it, and who sends it."""

    id: str
    day: date
    amount: int
    names: tuple[str, ...] = ()
    sender: str = ""


class Line(Struct, frozen=True):
    """A line of the bank's statement."""

    id: str
    day: date
    amount: int
    text: str = ""


class Matched(Struct):
    """What came out. ``differing`` are payouts with the line of another amount, ``missing`` those without any."""

    differing: list[tuple[Arriving, Line]] = []
    missing: list[Arriving] = []


def match(payouts: Iterable[Arriving], lines: Sequence[Line]) -> Matched:
    """Each line is one payout at most. A name in the text counts most, then the amount, then the sender.

    Payouts are missing only where the bank's lines are told: others are found, more than are not, and lines of later
    days are there.
    """
    left = {line.id: line for line in lines}
    found, found_count, open_payouts = Matched(), 0, list[Arriving]()
    for payout in sorted(payouts, key=lambda each: (each.day, each.id)):
        line = _named(payout, left.values()) or _equal(payout, left.values())
        if line is None:
            open_payouts.append(payout)
            continue
        del left[line.id]
        if line.amount == payout.amount:
            found_count += 1
        else:
            found.differing.append((payout, line))
    told = [line.day for line in lines]
    for payout in open_payouts:
        line = _near(payout, left.values())
        if line is not None:
            del left[line.id]
            found.differing.append((payout, line))
        elif told and min(told) <= payout.day and (max(told) - payout.day).days > LATEST:
            found.missing.append(payout)
    if found_count < LEAST_MATCHED or found_count <= len(found.missing):
        found.missing.clear()
    return found


def _named(payout: Arriving, lines: Iterable[Line]) -> Line | None:
    """The line whose text has a name of the payout."""
    names = [re.escape(name.casefold()) for name in payout.names if len(name) >= SHORTEST_NAME]
    if not names:
        return None
    is_named = re.compile(rf"(?<![^\W_])(?:{'|'.join(names)})(?![^\W_])").search  # "po-12" is not "po-123"
    found = [line for line in lines if is_named(line.text.casefold())]
    return min(found, key=lambda line: (line.amount != payout.amount, abs((line.day - payout.day).days)), default=None)


def _equal(payout: Arriving, lines: Iterable[Line]) -> Line | None:
    """The nearest line of the same amount."""
    found = [line for line in lines if line.amount == payout.amount and _in_time(payout, line)]
    return min(found, key=lambda line: (abs((line.day - payout.day).days), line.id), default=None)


def _near(payout: Arriving, lines: Iterable[Line]) -> Line | None:
    """The line from the same sender in time whose amount is nearly that."""
    if len(payout.sender) < SHORTEST_NAME:
        return None
    found = [
        line
        for line in lines
        if payout.sender.casefold() in line.text.casefold()
        and _in_time(payout, line)
        and abs(line.amount - payout.amount) * 100 <= abs(payout.amount) * NEAR_PERCENT
    ]
    return min(found, key=lambda line: abs(line.amount - payout.amount), default=None)


def _in_time(payout: Arriving, line: Line) -> bool:
    return EARLIEST <= (line.day - payout.day).days <= LATEST
