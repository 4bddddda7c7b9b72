"""The work table: due work is claimed once, shared fairly, and never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django_q.models import OrmQ
from django_q.models import Schedule as BellSchedule

from commerce_sync import engine, services, tasks, work, work_rows
from commerce_sync.due import SWEEP_ROWS
from commerce_sync.models import CompanyQueue, Heartbeat, Job, Schedule, Sync
from commerce_sync.work_hold import JOB_LOCK
from ledger import sql
from ledger.models import AuditEntry, Company
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, allow_truncate, an_order, sell

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def scheduled(name: str, *, due: datetime | None = NOON, **changes: Any) -> Company:
    """A merchant with a daily schedule that is due at `due`."""
    company = a_merchant(name)
    services.save_schedule(company=company, frequency="daily", hour=4, zone="Europe/London", actor="test")
    Schedule.objects.filter(company=company).update(next_due_at=due, **changes)
    return company


@pytest.mark.django_db
class TestSweep:
    def test_what_is_due_becomes_one_job_and_is_due_again_tomorrow(self) -> None:
        company = scheduled("Due")
        scheduled("Later", due=NOON + timedelta(hours=1))
        scheduled("Off", enabled=False)
        scheduled("Paused", paused_at=NOON, pause_reason="asked")
        assert (work.sweep(NOON), work.sweep(NOON)) == (1, 0)
        job = Job.objects.get()
        assert (job.company, job.payload["trigger"], job.state) == (company, "schedule", "ready")
        assert Schedule.objects.get(company=company).next_due_at == datetime(2026, 3, 11, 4, tzinfo=UTC)

    @pytest.mark.case("G10")
    def test_a_night_out_of_service_is_one_run(self) -> None:
        company = scheduled("Due", due=NOON - timedelta(days=20))
        assert work.sweep(NOON) == 1
        due_at = Schedule.objects.get(company=company).next_due_at
        assert due_at is not None
        assert due_at > NOON

    def test_each_zone_and_hour_has_its_own_next_time(self) -> None:
        zones = ["Europe/London", "America/Toronto", "Asia/Tokyo"]
        for zone in zones:
            scheduled(zone, zone=zone, hour=6)
        assert work.sweep(NOON) == 3
        found = set(Schedule.objects.values_list("next_due_at", flat=True))
        assert found == {datetime(2026, 3, 11, 6, tzinfo=UTC), datetime(2026, 3, 11, 10, tzinfo=UTC),
                         datetime(2026, 3, 10, 21, tzinfo=UTC)}  # fmt: skip

    def test_an_hourly_run_says_so(self) -> None:
        scheduled("Hourly", frequency="hourly")
        work.sweep(NOON)
        assert Job.objects.get().payload["trigger"] == "hourly"

    def test_the_same_due_time_makes_no_second_job(self) -> None:
        company = scheduled("Due")
        work.sweep(NOON)
        Schedule.objects.filter(company=company).update(next_due_at=NOON)
        work.sweep(NOON)
        assert Job.objects.count() == 1


@pytest.mark.django_db
class TestDrain:
    @pytest.mark.case("L01")
    def test_companies_take_turns_and_the_one_served_longest_ago_comes_first(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(work, "COMPANIES_AT_ONCE", 1)
        served: list[int] = []

        def serve(run: Any) -> engine.Done:
            served.append(run.company_id)
            return engine.Done(engine.Outcome(), {})

        monkeypatch.setattr(work, "run_sync", serve)
        big, small = a_merchant("Big"), a_merchant("Small")
        for number in range(3):
            job(big, f"big:{number}")
        job(small, "small", served_at=NOON + timedelta(minutes=1))
        work.drain()
        assert served == [big.pk, small.pk, big.pk, big.pk]

    @pytest.mark.case("G14")
    def test_work_that_fails_is_tried_again_later_and_then_is_dead(self, monkeypatch: Any) -> None:
        def fail(run: Any) -> Any:
            raise ZeroDivisionError("a poison row")

        monkeypatch.setattr(work, "run_sync", fail)
        company = a_merchant()
        sync = services.request_sync(company=company)
        Job.objects.update(max_attempts=2)
        assert work.drain().failed == 1
        waiting = Job.objects.get()
        assert (waiting.state, waiting.attempts) == ("ready", 1)
        assert waiting.next_at > datetime.now(UTC)
        assert work.drain().failed == 0
        soon()
        assert work.drain().failed == 1
        dead = Job.objects.get()
        assert (dead.state, dead.attempts) == ("dead", 2)
        assert "a poison row" in dead.last_error
        sync.refresh_from_db()
        assert (sync.code, sync.failure_code) == (5000, "internal")
        assert AuditEntry.objects.filter(code="sync.failed", company=company).count() == 1

    @pytest.mark.case("G07")
    def test_the_attempt_is_counted_before_the_work(self, monkeypatch: Any) -> None:
        seen: list[int] = []
        monkeypatch.setattr(
            work, "run_sync", lambda run: seen.append(Job.objects.get().attempts) or engine.Done(engine.Outcome(), {})
        )
        services.request_sync(company=a_merchant())
        work.drain()
        assert seen == [1]

    def test_what_waits_for_the_platform_is_no_failed_attempt(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(work, "run_sync", lambda run: engine.Later(60, "push", {"records": 1}, FIRST_DAY))
        sync = services.request_sync(company=a_merchant())
        assert work.drain().later == 1
        waiting = Job.objects.get()
        assert (waiting.state, waiting.attempts, waiting.lease_token) == ("ready", 0, None)
        sync.refresh_from_db()
        assert (sync.stage, sync.through_day, sync.counts) == ("push", FIRST_DAY, {"records": 1})
        assert sync.finished_at is None

    def test_a_run_that_was_taken_over_writes_nothing(self) -> None:
        services.request_sync(company=a_merchant())
        run = claimed()
        Job.objects.update(lease_token="00000000-0000-0000-0000-000000000001")
        assert work_rows.conclude(run, engine.Done(engine.Outcome(), {})).was_ours is False
        assert work_rows.postpone(run, engine.Later(1, "push", {})) is False
        assert Sync.objects.get().finished_at is None

    @pytest.mark.case("G11")
    def test_when_time_is_over_the_rest_is_given_back_uncounted(self) -> None:
        for name in ("One", "Two", "Three"):
            services.request_sync(company=a_merchant(name))
        calls = iter([False, False, True, True])
        work.drain(stopping=lambda: next(calls))
        assert sorted(Job.objects.values_list("state", "attempts")) == [("ready", 0), ("ready", 0)]
        assert work.drain().ended == 2

    def test_a_second_job_of_a_company_waits_for_the_first_ones_sync(self) -> None:
        company = a_merchant()
        Sync.objects.create(company=company, trigger="request", started_at=NOON)
        services.note_event(company_id=company.pk)
        assert work.drain().later == 1
        assert Sync.objects.count() == 1

    @pytest.mark.case("D09")
    def test_events_before_a_run_become_one_and_an_event_during_it_is_not_lost(self, monkeypatch: Any) -> None:
        company = a_merchant()
        for _ in range(3):
            services.note_event(company_id=company.pk)
        assert Job.objects.count() == 1

        def during(run: Any) -> Any:
            if Sync.objects.count() == 1:
                services.note_event(company_id=company.pk)
            return engine.Done(engine.Outcome(), {}, FIRST_DAY)

        monkeypatch.setattr(work, "run_sync", during)
        work.drain()
        assert list(Sync.objects.values_list("trigger", flat=True)) == ["event", "event"]

    def test_a_slot_tells_that_it_is_alive(self) -> None:
        work.drain()
        assert Heartbeat.objects.count() == 1

    @pytest.mark.case("G12")
    @pytest.mark.parametrize("newer", [{"kind": "forecast"}, {"payload_version": work_rows.PAYLOAD_VERSION + 1}])
    def test_a_job_of_newer_code_is_left_to_newer_code_uncounted_and_keeps_nobody_waiting(self, newer: Any) -> None:
        theirs, ours = a_merchant("Theirs"), a_merchant("Ours")
        job(theirs, "newer")
        Job.objects.update(payload={"trigger": "event", "of_tomorrow": [1]}, **newer)
        services.request_sync(company=ours)
        drained = work.drain()
        assert (drained.ended, drained.later, drained.failed) == (1, 1, 0)
        left = Job.objects.get()
        assert (left.company, left.state, left.attempts, left.sync) == (theirs, "ready", 0, None)
        Job.objects.update(kind="sync", payload_version=work_rows.PAYLOAD_VERSION)
        soon()
        assert work.drain().ended == 1

    @pytest.mark.case("G12")
    def test_a_job_of_older_code_is_read_with_what_it_lacks(self) -> None:
        job(a_merchant(), "older")
        Job.objects.update(payload={}, payload_version=0)
        assert work.drain().ended == 1
        assert Sync.objects.get().trigger == "schedule"

    @pytest.mark.case("G14")
    def test_a_job_whose_rows_cannot_be_read_is_given_up_alone(self) -> None:
        odd, unkept, well = a_merchant("Odd"), a_merchant("Unkept"), a_merchant("Well")
        for company in (odd, unkept, well):
            services.request_sync(company=company)
        Job.objects.filter(company=odd).update(payload={"due_at": "next Friday"})
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE ledger_bookversion DISABLE TRIGGER USER")
            cursor.execute("UPDATE ledger_bookversion SET body = '{}' WHERE company_id = %s", [unkept.pk])
        Job.objects.exclude(company=well).update(max_attempts=1)
        drained = work.drain()
        assert (drained.ended, drained.failed) == (1, 2)
        assert Sync.objects.get(company=well).finished_at is not None
        dead = Job.objects.order_by("company_id")
        assert [(each.company, each.state) for each in dead] == [(odd, "dead"), (unkept, "dead")]
        assert ["next Friday" in dead[0].last_error, "currency" in dead[1].last_error] == [True, True]


def job(company: Company, key: str, *, served_at: datetime = NOON) -> None:
    """A job that is due, of a company that was last served at `served_at`."""
    Job.objects.create(company=company, key=key, next_at=NOON, created_at=NOON)
    CompanyQueue.objects.update_or_create(company=company, defaults={"served_at": served_at, "next_at": NOON})


def soon() -> None:
    """The waiting time is over."""
    Job.objects.update(next_at=NOON)
    CompanyQueue.objects.update(next_at=NOON)


def claimed() -> Any:
    with work.Hold() as hold:
        (run,) = work._claim(hold)
    return run


@pytest.fixture
def _committed(transactional_db: None) -> None:
    allow_truncate()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What `calls` answer, begun together, each with a connection of its own."""
    found: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def go(place: int, call: Callable[[], Any]) -> None:
        try:
            gate.wait(5)
            found[place] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.usefixtures("_committed")
class TestTogether:
    @pytest.mark.case("G08")
    def test_two_sweeps_at_once_claim_each_schedule_once(self) -> None:
        for number in range(12):
            scheduled(f"m{number}")
        assert sum(at_once(lambda: work.sweep(NOON), lambda: work.sweep(NOON))) == 12
        assert Job.objects.count() == 12

    @pytest.mark.case("G08")
    def test_two_workers_at_once_run_each_job_once(self) -> None:
        for number in range(12):
            company = a_merchant(f"m{number}")
            sell(company, an_order(number))
            services.request_sync(company=company)
        ended = at_once(lambda: work.drain(10).ended, lambda: work.drain(10).ended)
        assert sum(ended) == 12
        assert Sync.objects.filter(code=2000).count() == 12

    @pytest.mark.case("G05")
    def test_a_paused_worker_keeps_its_job_and_a_dead_one_frees_it_at_once(self) -> None:
        services.request_sync(company=a_merchant())
        with work.Hold() as hold:
            work._claim(hold)
            Job.objects.update(lease_until=NOON)  # long over, and still held
            assert work.drain().ended == 0
        _wait_until_no_job_is_held()  # the server takes a moment to notice that a session is gone
        assert work.drain().ended == 1

    @pytest.mark.case("G03", "G06")
    def test_a_bell_that_is_rung_twice_runs_nothing_twice(self) -> None:
        company = a_merchant()
        sell(company, an_order(1))
        services.request_sync(company=company)
        assert OrmQ.objects.count() == 1
        tasks.drain()
        tasks.drain()
        tasks.tick()
        assert Sync.objects.filter(company=company).count() == 1

    def test_work_is_not_there_when_what_causes_it_is_undone(self) -> None:
        company = a_merchant()
        with transaction.atomic():
            services.request_sync(company=company)
            transaction.set_rollback(True)
        assert (Job.objects.count(), Sync.objects.count(), OrmQ.objects.count()) == (0, 0, 0)


def _wait_until_no_job_is_held() -> None:
    ends = time.monotonic() + 5
    while sql.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s::oid", (JOB_LOCK,)):
        assert time.monotonic() < ends, "a job is still held"
        time.sleep(0.01)


@pytest.mark.case("G09")
@pytest.mark.django_db
def test_the_tick_is_scheduled_once_and_by_code_alone() -> None:
    tasks.ensure_schedules()
    tasks.ensure_schedules()
    bell = BellSchedule.objects.get()
    assert (bell.func, bell.schedule_type, bell.minutes, bell.args) == ("commerce_sync.tasks.tick", "I", 1, None)
    BellSchedule.objects.update(minutes=60)
    tasks.ensure_schedules()
    assert BellSchedule.objects.get().minutes == 1


@pytest.mark.usefixtures("_committed")
def test_the_worker_command_works_off_what_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    company = scheduled("Due", due=NOON)
    sell(company, an_order(1))
    call_command("run_worker", "--once")
    assert "1 due, 1 ended" in capsys.readouterr().out
    assert Sync.objects.get().code == 2000


@pytest.mark.case("G13")
@pytest.mark.usefixtures("_committed")
def test_a_worker_that_has_needed_too_much_memory_ends_after_its_round(capsys: pytest.CaptureFixture[str]) -> None:
    company = scheduled("Due", due=NOON)
    call_command("run_worker", most_megabytes=1)  # for ever, otherwise
    assert "MB were needed" in capsys.readouterr().out
    assert Sync.objects.get().company == company


@pytest.mark.django_db
@pytest.mark.case("L03")
def test_the_due_scan_reads_what_is_due_and_not_what_exists() -> None:
    scheduled("Due")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            """EXPLAIN SELECT company_id FROM commerce_sync_schedule
               WHERE enabled AND paused_at IS NULL AND next_due_at <= now() ORDER BY next_due_at LIMIT %s""",
            [SWEEP_ROWS],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "schedule_due" in plan


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (lambda: Job.objects.update(state="running"), "job_running_has_lease"),
        (lambda: Job.objects.update(state="lost"), "job_state_known"),
        (lambda: Job.objects.update(max_attempts=0), "job_may_be_attempted"),
        (lambda: Sync.objects.update(code=1234), "sync_code_known"),
        (lambda: Sync.objects.update(code=2000), "sync_finished_iff_final_code"),
        (lambda: Sync.objects.update(finished_at=NOON), "sync_finished_iff_final_code"),
        (
            lambda: Sync.objects.update(from_day=date(2026, 2, 2), through_day=date(2026, 2, 1)),
            "sync_from_before_through",
        ),
        (lambda: Schedule.objects.update(hour=24), "schedule_hour_of_day"),
        (lambda: Schedule.objects.update(day_of_month=29), "schedule_day_of_month"),
        (lambda: Schedule.objects.update(frequency="yearly"), "schedule_frequency_known"),
        (lambda: Schedule.objects.update(next_due_at=None), "schedule_enabled_is_due_some_time"),
        (lambda: Schedule.objects.update(paused_at=NOON, pause_reason=""), "schedule_paused_says_why"),
    ],
)
def test_postgresql_refuses_what_cannot_be(change: Callable[[], Any], constraint: str) -> None:
    services.request_sync(company=scheduled("Due"))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        change()
