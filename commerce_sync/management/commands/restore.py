"""`manage.py restore FILE`: bring a backup into an empty database, and have it wait for a person's word."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commerce_sync.backup.making import NotEmpty, bring_back
from commerce_sync.backup.programs import ProgramFailed

NEXT = """Nothing is pulled, posted or delivered yet. Next:
  1. manage.py migrate, manage.py doctor
  2. be sure that nothing works on the former database any more
  3. ask partners to send everything since the backup again (what is known is answered "unchanged")
  4. manage.py resume_after_restore --why "…\""""


class Command(BaseCommand):
    help = (
        "Restore the backup FILE into the database of the settings, which must be empty, compare it with the figures "
        "kept beside it, and hold all work until `manage.py resume_after_restore`. Exit codes: 0 restored, and equal; "
        "1 anything else."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, compare, say what comes next."""
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"{file} is no file.")
        try:
            figures, differences = bring_back(file)
        except (NotEmpty, ProgramFailed) as error:
            raise CommandError(f"Nothing was restored: {error}") from None
        self.stdout.write(f"{len(figures.tables)} tables, {figures.rows:,} rows, as of the backup. {NEXT}")
        if wrong := [*differences, *figures.wrong]:
            raise CommandError("Restored, but not equal to what was backed up: " + "; ".join(wrong))
