"""`manage.py rotate_keys`: encrypts with the first key what former ones encrypted, and says what is left."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.credentials import known_key_ids
from health.key_rotation import KINDS, Left, Sealed, left


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first of COMMERCE_SYNC_ENCRYPTION_KEYS: access to platforms, signing "
        "secrets, Slack addresses, second factors. It may be stopped at any moment, run beside the workers, and run "
        "again: it goes on where it was. Exit codes: 0 nothing is left, so former keys are only needed for backups; "
        "1 something is left, and it says what."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to do it or only to count."""
        parser.add_argument("--count", action="store_true", help="change nothing; say how many are left")

    def handle(self, *args: Any, **options: Any) -> None:
        """One kind after the other; a kind that cannot be finished does not stop the others."""
        self.stdout.write(f"Keys here, the one that encrypts first: {', '.join(known_key_ids())}.")
        remains = [self._did(kind, count_only=options["count"]) for kind in KINDS]
        unknown, rows = sum(each.unknown for each in remains), sum(each.rows for each in remains)
        if not rows:
            self.stdout.write(
                "Everything is encrypted with the first key. Keep former ones as long as backups of then."
            )
            return
        if options["count"]:
            raise CommandError(f"{rows} are to be encrypted anew. Keep all keys, and run this without --count.")
        if unknown:
            raise CommandError(
                f"{rows} are left, {unknown} of them encrypted with a key that is not here. Put that key back at the "
                "end of COMMERCE_SYNC_ENCRYPTION_KEYS and run this again; manage.py doctor names what cannot be read."
            )
        raise CommandError(
            f"{rows} are left: somebody was writing them, or they are damaged. Keep all keys and run this again; "
            "manage.py doctor names what cannot be read."
        )

    def _did(self, kind: Sealed, *, count_only: bool) -> Left:
        done = 0 if count_only else kind.seal_anew()
        remains = left(kind)
        self.stdout.write(f"{kind.name}: {done} encrypted anew, {remains.rows} left.")
        return remains
