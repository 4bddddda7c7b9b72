"""`manage.py run_worker`: the work loop without django-q2."""

from __future__ import annotations

import resource
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from commerce_sync import work
from commerce_sync.errands import run_errands
from commerce_sync.outage import first_line, outage_of


class Command(BaseCommand):
    help = (
        "Sweep what is due and work on it until stopped. SIGTERM and SIGINT end it after the job in hand. "
        "May run beside qcluster and on several hosts: workers share the work table."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--once", action="store_true", help="sweep, work until nothing is due, then end")
        parser.add_argument("--seconds", type=int, default=20, help="length of one round of work (default 20)")
        parser.add_argument("--idle-seconds", type=int, default=1, help="rest when nothing is due (default 1)")
        parser.add_argument(
            "--most-megabytes", type=int, default=0, help="end once it has needed so much memory; 0: never (default)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work in rounds."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            did = self._round(options["seconds"], stop)
            if 0 < options["most_megabytes"] <= _megabytes():
                self.stdout.write(f"{_megabytes()} MB were needed: whoever keeps this running starts it anew")
                return
            if options["once"] and did == 0:
                return
            if did == 0:
                stop.wait(options["idle_seconds"])

    def _round(self, seconds: int, stop: threading.Event) -> int:
        close_old_connections()
        try:
            swept = work.sweep()
            drained = work.drain(seconds, stopping=stop.is_set)
            more = run_errands(stopping=stop.is_set)
        except Exception as error:
            outage = outage_of(error)
            if outage is None:
                raise
            self.stderr.write(f"{outage.said} {outage.todo} ({first_line(error)})")
            stop.wait(2)
            return 0
        if drained.failed:
            self.stderr.write(f"{drained.failed} jobs failed; the log says why")
        if drained.ended or drained.later:
            self.stdout.write(f"{swept} due, {drained.ended} ended, {drained.later} go on later")
        return drained.ended + drained.failed + more


def _megabytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
