"""Charts as the paths of an SVG: a scale with round steps, bars in parts, a line in steps. Pure.

Everything is drawn on a field of ``10 × columns`` by `HEIGHT`, which the page stretches to its own size; words and
figures are no part of the drawing, so that they keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

HEIGHT: Final = 100
COLUMN: Final = 10
_STEPS: Final = 4  # at most so many steps above the lowest line, about


class Scale(NamedTuple):
    """From ``bottom`` to ``top`` in equal steps: round numbers of minor units, with zero among them."""

    bottom: int
    top: int
    step: int

    @property
    def lines(self) -> list[int]:
        """The values that have a line, the highest first."""
        return list(range(self.top, self.bottom - 1, -self.step))

    def y(self, value: int) -> str:
        """Where ``value`` is, from above."""
        return _short((self.top - value) * HEIGHT / (self.top - self.bottom))


def scale_of(values: Iterable[int]) -> Scale:
    """The smallest scale on which all ``values`` are."""
    lowest, highest = 0, 0
    for value in values:
        lowest, highest = min(lowest, value), max(highest, value)
    step = _round_step(highest - lowest)
    bottom, top = lowest // step * step, -(-highest // step) * step
    return Scale(bottom, top if top > bottom else bottom + step, step)


def bars(columns: Sequence[Sequence[int]], scale: Scale) -> list[str]:
    """A path for each part: the parts of a column stand on each other, what is below zero hangs below."""
    paths: list[list[str]] = [[] for _ in (columns[0] if columns else ())]
    for number, parts in enumerate(columns):
        above = below = 0
        for path, value in zip(paths, parts, strict=True):
            if not value:
                continue
            start = above if value > 0 else below
            if value > 0:
                above += value
            else:
                below += value
            path.append(
                f"M{number * COLUMN + 1} {scale.y(start)}V{scale.y(start + value)}h{COLUMN - 2}V{scale.y(start)}z"
            )
    return ["".join(path) for path in paths]


def steps(values: Sequence[int], scale: Scale) -> str:
    """A line that keeps each value for the width of its column."""
    if not values:
        return ""
    path = [f"M0 {scale.y(values[0])}H{COLUMN}"]
    path += [f"V{scale.y(value)}h{COLUMN}" for value in values[1:]]
    return "".join(path)


def rules(scale: Scale, columns: int) -> str:
    """The lines of the scale, across."""
    return "".join(f"M0 {scale.y(value)}H{columns * COLUMN}" for value in scale.lines)


def _round_step(span: int) -> int:
    """1, 2 or 5 and noughts, so that about `_STEPS` of them span ``span``."""
    wanted = max(-(-span // _STEPS), 1)
    power: int = 10 ** (len(str(wanted)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted)


def _short(number: float) -> str:
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
