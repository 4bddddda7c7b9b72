"""Which request meets which fault, drawn by a seed."""

from __future__ import annotations

import time
from collections import Counter
from random import Random
from typing import Final

from tests.connectors.server import Fault

PATIENCE: Final = 0.8  # seconds that the run's client waits for an answer
# (weight, name, seconds, values of Retry-After). Seconds beyond the client's patience: it has hung up by then.
DECK: Final[tuple[tuple[int, str, float, tuple[str | None, ...]], ...]] = (
    (12, "lose_after", 0, (None,)),
    (8, "drop_before", 0, (None,)),
    (6, "slow_before", PATIENCE + 0.15, (None,)),
    (4, "slow_after", PATIENCE + 0.15, (None,)),
    (4, "slow_after", 0.2, (None,)),
    (8, "err500_before", 0, (None,)),
    (8, "err500_after", 0, (None,)),
    (6, "unavailable", 0, (None, "1")),
    (8, "rate429", 0, (None, "0", "1", "Wed, 21 Oct 2015 07:28:00 GMT")),
    (6, "truncate_after", 0, (None,)),
    (5, "cut_json", 0, (None,)),
    (5, "html_200", 0, (None,)),
    (6, "twice", 0, (None,)),
    (3, "e401", 0, (None,)),
    (2, "slowloris", PATIENCE + 0.1, (None,)),
)  # fmt: skip


class Chance:
    """Stands in for the script of a `PlatformServer`: each request draws. Called under the server's lock."""

    def __init__(self, seed: int, rate: float) -> None:
        self._random = Random(seed)  # noqa: S311 (chance that repeats is the point)
        self._names = [(name, seconds, headers) for _, name, seconds, headers in DECK]
        self._weights = [weight for weight, _, _, _ in DECK]
        self.rate = rate
        self.met: Counter[str] = Counter()
        self.down_until = 0.0

    def __bool__(self) -> bool:
        return self.rate > 0 or time.monotonic() < self.down_until

    def popleft(self) -> Fault | None:
        """The fault of this request; None: it is served as it should be."""
        if time.monotonic() < self.down_until:
            self.met["down"] += 1
            return Fault("unavailable")
        if self._random.random() >= self.rate:
            return None
        name, seconds, headers = self._random.choices(self._names, self._weights)[0]
        self.met[name] += 1
        return Fault(name, seconds, self._random.choice(headers))

    def go_down(self, seconds: float) -> None:
        """For a while nothing is served."""
        self.down_until = time.monotonic() + seconds

    def stop(self) -> None:
        """From now on everything goes well."""
        self.rate, self.down_until = 0.0, 0.0
