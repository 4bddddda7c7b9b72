"""`manage.py audit_trail`: is the audit trail still what it was when its days were sealed."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from health.audit_trail import Seal, kept_seals, seal_of

_LINE: Final = re.compile(r"audit trail of (\d{4}-\d{2}-\d{2}): (\d+) entries, sha256 ([0-9a-f]{64})")


class Command(BaseCommand):
    help = (
        "Hash the entries of each sealed day of the audit trail anew and compare them with the seals in the trail, and "
        "with those in a kept log. Exit codes: 0 all is as it was sealed; 1 at least one day is not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From when on, and what to compare with."""
        parser.add_argument("--since", type=date.fromisoformat, default=date.min, help="the first day (YYYY-MM-DD)")
        parser.add_argument("--kept", help="a log, or part of it, that was kept outside the database; - for the input")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each day that differs, and one with the count."""
        seals = kept_seals(options["since"])
        sealed = {seal.day for seal in seals}
        from_log = [seal for seal in _read(options["kept"]) if seal.day >= options["since"]]
        wrong = [seal for seal in dict.fromkeys([*seals, *from_log]) if seal_of(seal.day) != seal]
        wrong += [seal for seal in from_log if seal.day not in sealed and seal not in wrong]
        for seal in sorted(wrong):
            self.stdout.write(
                f"{seal.day} is not as it was sealed: {seal_of(seal.day).entries} entries, not {seal.entries}"
            )
        self.stdout.write(f"{len(sealed)} days compared, {len(from_log)} of them with the log; {len(wrong)} differ")
        if wrong:
            sys.exit(1)


def _read(path: str | None) -> list[Seal]:
    if path is None:
        return []
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(errors="replace")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    return [Seal(date.fromisoformat(day), int(entries), sha) for day, entries, sha in _LINE.findall(text)]
