"""Kill -9 of a real worker at every named step: the next run ends with every record in the books exactly once, and
each document once at the platform."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.db import connection as database

from commerce_sync import services, work
from commerce_sync.models import CompanyQueue, Job, Sync
from connectors import push_send
from connectors.models import Binding, PushItem
from ledger.models import Company, Document, Standing
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, allow_truncate, an_order, books_of, sell, trial_balance
from tests.commerce_sync.worker_process import WorkerProcess, start_worker
from tests.connectors.server import PlatformServer
from tests.platforms import hostile_books
from tests.platforms.hostile_books import Rules, duplicates, writes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DOCUMENTS = 3
Place = tuple[PlatformServer, Rules]

STEPS = ["after_claim", "after_pull", "after_post", "after_prepare", "after_intent", "before_send", "after_response"]
STEPS += ["in_final_tx", "after_commit", "before_conclude", "after_conclude"]


@pytest.fixture
def place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    allow_truncate()
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        yield server, rules


def a_shop(place: Place, platform: str = "hostile") -> Company:
    """A merchant with sales on three days and a sync that waits to be worked on."""
    place[1].unique_ref, place[1].keyed = platform == "hostile", platform == "hostile_keyed"
    company = a_merchant(platform=platform)
    if platform != "books":
        hostile_books.connect(books_of(company), place[0])
    for day in range(DOCUMENTS):
        sell(company, *(an_order(10 * day + n, day=FIRST_DAY + timedelta(days=day)) for n in range(4)))
    services.request_sync(company=company)
    return company


def worker(place: Place, fault: str, *, for_ever: bool = False) -> WorkerProcess:
    """A worker that meets `fault`."""
    return start_worker(django_settings.DATABASES["default"]["NAME"], place[0].place, fault, for_ever=for_ever)


def killed(place: Place, fault: str) -> None:
    """Run a worker and see that it kills itself."""
    assert worker(place, fault).wait(20) == -signal.SIGKILL, fault


def work_it_off(seconds: float = 12) -> None:
    """Work as the ordinary workers do until no job is left."""
    ends = time.monotonic() + seconds
    while Job.objects.exclude(state="dead").exists():
        assert time.monotonic() < ends, list(Job.objects.values())
        work.drain(5)
        time.sleep(0.05)


def assert_exactly_once(place: Place, company: Company) -> None:
    """Every record in the books once, every document once at the platform and bound to it, nothing left over."""
    assert Standing.objects.filter(company=company, state=1).count() == 4 * DOCUMENTS
    assert Document.objects.filter(company=company, pushed_at__isnull=False).count() == DOCUMENTS
    assert Document.objects.filter(company=company).count() == DOCUMENTS
    assert not duplicates(place[0])
    assert sorted(d["reference"] for d in place[0].documents) == sorted(
        Document.objects.values_list("reference", flat=True)
    )
    assert set(Binding.objects.values_list("remote_id", flat=True)) == {d["id"] for d in place[0].documents}
    assert set(PushItem.objects.values_list("state", flat=True)) == {"pushed"}
    assert Sync.objects.get(company=company).code == 2000
    assert not Job.objects.exists()


@pytest.mark.case("G01", "G13")
@pytest.mark.parametrize("platform", ["hostile", "hostile_keyed"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.case("H02")
@pytest.mark.case("A01", "A13")
def test_a_worker_killed_at_a_step_loses_and_doubles_nothing(place: Place, platform: str, step: str) -> None:
    company = a_shop(place, platform)
    killed(place, step)
    work_it_off()
    assert_exactly_once(place, company)


@pytest.mark.case("G01")
@pytest.mark.parametrize("moment", ["before_commit", "on_commit"])
@pytest.mark.parametrize("platform", ["hostile", "hostile_keyed", "hostile_search"])
@pytest.mark.case("A01", "A02")
def test_a_worker_killed_while_the_platform_works_loses_and_doubles_nothing(
    place: Place, platform: str, moment: str
) -> None:
    company = a_shop(place, platform)
    running = worker(place, "")
    setattr(place[1], moment, running.kill)
    assert running.wait(20) == -signal.SIGKILL
    setattr(place[1], moment, lambda: None)
    work_it_off()
    assert_exactly_once(place, company)


@pytest.mark.case("G01")
def test_a_worker_killed_after_the_look_up_looks_up_again(place: Place) -> None:
    company = a_shop(place, "hostile_search")
    killed(place, "after_response")
    killed(place, "after_lookup")
    work_it_off()
    assert_exactly_once(place, company)
    assert writes(place[0]) == DOCUMENTS


@pytest.mark.case("G01")
@pytest.mark.parametrize("step", ["after_claim", "after_post", "in_final_tx", "after_conclude"])
def test_a_worker_killed_over_the_local_books_loses_and_doubles_nothing(place: Place, step: str) -> None:
    company = a_shop(place, "books")
    killed(place, step)
    work_it_off()
    assert trial_balance(company) == {"1100": 14_400, "4000": -12_000, "2200": -2_400}
    assert Sync.objects.get().code == 2000


@pytest.mark.case("A27", "G05")
def test_a_paused_worker_is_not_overtaken(place: Place) -> None:
    company = a_shop(place, "hostile_search")
    paused = worker(place, "before_send:STOP")
    wait_until(lambda: PushItem.objects.filter(state="sending").exists())
    Job.objects.update(lease_until="2026-01-01T00:00:00Z")
    assert work.drain(1).ended == 0
    assert PushItem.objects.filter(state="sending").count() == 1
    assert writes(place[0]) == 0
    time.sleep(1.2)
    paused.send_signal(signal.SIGCONT)
    assert paused.wait(20) == 0
    work_it_off()
    assert_exactly_once(place, company)


@pytest.mark.case("G11")
def test_a_worker_that_is_asked_to_stop_ends_what_it_has_in_hand_and_leaves_nothing_leased(place: Place) -> None:
    company = a_shop(place)
    place[0].fail("slow_after", seconds=0.7)
    running = worker(place, "", for_ever=True)
    wait_until(lambda: PushItem.objects.filter(state="sending").exists())
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0
    assert not Job.objects.filter(state="running").exists()
    work_it_off()
    assert_exactly_once(place, company)


def wait_until(holds: Any, seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.case("H01", "H02")
def test_a_database_session_that_is_cut_during_the_call_loses_and_doubles_nothing(place: Place) -> None:
    company = a_shop(place)
    with psycopg.connect(**connection_parameters(), autocommit=True) as other:

        def cut() -> None:
            place[1].on_commit = lambda: None
            other.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
            )

        place[1].on_commit = cut
        with pytest.raises(OperationalError):  # its locks are gone, so it must not go on
            work.drain(5)
        database.close()
    work_it_off()
    assert_exactly_once(place, company)
    allow_truncate()


def connection_parameters() -> dict[str, Any]:
    found = database.settings_dict
    return {"dbname": found["NAME"], "user": found["USER"], "password": found["PASSWORD"], "host": found["HOST"]}


@pytest.mark.case("G07", "G13")
def test_a_job_that_kills_its_worker_again_and_again_is_dead_and_takes_no_other_along(place: Place) -> None:
    a_shop(place)
    Job.objects.update(max_attempts=2)
    for _ in range(2):
        killed(place, "after_post")
    other = a_merchant("Bakery")
    sell(other, an_order(1))
    services.request_sync(company=other)
    work_it_off()
    assert Job.objects.get().state == "dead"
    assert list(Sync.objects.order_by("id").values_list("code", flat=True)) == [5000, 2000]
    assert CompanyQueue.objects.filter(next_at__isnull=False).count() == 0
