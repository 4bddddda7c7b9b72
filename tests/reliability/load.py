"""Load and fairness."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Load and fairness"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "L01",
        "One merchant has thousands of jobs, others a few",
        "Companies take turns: the one served longest ago comes first",
    ),
    Case(
        "L02",
        "One platform hangs",
        "It is left alone after a few failures, and holds up nobody else's work",
    ),
    Case(
        "L03",
        "Work piles up",
        "The age of the oldest job is told, not the length of the queue; what is due is found by index",
    ),
    Case(
        "L04",
        "A partner floods the API",
        "Its key waits, with Retry-After; other keys have all of their own limit",
    ),
    Case(
        "L05",
        "Support syncs a year again",
        "It waits behind everybody's ordinary work",
    ),
)
