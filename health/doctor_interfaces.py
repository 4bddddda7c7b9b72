"""Does a platform announce the end of what we ask it: for the doctor."""

from __future__ import annotations

from typing import Final, LiteralString

from connectors.verdict import ANNOUNCED
from health.checkup import Check, ok, warning
from ledger import sql

_SAID: Final[LiteralString] = """
    SELECT DISTINCT platform, detail FROM connectors_call
    WHERE started_at > now() - interval '1 hour' AND failure = '' AND starts_with(detail, %s)
    ORDER BY platform, detail LIMIT 5
"""


def interfaces() -> Check:
    """What the good answers of the last hour say of versions that will be retired."""
    found = sql.rows(_SAID, (ANNOUNCED,))
    if not found:
        return ok("interfaces", "no platform announces the end of what we ask it")
    said = "; ".join(f"{platform} says “{detail.removeprefix(ANNOUNCED).strip()}”" for platform, detail in found)
    return warning(
        "interfaces", said, "Read the platform's news, and have its file ask for a newer version before that day."
    )
