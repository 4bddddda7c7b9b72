"""The rows of messages on their way: each change is one transaction, by the clock of the database.

A message is one worker's while its lease lasts; a worker that dies leaves it to the others, who send it again under the
same id. So a message is never lost, and at most doubled.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from health.alerts.rhythm import MOST_TRIES, pause_before
from health.models import Alert
from ledger import sql
from ledger.services import now

LEASE_SECONDS: Final = 120  # longer than any sending may take
KEPT: Final = timedelta(days=90)  # messages, and alarms that are over
FORGOTTEN_AT_ONCE: Final = 1_000
LOST: Final = "The worker ended before it was noted what came of it; it may have been sent."


class Claimed(Struct, frozen=True):
    """A message that is ours to send until its lease ends; ``tries`` counts this one."""

    alert_id: int
    public_id: UUID
    token: UUID
    tries: int
    rule_id: int | None
    channel: str
    address: str
    sender: str
    subject: str
    text: str
    html: str


def claim(limit: int) -> list[Claimed]:
    """Up to ``limit`` messages that are due, the longest waiting first; the try is counted."""
    token = uuid4()
    found = sql.rows(
        """WITH taken AS (UPDATE health_alert SET state = 'sending', tries = tries + 1, next_at = NULL,
               lease_until = clock_timestamp() + make_interval(secs => %s), lease_token = %s
           WHERE id IN (SELECT id FROM health_alert WHERE state = 'waiting' AND next_at <= clock_timestamp()
                        ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
           RETURNING id, public_id, lease_token, tries, rule_id, channel, address, sender, subject, text, html)
           SELECT * FROM taken ORDER BY id""",
        (LEASE_SECONDS, token, limit),
    )
    return [Claimed(*row) for row in found]


def settle(claimed: Claimed, error: str, chance: float, *, is_final: bool = False) -> bool:
    """Note what came of a try, "" that it was sent; False when the lease was not ours any more.

    ``is_final``: trying again is of no use. ``chance`` (0 ≤ x < 1) spreads the retries.
    """
    pause = None if not error or is_final else pause_before(claimed.tries, chance)
    state = "sent" if not error else "failed" if pause is None else "waiting"
    seconds = pause.total_seconds() if pause else 0
    touched = sql.execute(
        """UPDATE health_alert SET state = %s, lease_until = NULL, lease_token = NULL, error = %s,
               next_at = CASE WHEN %s = 'waiting' THEN clock_timestamp() + make_interval(secs => %s) END,
               ended_at = CASE WHEN %s = 'waiting' THEN NULL ELSE clock_timestamp() END
           WHERE id = %s AND (lease_token = %s OR (state = 'waiting' AND %s = 'sent'))""",
        (state, error[:500], state, seconds, state, claimed.alert_id, claimed.token, state),
    )
    return touched > 0


def free_the_dead() -> int:
    """Messages whose worker noted nothing within its lease wait again; how many."""
    return sql.execute(
        """UPDATE health_alert SET lease_until = NULL, lease_token = NULL, error = %s,
               state = CASE WHEN tries < %s THEN 'waiting' ELSE 'failed' END,
               next_at = CASE WHEN tries < %s THEN clock_timestamp() END,
               ended_at = CASE WHEN tries < %s THEN NULL ELSE clock_timestamp() END
           WHERE id IN (SELECT id FROM health_alert WHERE state = 'sending' AND lease_until < clock_timestamp()
                        FOR UPDATE SKIP LOCKED)""",
        (LOST, MOST_TRIES, MOST_TRIES, MOST_TRIES),
    )


def something_is_due() -> bool:
    """Whether there is a message to be sent now."""
    found = sql.rows(
        "SELECT EXISTS (SELECT FROM health_alert WHERE state = 'waiting' AND next_at <= clock_timestamp())"
    )
    return bool(found[0][0])


def forget_old() -> int:
    """Delete messages and alarms that ended before `KEPT`, some at a time; how many."""
    before = now() - KEPT
    old = Alert.objects.filter(created_at__lt=before, ended_at__isnull=False).order_by("created_at")
    messages = Alert.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])).delete()[0]
    return messages + sql.execute(
        """DELETE FROM health_alarm WHERE id IN
               (SELECT id FROM health_alarm WHERE over_at < %s AND news = '' ORDER BY over_at LIMIT %s)""",
        (before, FORGOTTEN_AT_ONCE),
    )
