"""What starts, schedules, pauses and resumes syncs. Keyword-only; each call is one transaction."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from psycopg.types.json import Jsonb

from commerce_sync import correlation, status
from commerce_sync.models import Job, Schedule, Sync
from commerce_sync.schedule import ResumeConflict, Rhythm, next_due, resume_conflict
from commerce_sync.tasks import ring
from commerce_sync.undo_rows import bring_back_days
from connectors.models import Connection
from connectors.reading import ItemResult
from connectors.services import receive
from ledger import sql
from ledger.models import Company
from ledger.services import audit, now
from ledger.zones import check_hour, zone_of


class AlreadyRunning(Exception):
    """Another sync of the company has not ended. `code` is what the public API says."""

    code = status.DUPLICATE


class CannotResume(Exception):
    """Some days would be met twice or never; `conflict` names them."""

    def __init__(self, conflict: ResumeConflict) -> None:
        self.conflict = conflict
        super().__init__(f"{conflict.kind}: {conflict.first} to {conflict.last}")


@transaction.atomic
def request_sync(
    *,
    company: Company,
    trigger: str = "request",
    through: date | None = None,
    from_day: date | None = None,
    with_undone: bool = True,
) -> Sync:
    """A new sync and its job; the bell rings when this transaction commits.

    `through` is its last business day, by default the last whole one when it starts. A historic one from `from_day` on
    brings back what was undone of its days, unless it is `with_undone` False. Raises `AlreadyRunning`.
    """
    at = now()
    try:
        with transaction.atomic():
            sync = Sync.objects.create(
                company=company,
                trigger=trigger,
                through_day=through,
                from_day=from_day,
                started_at=at,
                correlation=correlation.current(),
            )
    except IntegrityError as error:
        if "sync_one_unfinished" in str(error):
            raise AlreadyRunning(company.name) from None
        raise
    if trigger == Sync.Trigger.HISTORIC and from_day is not None and with_undone:
        bring_back_days(run=sync, from_day=from_day, through=through)
    lane = Job.Lane.BULK if trigger == Sync.Trigger.HISTORIC else Job.Lane.ORDINARY
    kind = "undo" if trigger == Sync.Trigger.UNDO else "sync"
    Job.objects.create(
        kind=kind, company=company, sync=sync, key=f"request:{sync.public_id}", lane=lane, next_at=Now(), created_at=at
    )
    enqueue(company.pk, lane)
    ring()
    return sync


@transaction.atomic
def receive_sales(*, connection: Connection, dataset: str, body: bytes) -> list[ItemResult]:
    """Store what is pushed (`connectors.services.receive`, and what it raises), and for a company that is synced on
    each event see to its sync, in the same transaction: what came in is never without the work that it asks for."""
    results = receive(connection=connection, dataset=dataset, body=body)
    if any(result.status in ("new", "changed") for result in results):
        on_event = Schedule.objects.filter(
            company_id=connection.company_id, frequency=Schedule.Frequency.EVENT, enabled=True, paused_at=None
        )
        if on_event.exists():
            note_event(company_id=connection.company_id)
    return results


@transaction.atomic
def note_event(*, company_id: int) -> None:
    """Something changed at a platform of this company. Events that come before the sync has begun become one."""
    _note(company_id, "event")


@transaction.atomic
def note_retry(*, company_id: int) -> None:
    """Documents of this company may be delivered now: once no sync runs. Several wishes for that become one."""
    _note(company_id, "retry")


def _note(company_id: int, trigger: str) -> None:
    at = now()
    sql.execute(
        """INSERT INTO commerce_sync_job (kind, company_id, key, payload_version, payload, lane, state, attempts,
               max_attempts, next_at, last_error, created_at)
           VALUES ('sync', %s, %s, 1, %s, 0, 'ready', 0, 8, clock_timestamp(), '', %s)
           ON CONFLICT (key) DO NOTHING""",
        (company_id, f"{trigger}:{company_id}", Jsonb({"trigger": trigger}), at),
    )
    enqueue(company_id, Job.Lane.ORDINARY)
    ring()


def enqueue(company_id: int, lane: int) -> None:
    """Let the company have its turn; for whoever writes a job, in the same transaction."""
    sql.execute(
        """INSERT INTO commerce_sync_companyqueue (company_id, lane, served_at, next_at)
           VALUES (%s, %s, '-infinity', clock_timestamp())
           ON CONFLICT (company_id) DO UPDATE SET lane = excluded.lane,
               next_at = least(commerce_sync_companyqueue.next_at, excluded.next_at)""",
        (company_id, lane),
    )


@transaction.atomic
def save_schedule(
    *, company: Company, frequency: str, hour: int, zone: str, actor: str, day_of_month: int = 1, enabled: bool = True
) -> Schedule:
    """When the company is synced by itself. Raises `ledger.zones.UnknownZone`, ValueError for hour or frequency."""
    zone_of(zone)
    check_hour(hour)
    if frequency not in Schedule.Frequency.values or not 1 <= day_of_month <= 28:
        raise ValueError(f"{frequency!r} on day {day_of_month} is no rhythm")
    rhythm = Rhythm(frequency, hour, day_of_month, zone)  # type: ignore[arg-type]  # one of them, by the line above
    said = {**rhythm._asdict(), "enabled": enabled}
    before = Schedule.objects.filter(company=company).first()
    changes = {name: [getattr(before, name, ""), value] for name, value in said.items()}
    facts = {**said, "next_due_at": next_due(rhythm, now())}
    schedule, _ = Schedule.objects.update_or_create(company=company, defaults=facts)
    changed = {name: both for name, both in changes.items() if both[0] != both[1]}
    detail = {"enabled": enabled, "changes": changed}
    audit(code="schedule.changed", actor=actor, company=company, subject=str(schedule), detail=detail)
    return schedule


@transaction.atomic
def pause(*, company: Company, reason: str, actor: str) -> None:
    """No run by itself from now on; what runs already ends. Twice changes nothing."""
    running = Schedule.objects.filter(company=company, paused_at__isnull=True)
    if running.update(paused_at=now(), pause_reason=reason[:300]):
        audit(code="sync.paused", actor=actor, company=company, subject=reason[:200])


@transaction.atomic
def resume(*, company: Company, start_on: date, actor: str, accept: bool = False, reason: str = "") -> None:
    """Go on from business day `start_on`. Raises `CannotResume` for days met twice or never, unless `accept`."""
    schedule = Schedule.objects.select_for_update().get(company=company)
    conflict = resume_conflict(start_on, schedule.last_success_through)
    if conflict is not None and not accept:
        raise CannotResume(conflict)
    rhythm = Rhythm(schedule.frequency, schedule.hour, schedule.day_of_month, schedule.zone)  # type: ignore[arg-type]
    schedule.next_due_at = next_due(rhythm, now())
    schedule.start_on, schedule.paused_at, schedule.pause_reason = start_on, None, ""
    schedule.failing_days, schedule.failing_through = 0, None
    schedule.save()
    detail = {"why": reason} if reason else {}
    audit(code="sync.resumed", actor=actor, company=company, subject=start_on.isoformat(), detail=detail)
