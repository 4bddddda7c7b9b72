"""`manage.py doctor`: is everything well, and what to do where it is not."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any, Final

import msgspec
from django.core.management.base import BaseCommand

from commerce_sync.progress import Progress
from health.checkup import Level, worst
from health.doctor import CHECKS, examine

_MARKS: Final[dict[Level, str]] = {"ok": "ok     ", "warning": "WARNING", "failure": "FAILURE"}


class Command(BaseCommand):
    help = (
        "Examine this installation: database, migrations, keys and credentials, clock, disk, queue, schedules, work "
        "and workers, syncs, deliveries, webhooks, and the books themselves (balanced, bound, once each, and equal to "
        "an independent sum of what the sales systems state). One line each. "
        "Exit codes, for a watchdog: 0 all is well or there are only warnings; 1 at least one failure."
    )
    requires_system_checks: list[str] = []  # it must run when all is ill

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The option."""
        parser.add_argument("--json", action="store_true", help="the checks as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and say."""
        with Progress(self.stderr, "examining", of=len(CHECKS)) as progress:
            checks = examine(progress.at)
        verdict = worst(checks)
        if options["json"]:
            encoded = msgspec.json.encode({"verdict": verdict, "checks": checks})
            self.stdout.write(msgspec.json.format(encoded, indent=2).decode())
        else:
            for check in checks:
                self.stdout.write(f"{_MARKS[check.level]}  {check.name:<15} {check.said}")
                if check.remedy:
                    self.stdout.write(f"{'':26}→ {check.remedy}")
        if verdict == "failure":
            sys.exit(1)
