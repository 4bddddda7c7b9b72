"""What becomes wrong by time passing and by nothing that happens: nobody rings for it, so it is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from health.doctor_books import UNKNOWN_WARNING_SECONDS
from health.watches.deliveries import NOT_SENT_FOR
from health.watches.syncs import IMPORT_STUCK_AFTER, OVERDUE_AFTER, STUCK_AFTER
from ledger import sql

MOST_AT_ONCE: Final = 1_000
WITHIN: Final = timedelta(minutes=20)  # who became late earlier has been looked at; or is at night

# Each part by the index of what is unfinished.
_RING: Final[LiteralString] = """
    WITH late AS (
        SELECT company_id FROM commerce_sync_schedule
        WHERE enabled AND paused_at IS NULL AND next_due_at <= %(overdue)s AND next_due_at > %(overdue)s - %(within)s
        UNION SELECT company_id FROM commerce_sync_sync WHERE finished_at IS NULL
            AND (started_at <= %(stuck)s AND started_at > %(stuck)s - %(within)s
                OR started_at <= %(import)s AND started_at > %(import)s - %(within)s)
        UNION SELECT company_id FROM commerce_sync_undo
        WHERE finished_at IS NULL AND requested_at <= %(doubtful)s AND requested_at > %(doubtful)s - %(within)s
        UNION SELECT company_id FROM connectors_pushitem WHERE state NOT IN ('pushed', 'removed')
            AND state = 'unknown' AND updated_at <= %(doubtful)s AND updated_at > %(doubtful)s - %(within)s
        UNION SELECT company_id FROM ledger_document WHERE pushed_at IS NULL AND withdrawn_at IS NULL
            AND created_at <= %(unsent)s AND created_at > %(unsent)s - %(within)s
    )
    INSERT INTO health_lookout (company_id) SELECT company_id FROM late LIMIT %(most)s
"""


def ring(at: datetime) -> int:
    """Have the companies looked at that have become late since they were looked at last; how many."""
    parameters: dict[str, Any] = {
        "overdue": at - OVERDUE_AFTER,
        "stuck": at - STUCK_AFTER,
        "import": at - IMPORT_STUCK_AFTER,
        "doubtful": at - timedelta(seconds=UNKNOWN_WARNING_SECONDS),
        "unsent": at - NOT_SENT_FOR,
        "within": WITHIN,
        "most": MOST_AT_ONCE,
    }
    return sql.execute_named(_RING, parameters)
