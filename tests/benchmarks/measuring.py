"""What a measurement comes to, and how it is shown."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

MEMORY_GOAL_MB = 400


class Result(NamedTuple):
    """One line of the table. ``value`` is held to ``goal`` (at most); ``detail`` says what it was made of."""

    name: str
    value: float
    goal: float
    unit: str
    detail: str

    @property
    def is_met(self) -> bool:
        """Whether the goal is met."""
        return self.value <= self.goal


class Stopwatch:
    """Seconds of what ran inside of `timed`, by name, one number a round."""

    def __init__(self) -> None:
        self.rounds: dict[str, list[float]] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure the block."""
        gc.collect()
        began = time.perf_counter()
        yield
        self.rounds.setdefault(name, []).append(time.perf_counter() - began)

    def median(self, name: str) -> float:
        """The median of all rounds, in seconds."""
        return median(self.rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """The median of the ratios of each round: what disturbs a round disturbs both sides of it."""
        return median(a / b for a, b in zip(self.rounds[name], self.rounds[to], strict=True))

    def spread(self, name: str, to: str) -> str:
        """The lowest and highest ratio of a round."""
        ratios = sorted(a / b for a, b in zip(self.rounds[name], self.rounds[to], strict=True))
        return f"{ratios[0]:.2f}–{ratios[-1]:.2f}"


def memory_mb() -> float:
    """The most memory that this process has had so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(results: list[Result]) -> None:
    """The table."""
    width = max(len(result.name) for result in results)
    sys.stdout.write(f"\n{'':{width}}  {'measured':>10}  {'goal':>10}\n")
    for result in results:
        mark = "ok    " if result.is_met else "MISSED"
        sys.stdout.write(
            f"{result.name:{width}}  {result.value:>8.2f} {result.unit:2}  ≤{result.goal:>7.2f} {result.unit:2} "
            f"{mark} {result.detail}\n"
        )


def progress(text: str) -> None:
    """Tell a person who waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


Measure = Callable[[], list[Result]]
