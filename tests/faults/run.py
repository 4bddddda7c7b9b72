"""One run: storm, then quiet, then the comparison."""

from __future__ import annotations

import argparse
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command

from commerce_sync.models import Sync
from commerce_sync.tasks import ensure_schedules
from connectors.models import IncomingWebhook
from tests.faults import machine, merchants, place, platforms
from tests.faults.chance import PATIENCE
from tests.faults.judging import Verdict, judge
from tests.faults.machine import Machines
from tests.faults.merchants import Town
from tests.faults.storm import Storm, patient


@contextmanager
def a_world(
    options: argparse.Namespace, folder: Path, patience: float = PATIENCE
) -> Iterator[tuple[Town, Machines, str]]:
    """The merchants, the machines (not started yet) and the address of the site; nothing of it is left behind."""
    platforms.register()
    call_command("migrate", verbosity=0, interactive=False)
    ensure_schedules()
    port = _free_port()
    with place.running(options.seed, options.rate) as there:
        from django.conf import settings

        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [there.server.place]
        said = {"patience": patience, "kill": options.kill, "pause": options.pause, "sabotage": options.sabotage}
        environment = machine.settings_of_processes(folder, there.server.port, options.workers)
        machines = Machines({**said, "site_port": port}, environment, folder, options.seed)
        try:
            kinds = options.books.split(",") if options.books else ()
            yield merchants.a_town(there, options.merchants, options.seed, kinds), machines, f"http://127.0.0.1:{port}"
        finally:
            machines.end()


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
        machines.calm()
        quiet = storm.settle()
        verdict = patient(lambda: judge(town))
        figures = {"seed": options.seed, "sabotage": options.sabotage} | patient(lambda: _figures(town, machines))
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


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
