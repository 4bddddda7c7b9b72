"""The doctor's look at the bells of platforms: is one switched off that should ring here when something is sold."""

from __future__ import annotations

from health.checkup import Check, ok, warning
from ledger import sql


def bells() -> Check:
    """Platforms that list their webhooks say that those to our addresses are switched on.

    Nothing is lost when one is not: what it would have told is found by the next pull, only later.
    """
    silent = sql.rows(
        """SELECT company.name, bell.name FROM connectors_reference bell
           JOIN connectors_connection connection ON connection.id = bell.connection_id AND connection.status = 'Linked'
           JOIN ledger_company company ON company.id = connection.company_id
           WHERE bell.kind = 'webhook' AND bell.detail ->> 'status' <> 'active'
               AND position(connection.public_id::text IN bell.detail ->> 'url') > 0
           ORDER BY company.name, bell.name LIMIT 101"""
    )
    if not silent:
        return ok("bells", "none of them is switched off")
    named = ", ".join(f"“{bell}” of {company}" for company, bell in silent[:3])
    count = f"{len(silent)}" if len(silent) <= 100 else "more than 100"
    remedy = "Switch it on again at the platform, which does so no more after failures. Sales are pulled meanwhile."
    return warning("bells", f"{count} switched off at the platform: {named}", remedy)
