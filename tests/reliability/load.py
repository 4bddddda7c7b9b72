"""Load and fairness."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Load and fairness"
CASES: Final[tuple[Case, ...]] = ()
