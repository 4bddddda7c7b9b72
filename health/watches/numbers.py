"""Gaps in numbers that a source counts up without any. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

LEAST_NUMBERS: Final = 150  # in a row of numbers, before anybody can say that it has no gaps
NUMBERS_A_GAP: Final = 150  # a source with more gaps than that counts something else as well
MOST_MISSING: Final = 200  # of a longer one it is another count that began
_NUMBERED: Final = re.compile(r"(.*?)([0-9]{1,15})")


class Sale(NamedTuple):
    """A sale with the number that it was given."""

    record_id: int
    number: str


class Gap(NamedTuple):
    """Numbers that are missing between two sales."""

    before: Sale
    after: Sale
    missing: int


def gaps(sales: Iterable[Sale]) -> list[Gap]:
    """The gaps in what one source sold, if it numbers its sales one after the other; else none.

    "251103-017" is the 17 of the series "251103-". Series of one shape, each day its own for instance, are judged
    together: whether the source leaves no gaps is seen by all of them.
    """
    shapes: dict[str, dict[str, dict[int, Sale]]] = {}
    for sale in sales:
        told = _NUMBERED.fullmatch(sale.number)
        if told:
            prefix, digits = told.groups()
            shape = re.sub("[0-9]", "0", prefix)
            shapes.setdefault(shape, {}).setdefault(prefix, {})[int(digits)] = sale
    return [gap for series in shapes.values() for gap in _of_shape(series)]


def _of_shape(series: dict[str, dict[int, Sale]]) -> list[Gap]:
    count = sum(len(numbers) for numbers in series.values())
    found = [gap for numbers in series.values() for gap in _of_series(numbers)]
    jumps = sum(gap.missing > MOST_MISSING for gap in found)
    if count < LEAST_NUMBERS or len(found) > max(count // NUMBERS_A_GAP, 1) or jumps > 1:
        return []
    return [gap for gap in found if gap.missing <= MOST_MISSING]


def _of_series(numbers: dict[int, Sale]) -> Iterator[Gap]:
    for before, after in pairwise(sorted(numbers)):
        if after - before > 1:
            yield Gap(numbers[before], numbers[after], after - before - 1)


def between(gap: Gap, number: str) -> bool:
    """Whether ``number`` is one of those that are missing."""
    low, high, told = (_NUMBERED.fullmatch(each) for each in (gap.before.number, gap.after.number, number))
    if not (low and high and told) or told[1] != low[1]:
        return False
    return int(low[2]) < int(told[2]) < int(high[2])
