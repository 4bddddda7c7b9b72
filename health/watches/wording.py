"""Words of findings that stay the same for as long as the thing does. Pure.

A finding whose facts change is told of again, and comes back where somebody had put it aside: so what differs each time
that the same thing happens (ids, instants, addresses in memory) is taken out of what platforms say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, LiteralString

from xxhash import xxh3_128_hexdigest

# Read by Python and by PostgreSQL alike. Short numbers stay: an account or a status is what tells two causes apart.
PASSING: Final[LiteralString] = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|0x[0-9a-fA-F]+"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]?[0-9:.+Z%A-]*"
    r"|[0-9a-fA-F]{16,}"
    r"|[0-9]{7,}"
    r"|[0-9]+[.,][0-9]+"
)
LONGEST_NAME: Final = 200
_passing: Final = re.compile(PASSING)


def steady(text: str) -> str:
    """``text`` without what differs each time."""
    return _passing.sub("…", text)


def short(text: str) -> str:
    """``text`` as the name of a thing, at most 200 characters long: of a longer one, the beginning and a digest."""
    return text if len(text) <= LONGEST_NAME else f"{text[:160]}… {xxh3_128_hexdigest(text.encode())}"


def some_of(words: Iterable[str], most: int = 3) -> str:
    """The first few of ``words``, and how many more there are."""
    found: Sequence[str] = list(words)
    told = ", ".join(found[:most])
    return f"{told} and {len(found) - most} more" if len(found) > most else told


def instant(at: datetime) -> str:
    """An instant as sentences show it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def last_line(text: str) -> str:
    """What a traceback comes to."""
    return (text.strip().splitlines() or ["unknown"])[-1][:200]
