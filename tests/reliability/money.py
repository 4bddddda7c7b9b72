"""Money, text, time."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Money, text, time"
CASES: Final[tuple[Case, ...]] = ()
