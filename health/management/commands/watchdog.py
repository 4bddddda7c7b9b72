"""`manage.py watchdog`: do the workers hang? For whatever restarts them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from health.checkup import span
from health.doctor_work import due_work, last_beat

HUNG = 1


class Command(BaseCommand):
    help = (
        "Exit code 1 when work has waited for so long while no worker was seen at it: restart the workers then. "
        "0 otherwise, also when the database does not answer, which no restart of workers mends."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        # Longer than the minute's bell may take to ring (a minute, and half a one of django-q2's scheduler).
        parser.add_argument("--seconds", type=int, default=100, help="how long (default 100)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, say and end."""
        try:
            due, beat = due_work(), last_beat()
        except DatabaseError as error:
            self.stderr.write(f"the database does not answer: {error}".strip())
            return
        seen = "never" if beat.seconds is None else f"{span(beat.seconds)} ago"
        said = f"{due.jobs} jobs are due, the oldest for {span(due.seconds)}; a worker was last seen {seen}"
        self.stdout.write(said)
        if due.seconds > options["seconds"] and (beat.seconds is None or beat.seconds > options["seconds"]):
            raise SystemExit(HUNG)
