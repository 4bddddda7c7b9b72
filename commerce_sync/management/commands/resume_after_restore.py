"""`manage.py resume_after_restore`: the data are where they are to be; work begins again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger import sql
from ledger.home import come_home, elsewhere, leave_home


class Command(BaseCommand):
    help = (
        "Say that work may begin on these data after they were restored, copied or taken over. From then on each "
        "document that a former history may have delivered is looked up at the accounting software before it is sent, "
        "and adopted when it is there. With --hold the other way round: these data came here by a copy of files, which "
        "cannot be noticed, and are to wait. Exit codes: 0 done; 1 there was nothing to resume."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--why", default="", help="a sentence for the audit trail")
        parser.add_argument("--by", default="operator", help="who says so")
        parser.add_argument("--hold", action="store_true", help="have these data wait instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Resume, or hold."""
        if options["hold"]:
            waiting = leave_home()
            self.stdout.write(
                f"Nothing is pulled, posted or delivered from now on ({waiting.noticed_at:%Y-%m-%d %H:%M} UTC)."
            )
            return
        if elsewhere() is None:
            raise CommandError("These data are where they belong; there is nothing to resume.")
        if not options["why"].strip():
            raise CommandError('Say why, for the audit trail: --why "restored after …; the former server is off"')
        come_home(actor=options["by"], reason=options["why"].strip())
        unsent = sql.rows(
            """SELECT count(*) FROM ledger_document document
               WHERE pushed_at IS NULL AND withdrawn_at IS NULL"""
        )[0][0]
        self.stdout.write(
            f"Work begins again. {unsent:,} documents are not delivered as far as these data know: "
            "each is looked up before it is sent."
        )
