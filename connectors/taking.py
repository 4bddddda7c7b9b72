"""Taking a page of a pull in: its rows, and with them where its listing is then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from connectors import bookmarks
from connectors.bookmarks import Listing
from connectors.declare import Stream
from connectors.errors import MappingProblem
from connectors.models import Connection
from connectors.paging import Page
from connectors.platform import CommercePlatform
from connectors.receive import MAX_ROWS, receive_page
from connectors.services import origin_of
from ledger import sql
from ledger.services import now


class PullResult(Struct, frozen=True):
    """What a pull brought: pages and rows read, records new or changed, rows refused; and whether nothing is left."""

    pages: int = 0
    rows: int = 0
    stored: int = 0
    refused: int = 0
    complete: bool = True

    def __add__(self, other: PullResult) -> PullResult:
        pages, rows = self.pages + other.pages, self.rows + other.rows
        stored, refused = self.stored + other.stored, self.refused + other.refused
        return PullResult(pages, rows, stored, refused, self.complete and other.complete)


def taken(
    connection: Connection, dataset: str, page: Page, stream: Stream, listing: Listing | None = None
) -> PullResult:
    """Store a page, in as many transactions as it needs; where the ``listing`` is then is kept with the last one."""
    total = PullResult(pages=1)
    portions = list(_portions(page, stream.rows))
    for number, (body, rows) in enumerate(portions, 1):
        at = now()
        with sql.unit_of_work():
            results = receive_page(origin_of(connection, at), dataset, body, rows, at)
            if listing is not None and number == len(portions):
                bookmarks.keep(connection.pk, listing)
        stored = sum(result.status in ("new", "changed") for result in results)
        refused = sum(result.status == "refused" for result in results)
        total += PullResult(rows=len(rows), stored=stored, refused=refused)
    return total


def _portions(page: Page, path: str) -> Iterator[tuple[bytes, list[msgspec.Raw]]]:
    """The page as it came; one with more rows than a transaction should take, in several of the same form.

    ``path`` leads to the list in the page, so that the rows are found again where pages are stored.
    """
    rows = [msgspec.Raw(row) for row in page.rows]
    if len(rows) <= MAX_ROWS:
        yield page.body, rows
        return
    for start in range(0, len(rows), MAX_ROWS):
        some = rows[start : start + MAX_ROWS]
        body = msgspec.json.encode(some)
        for name in reversed(list(filter(None, path.split(".")))):
            body = msgspec.json.encode({name: msgspec.Raw(body)})
        yield body, some


def latest(
    platform: CommercePlatform, dataset: str, rows: Sequence[bytes], reached: datetime | None, most: datetime
) -> datetime | None:
    """The latest change among ``rows``, ``most`` at most; a row that cannot be read says nothing about time."""
    for row in rows:
        try:
            _, updated_at = platform.identify(dataset, row)
        except (msgspec.MsgspecError, MappingProblem, ValueError):
            continue
        if updated_at is not None and (reached is None or updated_at > reached):
            reached = min(updated_at, most)
    return reached
