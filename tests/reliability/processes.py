"""Processes."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Processes"
CASES: Final[tuple[Case, ...]] = ()
