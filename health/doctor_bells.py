"""Is a bell of a platform switched off that should ring here when something is sold: for the doctor and the watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString, NamedTuple

from health.checkup import Check, ok, warning
from ledger import sql

_MOST: Final = 101
_SILENT: Final[LiteralString] = """
    SELECT company.id, company.name, connection.public_id::text, connection.platform, connection.name,
        bell.name
    FROM connectors_reference bell
    JOIN connectors_connection connection ON connection.id = bell.connection_id AND connection.status = 'Linked'
    JOIN ledger_company company ON company.id = connection.company_id
    WHERE bell.kind = 'webhook' AND bell.detail ->> 'status' <> 'active'
        AND position(connection.public_id::text IN bell.detail ->> 'url') > 0
        AND (%s OR connection.company_id = ANY(%s))
    ORDER BY company.name, bell.name LIMIT %s
"""


class Silent(NamedTuple):
    """A webhook that a platform lists as leading here, and does not call."""

    company_id: int
    company: str
    connection: str
    platform: str
    name: str
    bell: str


def silent(company_ids: Sequence[int] | None = None) -> list[Silent]:
    """The bells that are switched off, of these companies; the first of all for None."""
    limit = _MOST if company_ids is None else None
    return [Silent(*row) for row in sql.rows(_SILENT, (company_ids is None, list(company_ids or ()), limit))]


def bells() -> Check:
    """Platforms that list their webhooks say that those to our addresses are switched on.

    Nothing is lost when one is not: what it would have told is found by the next pull, only later.
    """
    found = silent()
    if not found:
        return ok("bells", "none of them is switched off")
    named = ", ".join(f"“{each.bell}” of {each.company}" for each in found[:3])
    count = f"{len(found)}" if len(found) < _MOST else "more than 100"
    remedy = "Switch it on again at the platform, which does so no more after failures. Sales are pulled meanwhile."
    return warning("bells", f"{count} switched off at the platform: {named}", remedy)
