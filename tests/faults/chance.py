"""Which request meets which fault, drawn by a seed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Final

from tests.connectors.server import Fault, Seen

PATIENCE: Final = 0.8  # seconds that the run's client waits for an answer
BURST: Final = (3, 8)  # requests of one connection that fail in a row, from and to
HANGING_SECONDS: Final = 90.0  # longer than anybody waits for an answer
LONG_AGO: Final = "Wed, 21 Oct 2015 07:28:00 GMT"
SOON: Final = "soon"  # stands for the date two seconds from now
# (weight, name, seconds, values of Retry-After). Seconds beyond the client's patience: it has hung up by then, and what
# was asked is done all the same ("commit late"). `twice` is a proxy that repeats a request by itself.
DECK: Final[tuple[tuple[int, str, float, tuple[str | None, ...]], ...]] = (
    (12, "lose_after", 0, (None,)),
    (8, "drop_before", 0, (None,)),
    (5, "slow_before", PATIENCE + 0.15, (None,)),
    (3, "slow_after", PATIENCE + 0.15, (None,)),
    (4, "slow_after", 0.2, (None,)),
    (8, "err500_before", 0, (None,)),
    (8, "err500_after", 0, (None,)),
    (2, "burst", 0, (None,)),
    (5, "unavailable", 0, (None, "1", SOON)),
    (9, "rate429", 0, (None, "0", "1", SOON, LONG_AGO)),
    (6, "truncate_after", 0, (None,)),
    (5, "cut_json", 0, (None,)),
    (5, "html_200", 0, (None,)),
    (2, "redirect_out", 0, (None,)),
    (1, "big_body", 0, (None,)),
    (6, "twice", 0, (None,)),
    (3, "e401", 0, (None,)),
    (2, "trickle", 0.3, (None,)),
    (1, "trickle", PATIENCE * 3, (None,)),
    (1, "slowloris", PATIENCE + 0.1, (None,)),
    (1, "slow_headers", PATIENCE + 0.1, (None,)),
)  # fmt: skip


class Chance:
    """Stands in for the script of a `PlatformServer`: each request draws. Called under the server's lock.

    Nobody can mend what a proxy sends twice where nothing is known by a key or a reference: `may_repeat` says of a
    request whether it may meet that.
    """

    def __init__(self, seed: int, rate: float, who: Callable[[Seen], str], may_repeat: Callable[[Seen], bool]) -> None:
        self._random = Random(seed)  # noqa: S311 (chance that repeats is the point)
        self._cards = [Fault(name, seconds) for _, name, seconds, _ in DECK]
        self._headers = {id(card): headers for card, (_, _, _, headers) in zip(self._cards, DECK, strict=True)}
        self._weights = [weight for weight, _, _, _ in DECK]
        self._who, self._may_repeat = who, may_repeat
        self.rate = rate
        self.slow_seconds = 0.0  # what a write takes at the least
        self.met: Counter[str] = Counter()
        self.hanging: set[str] = set()
        self._down: dict[str, float] = {}
        self._bursts: Counter[str] = Counter()
        self._seen: Seen | None = None

    def __bool__(self) -> bool:
        return self.rate > 0 or self.slow_seconds > 0 or bool(self._down) or bool(self.hanging)

    def look(self, seen: Seen) -> bool:
        """Which request it is that draws next; any may meet a fault."""
        self._seen = seen
        return True

    def popleft(self) -> Fault | None:
        """The fault of this request; None: it is served as it should be."""
        seen = self._seen
        assert seen is not None
        name = self._who(seen)
        if name in self.hanging:
            return self._met("hung", Fault("slow_before", HANGING_SECONDS))
        if time.monotonic() < max(self._down.get(name, 0), self._down.get("", 0)):
            return self._met("down", Fault("unavailable"))
        if self._bursts[name] > 0:
            self._bursts[name] -= 1
            return self._met("burst", Fault("err500_before"))
        if self._random.random() >= self.rate:
            return Fault("slow_before", self.slow_seconds) if self.slow_seconds and seen.method == "POST" else None
        return self._drawn(seen, name)

    def _drawn(self, seen: Seen, name: str) -> Fault:
        card = self._random.choices(self._cards, self._weights)[0]
        if card.name == "burst":
            self._bursts[name] = self._random.randint(*BURST) - 1
            return self._met("burst", Fault("err500_before"))
        if card.name == "twice" and not self._may_repeat(seen):
            return self._met("drop_before", Fault("drop_before"))
        header = self._random.choice(self._headers[id(card)])
        if header == SOON:
            header = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        return self._met(card.name, replace(card, header=header))

    def _met(self, name: str, fault: Fault) -> Fault:
        self.met[name] += 1
        return fault

    def go_down(self, seconds: float, name: str = "") -> None:
        """For a while nothing is served to this connection; "": to nobody."""
        self._down[name] = time.monotonic() + seconds

    def stop(self) -> None:
        """From now on everything goes well."""
        self.rate = self.slow_seconds = 0.0
        self._down.clear()
        self._bursts.clear()
