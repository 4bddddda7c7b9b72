"""`manage.py import_sales FILE.jsonl --company NAME`: sales in the published shapes, from a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.core.management.base import BaseCommand, CommandError

from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, company_named
from commerce_sync.progress import Progress
from commerce_sync.sales_file import Complaint, datasets_of, import_file
from connectors.models import Connection

UNREADABLE: Final = 2
LISTED: Final = 50
_WORDS: Final = (
    ("new", "new"), ("changed", "changed"), ("unchanged", "unchanged"), ("stale", "older than what is stored"),
    ("read", "names read"), ("refused", "refused"),
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Import sales into a company from a file of JSON lines in the published commerce shapes, through the same door "
        "as pushes: importing a file again changes nothing. A bad line is refused alone and listed. Nothing is posted "
        "to the books: the next sync does that. "
        "Exit codes: 0 all rows are fine; 1 some were refused or have a problem that keeps them out of the books; "
        "2 nothing was read: the file, the company or the dataset is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The argument and the options."""
        parser.add_argument(
            "file", help='lines of {"dataset": "orders", "data": {…}}, or plain rows; - reads the input'
        )
        parser.add_argument("--company", required=True, help="its name or its public id")
        parser.add_argument("--dataset", default="", help="what plain rows are: orders, transactions, products …")
        parser.add_argument("--connection", default="", help="public id, when the company has several to push to")
        parser.add_argument("--limit", type=int, default=LISTED, help=f"list at most so many problems ({LISTED})")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, list, sum up."""
        connection = _connection(options["company"], options["connection"])
        dataset = options["dataset"]
        if dataset and dataset not in datasets_of(connection):
            known = ", ".join(sorted(datasets_of(connection)))
            raise CommandError(f"{dataset!r} is no dataset; there are {known}.", returncode=UNREADABLE)
        totals: Counter[str] = Counter()
        complaints = 0
        with _opened(options["file"]) as lines, Progress(self.stderr, "importing, line") as progress:
            for batch in import_file(connection, lines, dataset):
                totals += batch.statuses
                for complaint in batch.complaints:
                    complaints += 1
                    if complaints <= options["limit"]:
                        self.stderr.write(_shown(complaint))
                progress.at(batch.through)
        if complaints > options["limit"]:
            self.stderr.write(f"… and {complaints - options['limit']:,} more (--limit lists more)")
        self._sum_up(totals, complaints)

    def _sum_up(self, totals: Counter[str], complaints: int) -> None:
        parts = [f"{totals[status]:,} {words}" for status, words in _WORDS if totals[status]]
        self.stdout.write(f"{totals.total():,} rows: {', '.join(parts) or 'nothing to import'}.")
        if complaints:
            raise CommandError(
                f"{complaints:,} problems are listed above. Correct the rows and import the file again: "
                "what is in already stays as it is.",
                returncode=1,
            )


def _connection(company_said: str, connection_said: str) -> Connection:
    try:
        company = company_named(company_said)
    except (UnknownCompany, AmbiguousCompany) as error:
        raise CommandError(str(error), returncode=UNREADABLE) from None
    linked = Connection.objects.select_related("company", "source").filter(
        company=company, kind=Connection.Kind.COMMERCE, status=Connection.Status.LINKED, platform="partner"
    )
    found = [each for each in linked if connection_said in ("", str(each.public_id))]
    if len(found) == 1:
        return found[0]
    if not found:
        words = f"{company.name} has no linked connection that takes pushes"
        raise CommandError(words + (" with this id." if connection_said else "."), returncode=UNREADABLE)
    ids = "\n".join(f"  {each.public_id}  {each.name}" for each in found)
    raise CommandError(f"Say with --connection which one is meant:\n{ids}", returncode=UNREADABLE)


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.", returncode=UNREADABLE) from None


def _shown(complaint: Complaint) -> str:
    what = "refused" if complaint.is_lost else "kept, but not for the books"
    about = " ".join(word for word in (complaint.id, complaint.path) if word)
    return f"line {complaint.line:,}: {what}: {about}: {complaint.reason}"
