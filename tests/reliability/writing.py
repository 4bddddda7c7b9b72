"""Writing to the accounting platform."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Writing to the accounting platform"
CASES: Final[tuple[Case, ...]] = ()
