"""One run: storm, then quiet, then the comparison."""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from django.core.management import call_command
from django.db import Error, close_old_connections, connection

from commerce_sync.models import Heartbeat, Job, Schedule, Sync
from commerce_sync.tasks import ensure_schedules
from connectors.models import PushItem
from ledger.models import Standing
from tests.faults import machine, merchants, place, platforms
from tests.faults.chance import PATIENCE
from tests.faults.judging import Verdict, judge
from tests.faults.machine import SILENT_SECONDS, Machines
from tests.faults.merchants import Town

T = TypeVar("T")
QUIET_SECONDS: Final = 240
MOST_OPEN: Final = 1.5  # jobs per merchant that are let pile up


def carry_out(options: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], Verdict]:
    """The run; its figures and what is wrong."""
    platforms.register()
    call_command("migrate", verbosity=0, interactive=False)
    ensure_schedules()
    began, port = time.monotonic(), _free_port()
    with place.running(options.seed, options.rate) as there:
        said = {
            "patience": PATIENCE, "kill": options.kill, "pause": options.pause, "sabotage": options.sabotage,
            "site_port": port,
        }  # fmt: skip
        from django.conf import settings

        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [there.server.place]
        machines = Machines(machine.environment(folder, json.dumps(said), there.server.port), folder, options.seed)
        town = merchants.a_town(there, options.merchants, options.seed)
        machines.start()
        try:
            storm = Storm(options, town, machines, f"http://127.0.0.1:{port}")
            storm.rage()
            stormed = time.monotonic() - began
            there.chance.stop()
            there.restless = 0.0
            machines.calm(json.dumps({**said, "kill": 0, "pause": 0}))
            quiet = storm.settle()
            machines.look_after()
            verdict = patient(lambda: judge(town))
        finally:
            machines.end()
    figures = {
        "seed": options.seed, "sabotage": options.sabotage, "syncs": storm.finished(), "merchants": len(town.merchants),
        "calls": sum(there.calls.values()), "faults": sum(there.chance.met.values()),
        "kills": sum(machines.kills.values()) + sum(machines.steps().values()), "pauses": machines.pauses,
        "database restarts": machines.restarts, "watchdog": machines.watchdog, "reconnected": town.reconnected,
        "sales": sum(each.made for each in town.merchants),
        "documents": sum(len(each.books.documents) for each in town.merchants),
        "storm seconds": round(stormed), "quiet seconds": round(quiet),
        "by fault": dict(there.chance.met), "by kill": dict(machines.kills), "by step": dict(machines.steps()),
    }  # fmt: skip
    return figures, verdict


class Storm:
    """The merchants live, and everything goes wrong."""

    def __init__(self, options: argparse.Namespace, town: Town, machines: Machines, site: str) -> None:
        self.options, self.town, self.machines, self.site = options, town, machines, site
        self._random = Random(options.seed + 4)  # noqa: S311 (chance that repeats is the point)
        self._ends = time.monotonic() + options.minutes * 60
        self._next: dict[str, float] = {}
        self._said = 0.0

    def rage(self) -> None:
        """Until there were enough syncs, or the time is over."""
        while time.monotonic() < self._ends and self.finished() < self.options.syncs:
            self.machines.look_after()
            for merchant in self._random.sample(self.town.merchants, min(4, len(self.town.merchants))):
                if self._open_jobs() < MOST_OPEN * len(self.town.merchants):
                    merchants.live(self.town, merchant)
                    patient(lambda merchant=merchant: merchants.ask(self.town, merchant, self.site))
            self._strike()
            self._tell()
            time.sleep(0.05)

    def _strike(self) -> None:
        if self._is_time("kill", self.options.strike):
            self.machines.kill_somebody()
        if self._is_time("pause", self.options.strike * 3):
            self.machines.pause_somebody()
        if self._is_time("database", 45):
            self.machines.restart_database()
        if self._is_time("down", 30):
            self.town.place.chance.go_down(self._random.uniform(1, 4))
        if self._is_time("reconnect", 3):
            patient(lambda: merchants.reconnect_the_lost(self.town))
        if self._is_time("watchdog", 4):
            patient(self._watch)

    def _is_time(self, what: str, seconds: float) -> bool:
        due = self._next.get(what, time.monotonic() + seconds * self._random.uniform(0.3, 1))
        self._next.setdefault(what, due)
        if time.monotonic() < due:
            return False
        self._next[what] = time.monotonic() + seconds * self._random.uniform(0.6, 1.4)
        return True

    def _watch(self) -> None:
        """As the watchdog of the runbook: a queue that does nothing while work is due is restarted."""
        at = datetime.now(UTC)
        due = Job.objects.filter(state__in=["ready", "running"], next_at__lt=at - timedelta(seconds=SILENT_SECONDS))
        beat = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
        if due.exists() and (beat is None or at - beat > timedelta(seconds=SILENT_SECONDS)):
            self.machines.silent()

    def _open_jobs(self) -> int:
        return patient(lambda: Job.objects.exclude(state="dead").count())

    def finished(self) -> int:
        """Syncs that have ended."""
        return patient(lambda: Sync.objects.exclude(finished_at=None).count())

    def settle(self) -> float:
        """No more faults and no more sales: until all work is done and every merchant was synced once more."""
        began = time.monotonic()
        asked = patient(self._ask_all)
        while time.monotonic() - began < QUIET_SECONDS:
            self.machines.look_after()
            if self._is_time("reconnect", 1):
                patient(lambda: merchants.reconnect_the_lost(self.town))
            if self._is_time("watchdog", 4):
                patient(self._watch)
            if patient(lambda: self._is_done(asked)):
                break
            time.sleep(0.3)
        return time.monotonic() - began

    def _ask_all(self) -> datetime:
        at = datetime.now(UTC)
        Schedule.objects.update(
            frequency=Schedule.Frequency.HOURLY, enabled=True, next_due_at=at, paused_at=None, pause_reason=""
        )
        return at

    def _is_done(self, asked: datetime) -> bool:
        """Every merchant has a good sync that began after the quiet did; one that failed is asked for again."""
        if Job.objects.exclude(state="dead").exists():
            return False
        good = set(
            Sync.objects.filter(started_at__gte=asked, code__in=[2000, 2040]).values_list("company_id", flat=True)
        )
        left = [each.company.pk for each in self.town.merchants if each.company.pk not in good]
        if left:
            Schedule.objects.filter(company_id__in=left).update(next_due_at=datetime.now(UTC))
            return False
        return (
            not PushItem.objects.filter(state__in=["prepared", "sending", "waiting", "unknown"]).exists()
            and not Standing.objects.filter(state=0).exists()
        )

    def _tell(self) -> None:
        if time.monotonic() - self._said > 10:
            self._said = time.monotonic()
            place_ = self.town.place
            sys.stderr.write(
                f"\r{self.finished():,} syncs, {sum(place_.chance.met.values()):,} faults, "
                f"{sum(self.machines.kills.values()) + sum(self.machines.steps().values()):,} kills "
            )
            sys.stderr.flush()


def patient(ask: Callable[[], T]) -> T:
    """Ask the database, which may be restarting just now."""
    for _ in range(200):
        try:
            return ask()
        except Error:
            with contextlib.suppress(Error):
                connection.close()
            close_old_connections()
            time.sleep(0.1)
    return ask()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
