"""The shape of a check of the doctor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Level = Literal["ok", "warning", "failure"]


class Check(Struct, frozen=True):
    """What one look found. ``remedy`` says what to do; empty when there is nothing to do. ``brief`` is ``said`` without
    figures that change by the minute: a finding is told of again when its words change; empty where there are none."""

    name: str
    level: Level
    said: str
    remedy: str = ""
    brief: str = ""

    @property
    def lasting(self) -> str:
        """What it found, in words that stay the same for as long as it does."""
        return self.brief or self.said


def ok(name: str, said: str) -> Check:
    """All is well."""
    return Check(name, "ok", said)


def warning(name: str, said: str, remedy: str, brief: str = "") -> Check:
    """Somebody should look, soon."""
    return Check(name, "warning", said, remedy, brief)


def failure(name: str, said: str, remedy: str, brief: str = "") -> Check:
    """Something is wrong now."""
    return Check(name, "failure", said, remedy, brief)


def worst(checks: Sequence[Check]) -> Level:
    """The worst level of all."""
    levels = {check.level for check in checks}
    return "failure" if "failure" in levels else "warning" if "warning" in levels else "ok"


def span(seconds: float) -> str:
    """A duration for people."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
