"""The rows of deliveries: each change is one transaction, by the clock of the database.

A delivery is one worker's while its lease lasts; a worker that dies leaves it to the others. Locks are always taken in
this order: endpoint, then deliveries.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from health.models.webhook_attempt import MOST_ANSWER
from health.webhooks.call import Answer
from health.webhooks.retry import FAILING_FOR, MOST_TRIES, pause_before, rest_after
from ledger import sql
from ledger.models import Partner
from ledger.services import audit

LEASE_SECONDS: Final = 120  # longer than any call may take, with its look-up of the name
SHARE: Final = 2  # deliveries under way to one endpoint at once
LOST: Final = "The worker ended before the answer was noted; it may have arrived."
DISABLED: Final = "The endpoint is disabled; replay this once it is enabled again."


class Claimed(NamedTuple):
    """A delivery that is ours to send until its lease ends. Secrets are sealed still; ``tries`` counts this one."""

    delivery_id: int
    event_id: UUID
    token: UUID
    tries: int
    attempt: int
    body: bytes
    endpoint_id: int
    endpoint: UUID
    url: str
    sealed_secret: bytes
    sealed_former: bytes | None


# The endpoints with something waiting are found by skipping through the index from one to the next, so the cost is
# theirs and not that of the deliveries. Whoever has an endpoint locked is claiming for it: others take other endpoints.
_CLAIM: Final = """
    WITH RECURSIVE busy AS (
        (SELECT endpoint_id FROM health_webhookdelivery WHERE state = 'waiting' ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT (SELECT endpoint_id FROM health_webhookdelivery
                WHERE state = 'waiting' AND endpoint_id > busy.endpoint_id ORDER BY endpoint_id LIMIT 1)
        FROM busy WHERE busy.endpoint_id IS NOT NULL
    ), turn AS MATERIALIZED (
        SELECT endpoint.id, %s - (SELECT count(*) FROM health_webhookdelivery delivery
                                  WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'sending') AS room
        FROM health_webhookendpoint endpoint
        WHERE endpoint.id IN (SELECT endpoint_id FROM busy) AND endpoint.disabled_at IS NULL
            AND (endpoint.rests_until IS NULL OR endpoint.rests_until <= clock_timestamp())
            AND EXISTS (SELECT FROM health_webhookdelivery delivery WHERE delivery.endpoint_id = endpoint.id
                        AND delivery.state = 'waiting' AND delivery.next_at <= clock_timestamp())
        ORDER BY endpoint.served_at NULLS FIRST LIMIT %s FOR NO KEY UPDATE OF endpoint SKIP LOCKED
    ), picked AS (
        SELECT due.id FROM turn CROSS JOIN LATERAL (
            SELECT id FROM health_webhookdelivery delivery
            WHERE delivery.endpoint_id = turn.id AND state = 'waiting' AND next_at <= clock_timestamp()
            ORDER BY next_at, id LIMIT greatest(turn.room, 0) FOR UPDATE SKIP LOCKED
        ) due LIMIT %s
    ), taken AS (
        UPDATE health_webhookdelivery delivery SET state = 'sending', tries = tries + 1, attempts = attempts + 1,
            next_at = NULL, lease_until = clock_timestamp() + make_interval(secs => %s), lease_token = %s
        FROM picked WHERE delivery.id = picked.id
        RETURNING delivery.id, delivery.event_id, delivery.endpoint_id, delivery.tries, delivery.attempts
    ), served AS (
        UPDATE health_webhookendpoint endpoint SET served_at = clock_timestamp()
        WHERE endpoint.id IN (SELECT endpoint_id FROM taken)
    )
    SELECT taken.id, event.public_id, %s, taken.tries, taken.attempts, event.body, endpoint.id, endpoint.public_id,
        endpoint.url, endpoint.sealed_secret,
        CASE WHEN endpoint.former_until > clock_timestamp() THEN endpoint.sealed_former END
    FROM taken JOIN health_webhookevent event ON event.id = taken.event_id
    JOIN health_webhookendpoint endpoint ON endpoint.id = taken.endpoint_id
    ORDER BY taken.id
"""


def claim(limit: int) -> list[Claimed]:
    """Up to ``limit`` deliveries that are due, of the endpoints that were served longest ago; the try is counted."""
    token = uuid4()
    found = sql.rows(_CLAIM, (SHARE, limit, limit, LEASE_SECONDS, token, token))
    return [Claimed(*row) for row in found]


def something_is_due() -> bool:
    """Whether there is something to tell, or to send to an endpoint that does not rest."""
    found = sql.rows(
        """SELECT EXISTS (SELECT FROM health_heard) OR EXISTS (
               SELECT FROM health_webhookdelivery delivery
               JOIN health_webhookendpoint endpoint ON endpoint.id = delivery.endpoint_id
               WHERE delivery.state = 'waiting' AND delivery.next_at <= clock_timestamp()
                   AND endpoint.disabled_at IS NULL
                   AND (endpoint.rests_until IS NULL OR endpoint.rests_until <= clock_timestamp()))"""
    )
    return bool(found[0][0])


def free_the_dead() -> int:
    """Deliveries whose worker has not noted an answer within its lease wait again, under the same id; how many."""
    with sql.unit_of_work():
        found = sql.rows(
            """UPDATE health_webhookdelivery SET lease_until = NULL, lease_token = NULL, last_error = %s,
                   last_status = NULL, state = CASE WHEN tries < %s THEN 'waiting' ELSE 'failed' END,
                   next_at = CASE WHEN tries < %s THEN clock_timestamp() END,
                   ended_at = CASE WHEN tries < %s THEN NULL ELSE clock_timestamp() END
               WHERE id IN (SELECT id FROM health_webhookdelivery
                            WHERE state = 'sending' AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED)
               RETURNING id, attempts""",
            (LOST, MOST_TRIES, MOST_TRIES, MOST_TRIES),
        )
        for delivery_id, attempt in found:
            _log(delivery_id, attempt, Answer(error=LOST))
    return len(found)


def settle(claimed: Claimed, answer: Answer, chance: float) -> bool:
    """Note what came of a try, and what follows from it; False when the lease was not ours any more.

    ``chance`` (0 ≤ x < 1) spreads the retries.
    """
    with sql.unit_of_work():
        endpoint = sql.rows(
            """SELECT failures, failing_since, partner_id, clock_timestamp() FROM health_webhookendpoint
               WHERE id = %s FOR NO KEY UPDATE""",
            (claimed.endpoint_id,),
        )
        if not endpoint:
            return False  # deleted meanwhile, with its log
        is_ours = _note(claimed, answer, chance)
        _log(claimed.delivery_id, claimed.attempt, answer)
        if answer.delivered:
            sql.execute(
                """UPDATE health_webhookendpoint SET delivered_at = clock_timestamp(), failing_since = NULL,
                       failures = 0, rests_until = NULL WHERE id = %s""",
                (claimed.endpoint_id,),
            )
        else:
            _blame(claimed, answer, *endpoint[0])
    return is_ours


def _note(claimed: Claimed, answer: Answer, chance: float) -> bool:
    pause = None if answer.delivered else pause_before(claimed.tries, chance, answer.asked)
    state = "delivered" if answer.delivered else "failed" if pause is None else "waiting"
    seconds = pause.total_seconds() if pause else 0
    touched = sql.execute(
        """UPDATE health_webhookdelivery SET state = %s, lease_until = NULL, lease_token = NULL, last_status = %s,
               last_error = %s,
               next_at = CASE WHEN %s = 'waiting' THEN clock_timestamp() + make_interval(secs => %s) END,
               ended_at = CASE WHEN %s = 'waiting' THEN NULL ELSE clock_timestamp() END
           WHERE id = %s AND (lease_token = %s OR (state = 'waiting' AND %s = 'delivered'))""",
        (state, answer.status, answer.error, state, seconds, state, claimed.delivery_id, claimed.token, state),
    )
    return touched > 0


def _log(delivery_id: int, number: int, answer: Answer) -> None:
    sql.execute(
        """INSERT INTO health_webhookattempt (delivery_id, number, started_at, duration_ms, status, answer, error)
           SELECT id, %s, coalesce(%s, clock_timestamp()), %s, %s, %s, %s FROM health_webhookdelivery WHERE id = %s
           ON CONFLICT (delivery_id, number) DO UPDATE SET duration_ms = excluded.duration_ms,
               status = excluded.status, answer = excluded.answer, error = excluded.error
           WHERE excluded.duration_ms IS NOT NULL""",
        (number, answer.started_at, answer.duration_ms, answer.status, answer.text[:MOST_ANSWER], answer.error,
         delivery_id),
    )  # fmt: skip


def _blame(
    claimed: Claimed, answer: Answer, failures: int, since: datetime | None, partner_id: int, at: datetime
) -> None:
    """The endpoint failed once more: let it rest, or disable it."""
    if answer.gone:
        disable(claimed.endpoint_id, partner_id, "It answered 410: it wants no webhooks any more.", "webhooks")
        return
    rest = rest_after(failures + 1, answer.asked)
    sql.execute(
        """UPDATE health_webhookendpoint SET failures = failures + 1,
               failing_since = coalesce(failing_since, clock_timestamp()),
               rests_until = clock_timestamp() + make_interval(secs => %s) WHERE id = %s""",
        (rest.total_seconds() if rest else 0, claimed.endpoint_id),
    )
    if since is not None and at - since >= FAILING_FOR:
        reason = f"It has failed for {_days(at - since)} days, the last time so: {answer.error}"
        disable(claimed.endpoint_id, partner_id, reason[:300], "webhooks")


def disable(endpoint_id: int, partner_id: int, reason: str, actor: str) -> bool:
    """Send nothing to it any more; False when it was disabled already. Joins the caller's transaction, in which the
    endpoint is locked."""
    touched = sql.rows(
        """UPDATE health_webhookendpoint SET disabled_at = clock_timestamp(), disabled_reason = %s
           WHERE id = %s AND disabled_at IS NULL RETURNING public_id""",
        (reason[:300], endpoint_id),
    )
    if not touched:
        return False
    sql.execute(
        """UPDATE health_webhookdelivery SET state = 'failed', next_at = NULL, ended_at = clock_timestamp(),
               last_error = %s WHERE endpoint_id = %s AND state = 'waiting'""",
        (DISABLED, endpoint_id),
    )
    partner = Partner.objects.get(pk=partner_id)
    audit(code="webhook.disabled", actor=actor, partner=partner, subject=str(touched[0][0]), detail={"reason": reason})
    return True


def _days(span: timedelta) -> int:
    return span // timedelta(days=1)
