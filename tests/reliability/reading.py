"""Reading sales."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Reading sales"
CASES: Final[tuple[Case, ...]] = ()
