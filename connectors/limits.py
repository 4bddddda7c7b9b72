"""How long and how much a call may take, and the passing of time that it is measured by."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one `send`. `total_seconds` covers all its tries and waits, `patience_seconds` one wait.

    A worker's lease on its work must be longer than `total_seconds` (reliability: deadline + margin < lease).
    `retries` counts the further tries of a safe request; `body_bytes` is the size of a body after
    decompression.
    """

    connect_seconds: float = 5
    read_seconds: float = 20
    total_seconds: float = 40
    patience_seconds: float = 10
    body_bytes: int = 32 * 1024 * 1024
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Clock:
    """The passing of time in one place, so that a test can hold it. `jitter` gives 0 ≤ x < 1."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.SystemRandom().random
