"""How long merchants wait: for their turn beside one who hangs, and for new workers when all were killed."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final
from uuid import UUID

from commerce_sync import services, work_rows
from commerce_sync.models import Job
from tests.faults import merchants
from tests.faults.machine import Machines
from tests.faults.merchants import Town
from tests.faults.storm import patient
from tests.faults.world import a_world

POLL_SECONDS: Final = 1.0  # `run_worker` looks that often; a queue cluster twice as often
HANGS_SECONDS: Final = 20.0  # of patience with each call, as in production
ROUNDS: Final = 8
KILLS: Final = 5
LONGEST: Final = 90.0


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Both, with platforms that otherwise do as they should. Seconds."""
    options.rate = options.kill = options.pause = 0.0
    with a_world(options, folder, HANGS_SECONDS) as (town, machines, _):
        machines.start()
        _round(town)  # everything is loaded, and every access renewed
        alone = [wait for _ in range(ROUNDS) for wait in _round(town)]
        town.place.chance.hanging.add(town.merchants[0].till.name)
        beside = [wait for _ in range(ROUNDS) for wait in _round(town)]
        taken_up = [seconds for _ in range(KILLS) for seconds in _killed(town, machines)]
    return {
        "merchants": len(town.merchants), "rounds": ROUNDS, "poll interval": POLL_SECONDS,
        "waited": _told(alone), "waited beside one who hangs": _told(beside),
        "delay at the median": round(median(beside) - median(alone), 2),
        "kills of all workers": KILLS, "jobs in hand": len(taken_up),
        "taken up after, longest": round(max(taken_up), 2), "lease": work_rows.LEASE_SECONDS,
    }  # fmt: skip


def _told(waits: list[float]) -> dict[str, float]:
    return {"median": round(median(waits), 2), "p95": round(quantiles(waits, n=20)[-1], 2), "max": round(max(waits), 2)}


def _round(town: Town) -> list[float]:
    """All are due in one moment, the first merchant first: how long each of the others waits until it is begun."""
    others = town.merchants[1:]
    for merchant in town.merchants:
        merchants.live(town, merchant)
    before = [len(merchant.till.listed) for merchant in others]
    asked = time.monotonic()
    for merchant in town.merchants:
        patient(lambda merchant=merchant: services.note_event(company_id=merchant.company.pk))
    _until(lambda: all(len(each.till.listed) > count for each, count in zip(others, before, strict=True)))
    waits = [each.till.listed[count] - asked for each, count in zip(others, before, strict=True)]
    pks = [each.company.pk for each in others]
    _until(lambda: patient(lambda: not Job.objects.filter(company_id__in=pks).exists()))
    return waits


def _killed(town: Town, machines: Machines) -> list[float]:
    """All workers have a job in hand, which hangs, and are killed at once: after how long each job is taken up."""
    town.place.chance.hanging.update(each.till.name for each in town.merchants)
    for merchant in town.merchants:
        merchants.live(town, merchant)
        patient(lambda merchant=merchant: services.note_event(company_id=merchant.company.pk))
    _until(lambda: len(in_hand()) >= min(len(town.merchants), machines.hands) // 2)
    machines.kill_all()
    town.place.chance.hanging.clear()
    held, killed = in_hand(), time.monotonic()
    machines.look_after()
    found = taken_up(held, killed)
    _until(lambda: patient(lambda: not Job.objects.exists()))
    return found


def in_hand() -> dict[int, UUID]:
    """The jobs that somebody works on, each with the token of whoever that is."""
    return dict(patient(work_rows.running_jobs))


def taken_up(held: dict[int, UUID], since: float) -> list[float]:
    """Seconds after `since` until each of these jobs is somebody else's, or has ended; endless for those that stay."""
    found: list[float] = []
    left = dict(held)

    def is_done() -> bool:
        running = in_hand()
        ready = set(patient(lambda: list(Job.objects.filter(state="ready").values_list("pk", flat=True))))
        for job_id in [each for each, token in left.items() if each not in ready and running.get(each) != token]:
            found.append(time.monotonic() - since)
            del left[job_id]
        return not left

    ends = time.monotonic() + work_rows.LEASE_SECONDS + LONGEST
    while not is_done() and time.monotonic() < ends:
        time.sleep(0.05)
    return [*found, *[inf] * len(left)]


def _until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < ends, list(Job.objects.values())
        time.sleep(0.02)
