"""`manage.py backup FILE`: everything that is in the database, of one moment, with the figures that prove it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commerce_sync.backup.making import FIGURES_SUFFIX, make
from commerce_sync.backup.programs import ProgramFailed


class Command(BaseCommand):
    help = (
        "Write a backup of the database to FILE (pg_dump's custom format) while everything goes on, and its figures "
        f"to FILE{FIGURES_SUFFIX}. The keys are not in it: keep COMMERCE_SYNC_ENCRYPTION_KEYS and SECRET_KEY "
        "elsewhere. Exit codes: 0 written and the books in it are whole; 1 anything else."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what is in it."""
        file: Path = options["file"]
        if file.exists():
            raise CommandError(f"{file} exists: a backup never replaces another.")
        try:
            figures = make(file)
        except (ProgramFailed, OSError) as error:
            raise CommandError(f"No backup was written: {error}") from None
        self.stdout.write(
            f"{file}: {file.stat().st_size / 1024**2:,.1f} MB, {len(figures.tables)} tables, {figures.rows:,} rows, "
            f"{len(figures.balances):,} balances, as of {figures.taken_at}"
        )
        if figures.wrong:
            raise CommandError("The backup is what is there, but the books are not whole: " + "; ".join(figures.wrong))
