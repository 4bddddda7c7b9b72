"""The queue's processes, stopped and killed: what an installation's supervisor does mends them, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from commerce_sync import services
from commerce_sync.models import CompanyQueue, Heartbeat, Job, Sync
from connectors.models import PushItem
from ledger.models import Company
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, allow_truncate, an_order, books_of, sell
from tests.connectors.server import PlatformServer
from tests.platforms import hostile_books
from tests.platforms.hostile_books import duplicates

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PROGRAM = Path(__file__).parent / "queue_process.py"


class Queue:
    """A qcluster and all its processes, as a supervisor holds them: one group."""

    def __init__(self, place: str) -> None:
        command = [sys.executable, str(PROGRAM), django_settings.DATABASES["default"]["NAME"], place]
        self.main = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)

    @property
    def processes(self) -> list[psutil.Process]:
        """Those that live."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if os.getpgid(process.pid) == self.main.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    @property
    def sentinel(self) -> psutil.Process:
        """The one that guards the others."""
        (found,) = psutil.Process(self.main.pid).children()
        return found

    def ask(self) -> float:
        """Ask the main process to stop, as a supervisor does; how long it took until all were gone."""
        began = time.monotonic()
        self.main.terminate()
        assert self.main.wait(40) == 0
        wait_until(lambda: not self.processes)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the whole group, as a supervisor does with what does not stop."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.main.pid, signal.SIGKILL)
        self.main.wait(10)
        wait_until(lambda: not self.processes)


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    allow_truncate()
    with hostile_books.running() as (server, rules):
        rules.unique_ref = True
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        yield server


@pytest.fixture
def queue(server: PlatformServer) -> Iterator[Callable[[], Queue]]:
    begun: list[Queue] = []

    def begin() -> Queue:
        begun.append(Queue(server.place))
        return begun[-1]

    connection.close()
    yield begin
    for each in begun:
        each.kill()


def wait_until(holds: Callable[[], Any], seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def a_shop(name: str, server: PlatformServer, days: int = 1) -> Company:
    """A merchant with a sync that waits to be worked on."""
    company = a_merchant(name, platform="hostile")
    hostile_books.connect(books_of(company), server)
    for day in range(days):
        sell(company, an_order(day, day=FIRST_DAY + timedelta(days=day)))
    services.request_sync(company=company)
    return company


def done(company: Company) -> bool:
    return Sync.objects.filter(company=company, code=2000).exists()


def hangs(seconds: int = 1) -> bool:
    """What the watchdog says."""
    try:
        call_command("watchdog", seconds=seconds)
    except SystemExit as ended:
        return ended.code == 1
    return False


@pytest.mark.case("G11")
def test_a_queue_that_is_asked_to_stop_ends_what_it_has_in_hand_and_gives_back_the_rest(
    queue: Callable[[], Queue], server: PlatformServer
) -> None:
    server.fail("slow_after", seconds=1.5)
    shops = [a_shop(f"Shop {number}", server) for number in range(8)]
    running = queue()
    wait_until(lambda: PushItem.objects.filter(state="sending").exists())
    assert running.ask() < 30
    assert not Job.objects.filter(state="running").exists()
    assert not PushItem.objects.filter(state="sending").exists()
    left = Job.objects.filter(state="ready", attempts=0).count()
    assert left == 8 - Sync.objects.filter(code=2000).count()
    assert left > 0
    call_command("run_worker", "--once")
    assert all(done(shop) for shop in shops)
    assert (duplicates(server), len(server.documents)) == ([], 8)


@pytest.mark.case("G02", "G03", "G04")
def test_a_queue_that_hangs_is_seen_by_the_watchdog_and_started_anew_it_goes_on(
    queue: Callable[[], Queue], server: PlatformServer
) -> None:
    running = queue()
    first = a_shop("First", server)
    wait_until(lambda: done(first))
    assert not hangs()
    for process in running.sentinel.children():  # one of them waits for a task, with the lock of all
        process.kill()
    Heartbeat.objects.all().delete()
    second = a_shop("Second", server)
    wait_until(hangs)
    assert not done(second)
    running.kill()
    queue()
    services.note_retry(company_id=second.pk)  # any bell: what is due is worked on
    wait_until(lambda: done(second))
    assert (duplicates(server), len(server.documents)) == ([], 2)


@pytest.mark.case("G02")
def test_the_watchdog_keeps_quiet_while_work_is_done_or_none_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    company = a_merchant()
    assert not hangs()
    services.request_sync(company=company)
    Job.objects.update(next_at="2026-01-01T00:00:00Z")
    CompanyQueue.objects.update(next_at="2026-01-01T00:00:00Z")
    assert hangs(100)
    Heartbeat.objects.create(slot="host/0", at=services.now())
    assert not hangs(100)
    with monkeypatch.context() as patched:
        connection.close()
        patched.setitem(connection.settings_dict, "HOST", "/nowhere")
        assert not hangs(100)  # no restart of workers mends that
        connection.close()
