"""The due-scan: a hundred thousand merchants have a schedule, a hundred of them are due, two workers come at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from statistics import median

from django.db import transaction

from commerce_sync import due as due_scan
from commerce_sync import work
from commerce_sync.schedule import Rhythm, next_due
from ledger import sql
from ledger.services import now
from tests.benchmarks import real
from tests.benchmarks.database import BenchmarkDatabase, use
from tests.benchmarks.measuring import Result, Stopwatch, progress

DUE_GOAL_MS = 10.0
ZONES = ("Europe/London", "America/Toronto", "Asia/Tokyo", "Australia/Sydney", "America/Los_Angeles")
REPEATS = 7


def measure(database: BenchmarkDatabase, schedules: int, due: int) -> list[Result]:
    """The time of the claiming statement in the database, and that nobody is claimed twice or never."""
    database.fresh()
    _fill(schedules, due)
    progress(f"{schedules:,} schedules, {due} of them due")
    executing = median(_explained(due) for _ in range(REPEATS))
    watch = Stopwatch()
    for _ in range(REPEATS):
        with transaction.atomic(), watch.timed("sweep"):
            swept = due_scan.sweep_due(now())
            transaction.set_rollback(True)
        assert swept == due, swept
    detail = f"whole sweep as the worker sees it {watch.median('sweep') * 1_000:.1f} ms"
    results = [Result(f"claiming {due} due of {schedules:,}", executing, DUE_GOAL_MS, "ms", detail)]
    claims = _claims_of_two_workers(database)
    found = sql.rows("SELECT count(*), count(DISTINCT company_id) FROM commerce_sync_sync")[0]
    wrong = abs(sum(claims) - due) + abs(found[0] - due) + abs(found[1] - due)
    detail = f"two workers swept {claims[0]} + {claims[1]}; {found[0]} syncs of {found[1]} companies"
    return [*results, Result("claimed twice or never", wrong, 0, "", detail)]


def _fill(schedules: int, due: int) -> None:
    partner = real.new_partner()
    sql.execute(
        """INSERT INTO ledger_company (public_id, partner_id, name, currency, zone, created_at)
           SELECT gen_random_uuid(), %s, 'Merchant ' || n, 'GBP', 'Europe/London', now()
           FROM generate_series(1, %s) AS n""",
        (partner.pk, schedules),
    )
    at = now()
    sql.execute(
        """INSERT INTO commerce_sync_schedule (company_id, frequency, hour, day_of_month, zone, next_due_at, enabled,
               failing_days, pause_reason)
           SELECT id, 'daily', n %% 24, 1, (%s::text[])[n %% 5 + 1],
               CASE WHEN n %% (%s / %s) = 0 THEN %s - interval '1 minute' ELSE %s + n * interval '1 second' END,
               true, 0, ''
           FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ledger_company) AS company""",
        (list(ZONES), schedules, due, at, at + timedelta(minutes=5)),
    )
    sql.execute("ANALYZE commerce_sync_schedule")


def _explained(due: int) -> float:
    """Milliseconds of the claiming statement, planning included, by the database's own word; rolled back."""
    at = now()
    rhythms = [Rhythm("daily", hour, 1, zone) for hour in range(24) for zone in ZONES]
    columns = [list(column) for column in zip(*rhythms, strict=True)]
    upcoming = [next_due(rhythm, at) for rhythm in rhythms]
    with transaction.atomic(), sql.cursor() as cursor:
        parameters = (*columns, upcoming, at, due_scan.SWEEP_ROWS, at, at)
        plan = cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {due_scan.SWEEP}", parameters).fetchall()[0][0][0]
        transaction.set_rollback(True)
    milliseconds: float = plan["Planning Time"] + plan["Execution Time"]
    return milliseconds


def _claims_of_two_workers(database: BenchmarkDatabase) -> list[int]:
    """Two processes sweep and work at the same moment; how many schedules each of them claimed."""
    command = [sys.executable, "-m", "tests.benchmarks.measure_due_worker", database.name]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for worker in workers:  # both are ready before either begins
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    claims = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        output, _ = worker.communicate(timeout=120)
        claims.append(int(output))
    return claims


def work_once(name: str) -> None:
    """What each worker process does, in the database of this name."""
    use(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    swept = work.sweep()
    work.drain(60)
    sys.stdout.write(f"{swept}\n")
