"""Database and disk."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Database and disk"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "H09",
        "A backup of an hour ago is restored; the accounting software knows of what was delivered since",
        "No work before a person says so; then what may be there is looked up before it is sent: 0 doubled",
    ),
    Case(
        "H10",
        "Nobody knows whether the backups can be restored",
        "A command makes one, restores it beside, and proves tables, guards, balances and documents equal",
    ),
)
