"""How often a platform may be called, as its file declares it. Pure; `connectors.budget` keeps to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

LONGEST_SPREAD_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any window of `seconds`, counted per connection or over the whole platform.

    `burst` of them may come at once after a rest; the others are spread over the rest of the window. A window of more
    than an hour is counted instead (`is_counted`): its calls may come as fast as the shorter rates of the budget let
    them, and then none until the first of them are a window old.
    """

    calls: int
    seconds: int
    scope: Literal["connection", "platform"] = "connection"
    burst: int = 0  # 0: a tenth of the calls

    def __post_init__(self) -> None:
        if self.calls < 1 or self.seconds < 1 or not 0 <= self.burst <= self.calls:
            raise ValueError(f"a rate needs calls ≥ 1, seconds ≥ 1 and 0 ≤ burst ≤ calls: {self!r}")
        if self.is_counted and self.burst:
            raise ValueError(f"a rate of more than an hour is counted, and has no burst: {self!r}")

    @property
    def is_counted(self) -> bool:
        return self.seconds > LONGEST_SPREAD_SECONDS

    @property
    def at_once(self) -> int:
        return self.burst or max(1, self.calls // 20)

    @property
    def interval(self) -> timedelta:
        """The distance of two calls once the burst is spent.

        Burst and distance together hold `calls` a window, less a fiftieth: calls are not equally long on their way,
        and what left one after the other may arrive together.
        """
        calls = max(1, self.calls - self.at_once - self.calls // 50)
        return timedelta(microseconds=-(-self.seconds * 1_000_000 // calls))  # up: a call too late is none too many

    @property
    def tolerance(self) -> timedelta:
        """How far the next call may be booked ahead of now and still go at once."""
        return self.interval * (self.at_once - 1)


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a platform may be called; no rates means that the platform publishes none."""

    rates: tuple[Rate, ...] = ()

    def __post_init__(self) -> None:
        if self.rates and all(rate.is_counted for rate in self.rates):
            raise ValueError("beside a rate that is counted a budget needs a shorter one, which spreads the calls")
