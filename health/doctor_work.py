"""The doctor's look at work: is it claimed in time, by living workers, and does it end well."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from django.conf import settings
from django_q.models import Schedule as BellSchedule

from commerce_sync.checks import queue_problems
from commerce_sync.status import NOTHING_TO_WRITE, WRITTEN
from commerce_sync.tasks import TICK
from health.checkup import Check, failure, ok, span, warning
from ledger import sql

LATE_WARNING_SECONDS: Final = 300
LATE_FAILURE_SECONDS: Final = 900
_START_WORKERS: Final = "Start `manage.py qcluster` (or `manage.py run_worker`), and see that it is kept running."


def queue_settings() -> Check:
    """The queue cannot run a task twice or for ever."""
    found = list(queue_problems(settings.Q_CLUSTER))
    if found:
        said = "; ".join(str(each.msg) for each in found)
        return failure("queue settings", said, str(found[0].hint or "Correct Q_CLUSTER in settings.py."))
    return ok("queue settings", "safe")


def schedules() -> Check:
    """The minute's bell is there, and no company's due time has been passed over."""
    late, oldest = sql.rows(
        """SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(next_due_at)), 0)::float8
           FROM commerce_sync_schedule WHERE enabled AND paused_at IS NULL
               AND next_due_at < clock_timestamp() - make_interval(secs => %s)""",
        (LATE_WARNING_SECONDS,),
    )[0]
    if late:
        said = f"{late} companies are due and not claimed, the first for {span(oldest)}"
        level = failure if oldest > LATE_FAILURE_SECONDS else warning
        return level("schedules", said, _START_WORKERS)
    bell = minute_bell()
    return ok("schedules", f"{bell.said}, nothing is overdue") if bell.level == "ok" else bell


def minute_bell() -> Check:
    """The bell is there that makes qcluster sweep each minute."""
    others = list(BellSchedule.objects.exclude(func=TICK).values_list("name", "func")[:5])
    if others:
        named = ", ".join(f"“{name or 'without a name'}” ({func})" for name, func in others)
        remedy = "Delete them (django_q.models.Schedule), unless you know why they are there: one that is malformed "
        return warning(
            "schedules", f"qcluster has schedules that we did not make: {named}", remedy + "stops the minute's bell."
        )
    if BellSchedule.objects.filter(func=TICK).exists():
        return ok("schedules", "the minute's bell is there")
    remedy = "Run: manage.py shell -c 'from commerce_sync.tasks import ensure_schedules; ensure_schedules()'"
    return warning("schedules", "qcluster has no minute's bell, so it would sweep nothing", remedy)


class Due(NamedTuple):
    """The jobs that could be worked on now: how many, since when the first of them, and how long ago that is."""

    jobs: int
    since: datetime | None
    seconds: float


def due_work() -> Due:
    """What waits for a worker."""
    return Due(
        *sql.rows(
            """SELECT count(*), min(next_at),
                   coalesce(extract(epoch FROM clock_timestamp() - min(next_at)), 0)::float8
               FROM commerce_sync_job WHERE state = 'ready' AND next_at <= clock_timestamp()"""
        )[0]
    )


def waiting_work() -> Check:
    """No job that is due has waited long."""
    due = due_work()
    if not due.jobs:
        return ok("work", "nothing waits")
    said = f"{due.jobs} jobs are due, the oldest for {span(due.seconds)}"
    if due.seconds > LATE_FAILURE_SECONDS:
        return failure("work", said, _START_WORKERS)
    if due.seconds > LATE_WARNING_SECONDS:
        return warning("work", said, "Start more workers, or wait if a big import is under way.")
    return ok("work", said)


class Beat(NamedTuple):
    """The last sign of life of a worker, if there was any, and how long ago it was."""

    at: datetime | None
    seconds: float | None

    @property
    def is_old(self) -> bool:
        """Whether a worker at work would have been seen since."""
        return self.seconds is None or self.seconds > LATE_WARNING_SECONDS


def last_beat() -> Beat:
    """When a worker was seen last."""
    return Beat(
        *sql.rows(
            "SELECT max(at), extract(epoch FROM clock_timestamp() - max(at))::float8 FROM commerce_sync_heartbeat"
        )[0]
    )


def are_gone(due: Due, beat: Beat) -> bool:
    """Whether work has waited for a while, and nobody was seen at it."""
    return due.seconds > LATE_WARNING_SECONDS and beat.is_old


def workers() -> Check:
    """Somebody has been seen at work since the oldest due job came; no job is held beyond its lease."""
    overdue = sql.rows(
        "SELECT count(*) FROM commerce_sync_job WHERE state = 'running' AND lease_until < clock_timestamp()"
    )[0][0]
    if overdue:
        remedy = "A worker is stopped or hangs: end its process; the next one goes on with its job."
        return warning(
            "workers", f"{overdue} jobs are held beyond their lease", remedy, "a job is held beyond its lease"
        )
    beat = last_beat()
    seen = "none has been seen yet" if beat.seconds is None else f"last seen {span(beat.seconds)} ago"
    if are_gone(due_work(), beat):
        return failure("workers", f"there is work, and {seen}", _START_WORKERS)
    return ok("workers", seen)


def dead_jobs() -> Check:
    """No job was given up."""
    count = sql.rows("SELECT count(*) FROM commerce_sync_job WHERE state = 'dead'")[0][0]
    if not count:
        return ok("dead jobs", "none")
    error = sql.rows("SELECT last_error FROM commerce_sync_job WHERE state = 'dead' ORDER BY id DESC LIMIT 1")[0][0]
    last = (error.strip().splitlines() or ["unknown"])[-1][:200]
    remedy = "Read their last error in the administration (Jobs), correct the cause, then sync the company again."
    return warning("dead jobs", f"{count} were given up; the last: {last}", remedy)


def syncs() -> Check:
    """The last sync of every company ended well, and none is paused."""
    rows = sql.rows(
        """SELECT company.name, last.code FROM ledger_company company
           JOIN LATERAL (SELECT code FROM commerce_sync_sync sync WHERE sync.company_id = company.id
                         AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1) last ON true
           WHERE last.code <> ALL(%s) ORDER BY company.id LIMIT 1000""",
        ([WRITTEN, NOTHING_TO_WRITE],),
    )
    paused = sql.rows("SELECT count(*) FROM commerce_sync_schedule WHERE paused_at IS NOT NULL")[0][0]
    if not rows and not paused:
        return ok("syncs", "the last one of every company ended well")
    named = ", ".join(f"{name} ({code})" for name, code in rows[:5])
    said = f"{len(rows)} companies failed last time{': ' + named if named else ''}; {paused} are paused"
    return warning("syncs", said, "The sync's own sentence and remedy are in the administration (Syncs).")
