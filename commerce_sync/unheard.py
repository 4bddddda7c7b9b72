"""Companies that are synced when something happens, and for which nothing has happened for long: they are synced.

A bell can get lost, or be taken down at the platform, and nobody would know; a sync that failed would not be made up
for until the next sale. What was missed is found by asking, as it is for companies that are synced by the clock.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from functools import cache
from typing import Final, LiteralString

from commerce_sync.selectors import is_pulled
from commerce_sync.services import note_event
from commerce_sync.status import DATA_PROCESSING, DATA_WRITE, INTERNAL, NOTHING_TO_WRITE, WRITTEN
from connectors import registry
from ledger import sql

logger = logging.getLogger(__name__)

SILENCE: Final = timedelta(hours=6)
EVERY_SECONDS: Final = 600
MOST: Final = 200  # at once; who is left is met by the next round
_next_at = 0.0

# What partners push to us is here already, with its own event. What waits for a person is not tried again and again.
_UNHEARD: Final[LiteralString] = """
    SELECT schedule.company_id FROM commerce_sync_schedule schedule
    CROSS JOIN LATERAL (SELECT started_at, code FROM commerce_sync_sync sync
        WHERE sync.company_id = schedule.company_id ORDER BY id DESC LIMIT 1) last
    WHERE schedule.frequency = 'event' AND schedule.enabled AND schedule.paused_at IS NULL
        AND last.started_at < clock_timestamp() - %s
        AND (last.code = ANY(%s) OR last.code = ANY(%s) AND EXISTS (SELECT FROM connectors_connection link
            WHERE link.company_id = schedule.company_id AND link.kind = 'commerce' AND link.status = 'Linked'
                AND link.platform = ANY(%s)))
        AND NOT EXISTS (SELECT FROM commerce_sync_job job
            WHERE job.company_id = schedule.company_id AND job.state <> 'dead')
    ORDER BY last.started_at LIMIT %s
"""
_FAILED: Final = [INTERNAL, DATA_PROCESSING, DATA_WRITE]
_ENDED_WELL: Final = [WRITTEN, NOTHING_TO_WRITE]


def ask_now_and_then(seconds: float) -> bool:
    """The errand: `ask`, if this process has not done so lately; whether there is more to do. It takes no
    ``seconds``."""
    global _next_at  # noqa: PLW0603  # of this process: what another one has asked for is a job by now
    if time.monotonic() < _next_at:
        return False
    is_done = ask() < MOST
    if is_done:
        _next_at = time.monotonic() + EVERY_SECONDS
    return not is_done


def ask() -> int:
    """Have each of them synced once; how many."""
    found = [company_id for (company_id,) in sql.rows(_UNHEARD, (SILENCE, _FAILED, _ENDED_WELL, list(_pulled()), MOST))]
    for company_id in found:
        note_event(company_id=company_id)
    if found:
        logger.info("%s companies of which nothing was heard for %s are synced", len(found), SILENCE)
    return len(found)


@cache
def _pulled() -> tuple[str, ...]:
    return tuple(key for key in registry.commerce_keys() if is_pulled(registry.commerce(key)))
