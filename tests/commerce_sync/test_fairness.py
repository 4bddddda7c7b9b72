"""Nobody waits for somebody else's load, nor for a clock that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from commerce_sync import engine, services, tasks, work
from commerce_sync.api import limits
from commerce_sync.models import Job, Schedule, Sync
from health import doctor_work
from tests.api.cast import Api, make_partner
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The companies in the order in which they are served, one at a time."""
    names: list[str] = []

    def serve(run: Any) -> engine.Done:
        names.append(Sync.objects.get(pk=run.sync_id).company.name)
        return engine.Done(engine.Outcome(), {})

    monkeypatch.setattr(work, "COMPANIES_AT_ONCE", 1)
    monkeypatch.setattr(work, "run_sync", serve)
    return names


@pytest.mark.case("L05")
def test_a_year_that_support_syncs_again_waits_for_everybody_s_today(served: list[str]) -> None:
    year, first, second = a_merchant("A year"), a_merchant("First"), a_merchant("Second")
    services.request_sync(company=year, trigger="historic", from_day=FIRST_DAY, through=FIRST_DAY)
    services.request_sync(company=first)
    services.request_sync(company=second)
    work.drain()
    assert served == ["First", "Second", "A year"]


@pytest.mark.case("L01")
def test_who_has_a_thousand_jobs_is_served_once_before_everybody_had_their_turn(served: list[str]) -> None:
    busy = a_merchant("Busy")
    others = [a_merchant(name) for name in ("A", "B", "C")]
    at = datetime(2026, 3, 2, tzinfo=UTC)
    Job.objects.bulk_create(
        Job(kind="sync", company=busy, key=f"busy:{number}", next_at=at, created_at=at, payload={"trigger": "event"})
        for number in range(1_000)
    )
    services.enqueue(busy.pk, Job.Lane.ORDINARY)
    for other in others:
        services.request_sync(company=other)
    work.drain(20, stopping=lambda: len(served) >= 5)
    assert served[:5] in (["Busy", "A", "B", "C", "Busy"], ["A", "B", "C", "Busy", "Busy"])


@pytest.mark.case("L04")
def test_the_flood_of_one_key_takes_nothing_of_another_s_limit(settings: Any) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 40
    limits._held.clear()
    partner = make_partner()
    flood, other_key, other_partner = Api(partner, "flood"), Api(partner, "other"), Api(make_partner("Others"))
    with time_machine.travel(datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC), tick=False):
        answers = [flood.get("/companies") for _ in range(60)]
        assert [answer.status_code for answer in answers] == [200] * 40 + [429] * 20
        assert answers[-1]["Retry-After"] == "59"
        for calm in (other_key, other_partner):
            assert {calm.get("/companies").status_code for _ in range(40)} == {200}
    limits._held.clear()


@pytest.mark.case("E24")
@pytest.mark.parametrize("minutes", [-10, 10])
def test_the_clock_of_a_host_that_is_off_makes_nobody_wait(minutes: int) -> None:
    company, scheduled = a_merchant("Asked for"), a_merchant("Scheduled")
    for each in (company, scheduled):
        sell(each, an_order(1))
    services.save_schedule(company=scheduled, frequency="daily", hour=4, zone="Europe/London", actor="test")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes), tick=True):
        Schedule.objects.update(next_due_at=datetime.now(UTC) - timedelta(seconds=1))
        services.request_sync(company=company)
        tasks.tick()
    assert list(Sync.objects.order_by("company").values_list("code", flat=True)) == [2000, 2000]
    assert not Job.objects.exists()


@pytest.mark.case("L03")
def test_a_long_queue_is_no_alarm_and_an_old_job_is() -> None:
    company, at = a_merchant(), datetime.now(UTC)
    Job.objects.bulk_create(
        Job(kind="sync", company=company, key=f"new:{number}", next_at=at, created_at=at) for number in range(2_000)
    )
    assert doctor_work.waiting_work().level == "ok"
    for minutes, level in ((6, "warning"), (16, "failure")):
        Job.objects.filter(key="new:7").update(next_at=at - timedelta(minutes=minutes))
        assert doctor_work.waiting_work().level == level
