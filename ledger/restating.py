"""A changed book for days that are in the books already: their records wait once more, and posting them anew posts the
difference. Nothing is taken out meanwhile: what is in the books stays until the new round of it enters."""

from __future__ import annotations

from datetime import datetime

from ledger import sql
from ledger.set_aside import hold


def requeue(*, company_id: int, start: datetime, end: datetime) -> int:
    """Let every record that is in the books and was due in [start, end) wait for a round more; how many.

    What an undo keeps out stays out. Joins the caller's transaction; doing it twice changes nothing.
    """
    with sql.unit_of_work():
        hold(company_id)
        return sql.execute(_REQUEUE, (company_id, company_id, start, end))


# A record may be filed under a posting of any day: by its first leg, not by the last thing that happened to it.
_REQUEUE = """
    INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state)
    SELECT standing.record_id, standing.round + 1, standing.company_id, standing.happened_at, 0
    FROM ledger_posting posting
    JOIN ledger_standing standing ON standing.posting_id = posting.id AND standing.state = 1
    JOIN ledger_record record ON record.id = standing.record_id
    WHERE posting.company_id = %s AND standing.company_id = %s AND NOT record.superseded
        AND standing.happened_at >= %s AND standing.happened_at < %s
    ON CONFLICT DO NOTHING
"""
