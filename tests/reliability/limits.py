"""Rate limits and slowness."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Rate limits and slowness"
CASES: Final[tuple[Case, ...]] = ()
