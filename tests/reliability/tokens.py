"""Tokens and connections."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Tokens and connections"
CASES: Final[tuple[Case, ...]] = ()
