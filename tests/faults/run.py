"""One run: storm, then quiet, then the comparison."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from commerce_sync import work_rows
from commerce_sync.models import Sync
from connectors.models import IncomingWebhook
from tests.faults import measure
from tests.faults.judging import Verdict, judge
from tests.faults.machine import Machines
from tests.faults.merchants import Town
from tests.faults.storm import Storm, patient
from tests.faults.world import a_world

TAKEN_UP_SECONDS: Final = work_rows.LEASE_SECONDS + 60


def carry_out(options: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], Verdict]:
    """The run; its figures and what is wrong."""
    with a_world(options, folder) as (town, machines, site):
        machines.start()
        storm, began = Storm(options, town, machines, site), time.monotonic()
        storm.rage()
        stormed = time.monotonic() - began
        town.callers.shutdown()
        town.place.chance.stop()
        town.place.restless = 0.0
        machines.kill_all()
        held, killed = measure.in_hand(), time.monotonic()
        machines.look_after()
        waits = measure.taken_up(held, killed)
        quiet = storm.settle()
        verdict = patient(lambda: judge(town))
        verdict.stuck += [f"a job was taken up after {wait:.0f} s" for wait in waits if wait > TAKEN_UP_SECONDS]
        figures = {"seed": options.seed, "sabotage": options.sabotage} | patient(lambda: _figures(town, machines))
        figures |= {"in hand when all were killed": len(held), "taken up after": round(max(waits, default=0), 1)}
        figures |= {"storm seconds": round(stormed), "quiet seconds": round(quiet)}
    return figures, verdict


def _figures(town: Town, machines: Machines) -> dict[str, Any]:
    there = town.place
    return {
        "syncs": Sync.objects.exclude(finished_at=None).count(), "merchants": len(town.merchants),
        "calls": sum(there.calls.values()), "faults": sum(there.chance.met.values()) + there.moved + there.ended,
        "kills": machines.killed, "pauses": machines.pauses, "database restarts": machines.restarts,
        "watchdog": machines.watchdog, "reconnected": town.reconnected,
        "sales": sum(each.made for each in town.merchants),
        "documents": sum(len(each.books.documents) for each in town.merchants),
        "webhooks": IncomingWebhook.objects.count(), "asked": town.asked,
        "by trigger": dict(Counter(Sync.objects.values_list("trigger", flat=True))),
        "by fault": {**there.chance.met, "rows moved": there.moved, "ended in mid-page": there.ended},
        "by kill": dict(machines.kills), "killed at": dict(machines.steps("kill")),
        "stopped at": dict(machines.steps("stop")),
    }  # fmt: skip
