"""Security."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Security"
CASES: Final[tuple[Case, ...]] = ()
