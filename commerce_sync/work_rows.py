"""The rows of the work table: each change is one statement, by the clock of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from commerce_sync.engine import Done, Later
from commerce_sync.schedule import Streak, after_run
from commerce_sync.selectors import Run, outside_links
from commerce_sync.status import Outcome, code_of, is_success
from connectors.push_verdicts import Verdict
from ledger import sql

LEASE_SECONDS = 120
KINDS = ("sync", "undo", "fetch")  # of jobs that this code can do
PAYLOAD_VERSION = 1  # the newest that it can read; raised when a payload gets what older code must not overlook

# The company served longest ago comes first. One at a time are the jobs that were tried before (if it is the one that
# kills its worker, it takes nobody along twice) and those that call somebody outside: whoever is slow there keeps this
# worker waiting, and not those who would be next in its batch.
_CLAIM = """
    WITH turn AS (
        SELECT queue.company_id, job.id, queue.served_at, job.attempts > 0 OR EXISTS (
            SELECT FROM connectors_connection link WHERE link.company_id = queue.company_id AND link.status = 'Linked'
                AND link.kind || ':' || link.platform = ANY(%s)) AS alone
        FROM commerce_sync_companyqueue queue
        CROSS JOIN LATERAL (
            SELECT id, attempts FROM commerce_sync_job
            WHERE company_id = queue.company_id AND state = 'ready' AND next_at <= clock_timestamp()
            ORDER BY lane, next_at, id LIMIT 1
        ) job
        WHERE queue.next_at <= clock_timestamp()
        ORDER BY queue.lane, queue.served_at LIMIT %s FOR UPDATE OF queue SKIP LOCKED
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY alone ORDER BY served_at, id) AS place FROM turn
    ), taken AS (
        UPDATE commerce_sync_job job SET state = 'running', attempts = job.attempts + 1, lease_token = %s,
            lease_until = clock_timestamp() + make_interval(secs => %s),
            key = CASE WHEN job.key LIKE 'event:%%' OR job.key LIKE 'retry:%%' THEN 'began:' || job.id
                ELSE job.key END
        FROM ranked WHERE job.id = ranked.id AND (NOT ranked.alone OR ranked.place = 1)
        RETURNING job.id, job.company_id, ranked.alone
    ), served AS (
        UPDATE commerce_sync_companyqueue queue SET served_at = clock_timestamp(), next_at = NULL
        FROM taken WHERE queue.company_id = taken.company_id
    )
    SELECT id FROM taken ORDER BY alone, id
"""
_BEGIN = """
    WITH begun AS (
        INSERT INTO commerce_sync_sync (public_id, company_id, trigger, code, stage, started_at, counts, failure_code,
            failure_sentence, failure_remedy, failure_turn, correlation)
        SELECT gen_random_uuid(), company_id, coalesce(payload ->> 'trigger', 'schedule'), 1000, 'queued',
            clock_timestamp(), '{}', '', '', '', '', ''
        FROM commerce_sync_job
        WHERE id = ANY(%s) AND sync_id IS NULL AND kind IN ('sync', 'undo') AND payload_version <= %s
        ON CONFLICT DO NOTHING RETURNING id, company_id
    )
    UPDATE commerce_sync_job job SET sync_id = begun.id FROM begun
    WHERE job.id = ANY(%s) AND job.sync_id IS NULL AND job.kind IN ('sync', 'undo')
        AND job.company_id = begun.company_id
"""


def claim(limit: int, token: UUID) -> list[int]:
    """Claim up to `limit` jobs of different companies, attempts counted; inside the caller's transaction."""
    ids = [job_id for (job_id,) in sql.rows(_CLAIM, (outside_links(), limit, token, LEASE_SECONDS))]
    if ids:
        sql.execute(_BEGIN, (ids, PAYLOAD_VERSION, ids))
    return ids


def is_due() -> bool:
    """Whether any company has work that may start now, though others may be claiming it in this moment."""
    found = sql.rows("SELECT EXISTS (SELECT FROM commerce_sync_companyqueue WHERE next_at <= clock_timestamp())")
    return bool(found[0][0])


def running_jobs() -> list[tuple[int, UUID]]:
    """The jobs that somebody works on, or worked on when they died."""
    found = sql.rows("SELECT id, lease_token FROM commerce_sync_job WHERE state = 'running' ORDER BY id")
    return [(job_id, token) for job_id, token in found]


def free(jobs: Sequence[tuple[int, UUID]], *, uncount: bool, seconds: float = 0) -> int:
    """Make running jobs ready again, in `seconds`: their worker is dead, or (`uncount`) never came to them."""
    if not jobs:
        return 0
    return sql.execute(
        """WITH freed AS (
               UPDATE commerce_sync_job job SET state = 'ready', lease_until = NULL, lease_token = NULL,
                   next_at = clock_timestamp() + make_interval(secs => %s), attempts = job.attempts - %s
               FROM unnest(%s::bigint[], %s::uuid[]) AS held(id, token)
               WHERE job.id = held.id AND job.lease_token = held.token AND job.state = 'running'
               RETURNING job.company_id, job.next_at
           )
           UPDATE commerce_sync_companyqueue queue SET next_at = least(queue.next_at, freed.next_at)
           FROM freed WHERE queue.company_id = freed.company_id""",
        (seconds, int(uncount), [job_id for job_id, _ in jobs], [token for _, token in jobs]),
    )


# The queue learns when the company's next job may start. This one is still in the snapshot, so it is left out by id; a
# `next_at` that is there already was set by somebody who brought work meanwhile, and their job is not in the snapshot.
_CONCLUDE = """
    WITH held AS (
        DELETE FROM commerce_sync_job WHERE id = %s AND lease_token = %s RETURNING id, company_id, sync_id
    ), queue AS (
        UPDATE commerce_sync_companyqueue queue SET next_at = least(queue.next_at, (
            SELECT min(next_at) FROM commerce_sync_job job
            WHERE job.company_id = queue.company_id AND job.state = 'ready' AND job.id <> held.id))
        FROM held WHERE queue.company_id = held.company_id
    ), schedule AS (
        UPDATE commerce_sync_schedule schedule SET failing_days = %s, failing_through = %s, last_success_through = %s,
            paused_at = CASE WHEN %s THEN coalesce(paused_at, clock_timestamp()) ELSE paused_at END,
            pause_reason = CASE WHEN %s THEN %s ELSE pause_reason END
        FROM held WHERE schedule.company_id = held.company_id AND %s
    ), told AS (
        INSERT INTO ledger_auditentry (public_id, partner_id, company_id, code, subject, actor, detail, at)
        SELECT gen_random_uuid(), company.partner_id, company.id, told.code, %s, 'engine', %s, clock_timestamp()
        FROM held JOIN ledger_company company ON company.id = held.company_id, unnest(%s::text[]) AS told(code)
    )
    UPDATE commerce_sync_sync sync SET code = %s, stage = 'done', finished_at = clock_timestamp(), counts = %s,
        through_day = %s, failure_code = %s, failure_sentence = %s, failure_remedy = %s, failure_turn = %s
    FROM held WHERE sync.id = held.sync_id
"""


class Ended(NamedTuple):
    """How a run ended, for whoever drained it."""

    code: int
    was_ours: bool


def conclude(run: Run, done: Done) -> Ended:
    """End the sync, its job and its day, and tell about it, in one statement; nothing, if the lease is not ours."""
    code = code_of(done.outcome)
    through = done.through or run.through_day
    streak = run.streak or Streak()
    if through is not None:
        streak = _after(streak, through, code)
    paused = streak.is_over
    verdict = done.verdict or ("", "", "", "")
    codes = ["sync.succeeded" if is_success(code) else "sync.failed", *(["sync.paused"] if paused else [])]
    if run.kind == "fetch":  # no sync: nothing to tell
        codes = []
    if run.trigger == "undo":  # it has told what it did itself
        codes = [] if is_success(code) else ["sync.undo_failed"]
    detail = {"code": code, "through": str(through or ""), "counts": done.counts, "failure": verdict[0]}
    reason = f"{streak.failing_days} days in a row failed."
    touched = sql.execute(
        _CONCLUDE,
        (run.job_id, run.lease_token, *streak, paused, paused, reason, run.streak is not None, str(run.act),
         Jsonb(detail), codes, code, Jsonb(done.counts), through, *verdict),
        keep_plan=True,
    )  # fmt: skip
    return Ended(code, touched > 0)


def _after(streak: Streak, through: date, code: int) -> Streak:
    return after_run(streak, through, succeeded=is_success(code))


_POSTPONE = """
    WITH held AS (
        UPDATE commerce_sync_job SET state = 'ready', attempts = CASE WHEN %s THEN 0 ELSE attempts END,
            next_at = clock_timestamp() + make_interval(secs => %s), lease_until = NULL, lease_token = NULL,
            last_error = %s
        WHERE id = %s AND lease_token = %s RETURNING id, company_id, sync_id, next_at
    ), queue AS (
        UPDATE commerce_sync_companyqueue queue SET next_at = least(queue.next_at, held.next_at, (
            SELECT min(next_at) FROM commerce_sync_job job
            WHERE job.company_id = queue.company_id AND job.state = 'ready' AND job.id <> held.id))
        FROM held WHERE queue.company_id = held.company_id
    )
    UPDATE commerce_sync_sync sync SET stage = coalesce(%s, sync.stage), counts = coalesce(%s, sync.counts),
        through_day = coalesce(%s, sync.through_day)
    FROM held WHERE sync.id = held.sync_id
"""


def postpone(run: Run, later: Later) -> bool:
    """The job goes on later; it got somewhere, so its attempts are forgotten. False: the lease was not ours."""
    counts = Jsonb(later.counts)
    job = (True, later.seconds, "", run.job_id, run.lease_token)
    return sql.execute(_POSTPONE, (*job, later.stage, counts, later.through)) > 0


def fail(run: Run, error: str, seconds: float) -> None:
    """The attempt failed; the next one is in `seconds`."""
    job = (False, seconds, error, run.job_id, run.lease_token)
    sql.execute(_POSTPONE, (*job, None, None, None))


def bury(run: Run, error: str) -> None:
    """The job has failed too often: it stays, dead, for people to read."""
    with sql.unit_of_work():
        sql.execute(
            """INSERT INTO commerce_sync_job (kind, company_id, sync_id, key, payload_version, payload, lane, state,
                   attempts, max_attempts, next_at, last_error, created_at)
               SELECT kind, company_id, sync_id, 'dead:' || id, payload_version, payload, lane, 'dead', attempts,
                   max_attempts, next_at, coalesce(nullif(%s, ''), last_error), created_at
               FROM commerce_sync_job WHERE id = %s AND lease_token = %s""",
            (error, run.job_id, run.lease_token),
        )
        conclude(run, Done(Outcome("internal"), run.counts, None, _INTERNAL))


def beat(slot: str, detail: str) -> None:
    """This slot is alive."""
    sql.execute(
        """INSERT INTO commerce_sync_heartbeat (slot, at, detail) VALUES (%s, clock_timestamp(), %s)
           ON CONFLICT (slot) DO UPDATE SET at = excluded.at, detail = excluded.detail""",
        (slot, detail[:200]),
    )


_INTERNAL = Verdict("internal", "The sync failed repeatedly for a reason of ours.", "Support is told.", "support")
