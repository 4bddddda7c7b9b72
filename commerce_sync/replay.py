"""Replay: what is stored raw is mapped and posted again in memory, and compared with what is stored and in the books.

Shows what a change of a mapping, a rule or a name would change. Everything happens in a read-only transaction, so that
PostgreSQL itself refuses whatever would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final

import msgspec
from django.db import connection as database
from django.db import transaction
from msgspec import Struct

from commerce_sync import replay_rows
from commerce_sync.raw_rows import rows_of_page
from commerce_sync.replay_posting import compare_posting
from commerce_sync.replay_rows import StoredPage, StoredVersion
from connectors import references, registry
from connectors.cost_rows import known_costs
from connectors.costs import costed
from connectors.errors import MappingProblem
from connectors.models import Connection
from connectors.session import MapContext
from ledger.commerce import KIND_OF, Deleted, Record, Refund, encode
from ledger.costs import stated
from ledger.incoming import Identity

NOTHING: Final = "(nothing)"


class Difference(Struct, frozen=True):
    """One value that would be another today. ``subject`` names the record; ``path`` leads into it."""

    subject: str
    path: str
    stored: str
    now: str


class SumDifference(Struct, frozen=True):
    """An account of a group of which the documents hold another sum (minor units, debits positive)."""

    day: date
    currency: str
    account: str
    documents: int
    now: int


class Replayed(Struct):
    """What was replayed. ``unread`` pages were purged; ``records`` is how many stored versions were compared."""

    pages: int = 0
    rows: int = 0
    records: int = 0
    unread: int = 0
    posted: int = 0
    differing: int = 0
    sums: list[SumDifference] = []


@contextmanager
def read_only() -> Iterator[None]:
    """A transaction in which PostgreSQL refuses every write; it sees one state of the database from end to end."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def replay(
    connections: list[Connection],
    *,
    since: datetime | None,
    limit: int | None,
    report: Callable[[Difference], None],
    progress: Callable[[int], None],
) -> Replayed:
    """Replay the pages of ``connections`` (of one company), at most ``limit`` of each; call inside `read_only`.

    Sums are compared over all that is in the books; records whose page is not replayed count as they are stored.
    """
    total = Replayed()
    changed: dict[int, Record | None] = {}
    for connection in connections:
        run = _Run(connection, total, report, changed)
        for page in replay_rows.pages(connection.pk, since, limit):
            run.page(page)
            progress(total.pages)
    if connections:
        total.posted, sums = compare_posting(connections[0].company_id, changed)
        total.sums = [SumDifference(*row) for row in sums]
    return total


class _Run:
    def __init__(
        self,
        connection: Connection,
        total: Replayed,
        report: Callable[[Difference], None],
        changed: dict[int, Record | None],
    ) -> None:
        self.total, self.report, self.changed = total, report, changed
        self.connection = connection
        self.platform = registry.commerce(connection.platform)
        self.names = references.known(connection.pk, connection.references_version)
        self.costs = known_costs(connection)

    def page(self, page: StoredPage) -> None:
        """Map the rows of one page again and compare them with what was made of them."""
        self.total.pages += 1
        if page.body is None:
            self.total.unread += 1
            return
        if not self.platform.stream(page.dataset).kinds:
            return  # names only
        if self.connection.source_id is None:
            return
        stored = replay_rows.versions_of(self.connection.source_id, page.id)
        company = self.connection.company
        context = MapContext(
            company.currency, company.zone, self.connection.settings, self.names, page.received_at, self.costs
        )
        unstored: dict[Identity, int] = {}
        erased = replay_rows.erased_places(self.connection.source_id, page.id)
        for place, row in enumerate(rows_of_page(page.platform, page.dataset, page.body)):
            self.total.rows += 1
            if place in erased:
                continue
            found, complaint = self._map(page.dataset, row, context, stored.get(place, []))
            for version in stored.get(place, ()):
                self.total.records += 1
                self._compare(version, found.pop(version.identity, None), complaint)
            unstored |= dict.fromkeys(found, place)
        self._report_unstored(page, unstored)

    def _map(
        self, dataset: str, row: bytes, context: MapContext, versions: list[StoredVersion]
    ) -> tuple[dict[Identity, Record], str]:
        """The records of a row by identity, and why there are none."""
        try:
            records = self.platform.map(dataset, row, context)
        except (msgspec.ValidationError, MappingProblem) as error:
            return {}, f"refused: {error}"
        kinds = self.platform.stream(dataset).kinds
        former = next((version.identity[0] for version in versions), kinds[0])
        found: dict[Identity, Record] = {}
        for mapped in records:
            record = costed(mapped, context.costs, self.platform.catalog_costs)
            kind = former if isinstance(record, Deleted) else KIND_OF[type(record)]
            found[kind, record.id] = record
        return found, NOTHING

    def _compare(self, version: StoredVersion, now: Record | None, complaint: str) -> None:
        subject = f"{version.identity[0]} {version.identity[1]} (#{version.number})"
        if now is None and version.is_deleted and not complaint.startswith("refused"):
            return  # taken back because the row said no more of it: nothing then, and nothing now
        if now is None:
            self._differ(version, None)
            self.report(Difference(subject, "$", "a record", complaint))
            return
        candidates = [now]
        if isinstance(now, Refund) and now.lines is None and self.connection.source_id is not None:
            candidates += replay_rows.derived(self.connection.source_id, now)
        stored = encode(stated(version.record))  # what a catalog said then is not what it says now
        if any(encode(stated(each)) == stored for each in candidates):
            return
        last = candidates[-1]
        self._differ(version, last)
        was, is_now = msgspec.to_builtins(stated(version.record)), msgspec.to_builtins(stated(last))
        for path, before, after in differences(was, is_now):
            self.report(Difference(subject, path, before, after))

    def _differ(self, version: StoredVersion, now: Record | None) -> None:
        self.total.differing += 1
        self.changed[version.number] = now

    def _report_unstored(self, page: StoredPage, unstored: dict[Identity, int]) -> None:
        """Rows that were refused when they came and would be records today."""
        if not unstored or self.connection.source_id is None:
            return
        ids = [external_id for _, external_id in unstored]
        known = replay_rows.known_identities(self.connection.source_id, ids)
        for identity, place in unstored.items():
            if identity not in known:
                self.total.differing += 1
                where = f"row {place} of page {page.id}"
                self.report(Difference(f"{identity[0]} {identity[1]} ({where})", "$", NOTHING, "a record"))


def differences(before: Any, after: Any, path: str = "$") -> Iterator[tuple[str, str, str]]:
    """(path, before, after) of every leaf that differs between two JSON values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differences(before.get(name, NOTHING), after.get(name, NOTHING), f"{path}.{name}")
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else NOTHING
            new = after[index] if index < len(after) else NOTHING
            yield from differences(old, new, f"{path}[{index}]")
    elif before != after:
        yield path, str(before), str(after)
