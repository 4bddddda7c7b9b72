"""`manage.py rehearse_restore`: a backup that was never restored is a hope; this makes it a fact."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from commerce_sync.backup.making import Rehearsed, rehearse
from commerce_sync.backup.programs import ProgramFailed


class Command(BaseCommand):
    help = (
        "Make a backup, restore it into a second database on the same server, and prove that the two are equal: rows "
        "and hashes of every table, every constraint, trigger, index and function, the trial balance of every company, "
        "every document balanced and bound. Then drop the second database. Nothing else is touched, and work goes on. "
        "Exit codes: 0 equal and whole; 1 anything else. The role needs the right to create databases."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The option."""
        parser.add_argument("--file", type=Path, help="a backup that `manage.py backup` wrote, instead of a new one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rehearse and say the figures."""
        try:
            found = rehearse(options["file"])
        except (ProgramFailed, OSError, ValueError, psycopg.Error) as error:
            raise CommandError(f"The rehearsal could not be held: {error}") from None
        self._say(found)
        if not found.is_good:
            waits = [] if found.waits else ["the restored database would go to work by itself"]
            raise CommandError("NOT EQUAL: " + "; ".join([*found.differences, *found.after.wrong, *waits]))
        self.stdout.write("Equal: the restored books are the books, and would wait for a person's word.")

    def _say(self, found: Rehearsed) -> None:
        figures = found.before
        self.stdout.write(
            f"As of {figures.taken_at}: {len(figures.tables)} tables, {figures.rows:,} rows, "
            f"{len(figures.guards):,} constraints, triggers, indexes and functions, {len(figures.balances):,} balances."
        )
        self.stdout.write(
            f"Backup of {found.dump_bytes / 1024**2:,.1f} MB in {found.dump_seconds:.1f} s, restored in "
            f"{found.restore_seconds:.1f} s."
        )
