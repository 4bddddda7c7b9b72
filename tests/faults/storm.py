"""The storm, in which the merchants live and everything goes wrong, and the quiet after it."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar

from django.db import Error, close_old_connections, connection

from commerce_sync.models import Heartbeat, Job, Schedule, Sync
from connectors.models import PushItem
from ledger.models import Standing
from tests.faults import merchants
from tests.faults.machine import SILENT_SECONDS, Machines
from tests.faults.merchants import Town

T = TypeVar("T")
MOST_OPEN: Final = 1.5  # jobs per merchant that are let pile up
ASKED_AT_ONCE: Final = 4
COUNTED_SECONDS: Final = 0.3  # how old a count may be that the storm goes by


class Storm:
    """The merchants live, and everything goes wrong."""

    def __init__(self, options: argparse.Namespace, town: Town, machines: Machines, site: str) -> None:
        self.options, self.town, self.machines, self.site = options, town, machines, site
        self._random = Random(options.seed + 4)  # noqa: S311 (chance that repeats is the point)
        self._ends = time.monotonic() + options.minutes * 60
        self._next: dict[str, float] = {}
        self._said = self._counted = 0.0
        self._finished = self._open = 0

    def rage(self) -> None:
        """Until there were enough syncs, or the time is over."""
        while time.monotonic() < self._ends and self._finished < self.options.syncs:
            self.machines.look_after()
            patient(self._count)
            if self._open < MOST_OPEN * len(self.town.merchants):
                for merchant in self._random.sample(self.town.merchants, min(ASKED_AT_ONCE, len(self.town.merchants))):
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
        if self.options.restart and self._is_time("database", self.options.restart):
            self.machines.restart_database()
        if self._is_time("all down", 30):
            self.town.place.chance.go_down(self._random.uniform(1, 3))
        if self._is_time("one down", 5):
            name = self._random.choice(sorted(self.town.place.sides))
            self.town.place.chance.go_down(self._random.uniform(3, 15), name)
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

    def _count(self) -> None:
        if time.monotonic() - self._counted > COUNTED_SECONDS:
            self._counted = time.monotonic()
            self._finished = Sync.objects.exclude(finished_at=None).count()
            self._open = Job.objects.exclude(state="dead").count()

    def settle(self) -> float:
        """No more faults and no more sales: until all work is done and every merchant was synced once more."""
        began = time.monotonic()
        asked = patient(self._ask_all)
        while time.monotonic() - began < self.options.quiet:
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
            faults, kills = sum(self.town.place.chance.met.values()), self.machines.killed
            sys.stderr.write(f"{self._finished:,} syncs, {faults:,} faults, {kills:,} kills, {self._open} open\n")
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
