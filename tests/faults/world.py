"""The world of a run: a database, the outside, merchants and machines; nothing of it is left behind."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command

from commerce_sync.tasks import ensure_schedules
from tests.faults import machine, merchants, place, platforms
from tests.faults.chance import PATIENCE
from tests.faults.machine import Machines
from tests.faults.merchants import Town


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
        there.chance.slow_seconds = options.slow
        said = {"patience": patience, "kill": options.kill, "pause": options.pause, "sabotage": options.sabotage}
        environment = machine.settings_of_processes(folder, there.server.port, options.workers)
        machines = Machines({**said, "site_port": port}, environment, folder, options.seed)
        try:
            kinds = options.books.split(",") if options.books else ()
            town = merchants.a_town(there, options.merchants, options.seed, kinds)
            town.is_spread = options.spread
            yield town, machines, f"http://127.0.0.1:{port}"
        finally:
            machines.end()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
