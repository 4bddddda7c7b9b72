"""Rate limits and slowness."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Rate limits and slowness"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "F01",
        "429 with Retry-After in seconds, as a date, missing, zero, in the past, or absurd",
        "It is obeyed, never less than half a second and never more than a day; a long one is handed to the schedule",
    ),
    Case(
        "F02",
        "A platform throttles an app that a hundred merchants use",
        "All workers hear it, and the merchants come back spread over the time and not in the same second",
    ),
    Case(
        "F03",
        "A day's calls are fewer than a day's documents",
        "Calls are counted; what is left goes on the next day, and nothing is lost",
    ),
    Case(
        "F04",
        "An answer drips a byte at a time",
        "The call ends at its total deadline",
    ),
    Case(
        "F05",
        "An answer is larger than any answer, unpacked",
        "It is cut off at the limit",
    ),
    Case(
        "F06",
        "A platform redirects us elsewhere",
        "The redirect is not followed, and no key goes along",
    ),
    Case(
        "F07",
        "The certificate is wrong, the handshake fails, or the name cannot be resolved",
        "Nothing was sent: it is tried later, and never without verification",
    ),
    Case(
        "F08",
        "A platform answers in the last moment of every deadline",
        "A call ends before its lease, a run before its worker is taken for dead; other settings are refused at start",
    ),
)
