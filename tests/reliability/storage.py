"""Database and disk."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Database and disk"
CASES: Final[tuple[Case, ...]] = ()
