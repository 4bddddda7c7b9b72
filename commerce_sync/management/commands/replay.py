"""`manage.py replay`: would what is stored raw be mapped and posted the same today?"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, as_uuid, company_named
from commerce_sync.progress import Progress
from commerce_sync.replay import Difference, Replayed, read_only, replay
from connectors.models import Connection
from ledger.money import format_minor

LISTED: Final = 100


class Command(BaseCommand):
    help = (
        "Map the stored raw pages again and compare with the stored records; post the records in the books again, in "
        "memory, and compare with the documents. Shows what a changed mapping, rule or name would change; writes "
        "nothing (the transaction is read-only). "
        "Exit codes: 0 no difference; 1 differences, or the company or connection is unknown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--company", default="", help="only this company (name or public id)")
        parser.add_argument("--connection", default="", help="only this connection (public id)")
        parser.add_argument("--since", default="", help="only pages received from this ISO date or instant (UTC) on")
        parser.add_argument("--limit", type=int, default=None, help="at most so many pages of each connection")
        parser.add_argument("--list", type=int, default=LISTED, help=f"print at most so many differences ({LISTED})")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay company by company."""
        self.printed, self.most = 0, options["list"]
        since = _instant(options["since"])
        connections = _connections(options["company"], options["connection"])
        grand = Replayed(sums=[])
        with read_only(), Progress(self.stderr, "replaying, page") as progress:
            for company_id, found in groupby(connections, key=lambda connection: connection.company_id):
                done = grand.pages
                run = replay(
                    list(found),
                    since=since,
                    limit=options["limit"],
                    report=self._print,
                    progress=lambda pages, done=done: progress.at(done + pages),  # type: ignore[misc]
                )
                self._print_sums(company_id, run)
                for field in ("pages", "rows", "records", "unread", "posted", "differing"):
                    setattr(grand, field, getattr(grand, field) + getattr(run, field))
                grand.sums = [*grand.sums, *run.sums]
        self._conclude(grand)

    def _print(self, difference: Difference) -> None:
        self.printed += 1
        if self.printed <= self.most:
            self.stdout.write(f"{difference.subject} {difference.path}: {difference.stored} → {difference.now}")

    def _print_sums(self, company_id: int, run: Replayed) -> None:
        for each in run.sums:
            self.printed += 1
            if self.printed <= self.most:
                held = format_minor(each.documents, each.currency)
                now = format_minor(each.now, each.currency)
                place = f"company {company_id}, {each.day} {each.currency}, account {each.account}"
                self.stdout.write(f"{place}: the documents hold {held}, posted again it is {now}")

    def _conclude(self, grand: Replayed) -> None:
        if self.printed > self.most:
            self.stdout.write(f"… and {self.printed - self.most:,} more (--list prints more)")
        purged = f" ({grand.unread:,} of them purged and not read)" if grand.unread else ""
        self.stdout.write(
            f"{grand.pages:,} pages{purged}, {grand.rows:,} rows, {grand.records:,} records compared, "
            f"{grand.posted:,} posted again in memory: {grand.differing:,} records and {len(grand.sums):,} sums differ."
        )
        if grand.differing or grand.sums:
            raise CommandError("There are differences. Nothing was written.", returncode=1)


def _connections(company_said: str, connection_said: str) -> list[Connection]:
    found = Connection.objects.select_related("company").filter(kind=Connection.Kind.COMMERCE)
    if company_said:
        try:
            found = found.filter(company=company_named(company_said))
        except (UnknownCompany, AmbiguousCompany) as error:
            raise CommandError(str(error)) from None
    if connection_said:
        public_id = as_uuid(connection_said)
        if public_id is None or not found.filter(public_id=public_id).exists():
            raise CommandError(f"There is no such connection: {connection_said!r}. Say its public id.")
        found = found.filter(public_id=public_id)
    return list(found.order_by("company_id", "id"))


def _instant(said: str) -> datetime | None:
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise CommandError(f"--since {said!r} is no ISO date or instant: 2026-11-20 or 2026-11-20T04:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
