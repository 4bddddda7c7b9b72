"""Webhooks."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Webhooks"
CASES: Final[tuple[Case, ...]] = ()
