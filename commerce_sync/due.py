"""What has become due becomes work: one set-based statement, which costs what is due and not what exists."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from commerce_sync.schedule import Rhythm, next_due
from ledger import sql

SWEEP_ROWS: Final = 5_000  # due schedules in one statement

_RHYTHMS_DUE = """
    SELECT DISTINCT frequency, hour, day_of_month, zone FROM (
        SELECT frequency, hour, day_of_month, zone FROM commerce_sync_schedule
        WHERE enabled AND paused_at IS NULL AND next_due_at <= %s ORDER BY next_due_at LIMIT %s
    ) due
"""
# One statement claims what is due, moves it on and makes the work: all of it or nothing. SKIP LOCKED lets two sweeps
# share the rows. A rhythm that was changed between the two statements is not in `upcoming` and stays due. The work may
# begin by the clock of the database, which claims it: by that of a host that is ahead it would wait.
SWEEP = """
    WITH upcoming AS (
        SELECT * FROM unnest(%s::text[], %s::int[], %s::int[], %s::text[], %s::timestamptz[])
            AS t(frequency, hour, day_of_month, zone, next_at)
    ), due AS (
        SELECT company_id, next_due_at FROM commerce_sync_schedule
        WHERE enabled AND paused_at IS NULL AND next_due_at <= %s
        ORDER BY next_due_at LIMIT %s FOR UPDATE SKIP LOCKED
    ), moved AS (
        UPDATE commerce_sync_schedule schedule SET next_due_at = upcoming.next_at
        FROM due, upcoming
        WHERE schedule.company_id = due.company_id AND upcoming.frequency = schedule.frequency
            AND upcoming.hour = schedule.hour AND upcoming.day_of_month = schedule.day_of_month
            AND upcoming.zone = schedule.zone
        RETURNING schedule.company_id, schedule.frequency, due.next_due_at AS due_at
    ), jobs AS (
        INSERT INTO commerce_sync_job (kind, company_id, key, payload_version, payload, lane, state, attempts,
            max_attempts, next_at, last_error, created_at)
        SELECT 'sync', company_id, 'sync:' || company_id || ':' || extract(epoch FROM due_at)::bigint, 1,
            jsonb_build_object('due_at', due_at,
                'trigger', CASE frequency WHEN 'hourly' THEN 'hourly' ELSE 'schedule' END),
            0, 'ready', 0, 8, least(%s, clock_timestamp()), '', clock_timestamp()
        FROM moved ON CONFLICT (key) DO NOTHING
    ), queued AS (
        INSERT INTO commerce_sync_companyqueue (company_id, lane, served_at, next_at)
        SELECT company_id, 0, '-infinity', least(%s, clock_timestamp()) FROM moved
        ON CONFLICT (company_id) DO UPDATE SET lane = 0,
            next_at = least(commerce_sync_companyqueue.next_at, excluded.next_at)
    )
    SELECT count(*) FROM moved
"""


def sweep_due(at: datetime) -> int:
    """Turn the schedules that are due at `at` into jobs; how many, at most `SWEEP_ROWS`."""
    found = sql.rows(_RHYTHMS_DUE, (at, SWEEP_ROWS))
    if not found:
        return 0
    rhythms = [Rhythm(*row) for row in found]
    columns = [list(column) for column in zip(*rhythms, strict=True)]
    upcoming = [next_due(rhythm, at) for rhythm in rhythms]
    with sql.unit_of_work():
        return int(sql.rows(SWEEP, (*columns, upcoming, at, SWEEP_ROWS, at, at))[0][0])
