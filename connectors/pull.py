"""Pulling: every stream of a connection from its watermark on, page by page, each page its own transaction.

The watermark is the latest change that the platform itself has told of, never our clock (which only keeps it from
running ahead: a row that changed "in 2199" must not end all pulling), and it moves only when a whole listing has been
read: a crash on page seven reads pages one to six again, and storing them again changes nothing. It never goes beyond
the moment at which the listing began: what changes while it is read may have been missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from connectors import registry
from connectors.declare import Stream
from connectors.errors import MappingProblem, NothingServed
from connectors.models import Connection, Watermark
from connectors.paging import Page
from connectors.platform import CommercePlatform
from connectors.receive import MAX_ROWS, receive_page
from connectors.services import origin_of
from connectors.session import Session
from connectors.vanished import gone
from ledger.services import now


class PullResult(Struct, frozen=True):
    """What a pull brought: pages and rows read, records new or changed, rows refused."""

    pages: int = 0
    rows: int = 0
    stored: int = 0
    refused: int = 0

    def __add__(self, other: PullResult) -> PullResult:
        return PullResult(
            self.pages + other.pages, self.rows + other.rows, self.stored + other.stored, self.refused + other.refused
        )


Told = Callable[[PullResult], None]


def pull_recent(connection: Connection, session: Session, since: datetime, told: Told) -> PullResult:
    """Pull what changed after ``since``, for somebody who waits and is ``told`` after each page what has come so far.

    The watermarks stay: the next pull reads all that it would have read without this one. Raises a `Failure`.
    """
    total = PullResult()
    platform = registry.commerce(connection.platform)
    for dataset in _wanted(connection, platform):
        stream = platform.stream(dataset)
        for page in platform.fetch(session, dataset, since if stream.since else None):
            total += _taken(connection, dataset, page, stream)
            told(total)
        connection.refresh_from_db(fields=["references_version"])
    return total


def pull_connection(connection: Connection, session: Session) -> PullResult:
    """Pull all streams that can be fetched; names first, so that records find them.

    Raises a `Failure`; `NothingServed` when not one stream answered with a page: a wrong address looks like a platform
    that offers nothing, and must not pass for one that has nothing new.
    """
    platform = registry.commerce(connection.platform)
    total = PullResult()
    fetched = _wanted(connection, platform)
    for dataset in fetched:
        total += pull_stream(connection, session, platform, dataset)
        connection.refresh_from_db(fields=["references_version"])
    if fetched and not total.pages:
        raise NothingServed(f"{platform.name}: none of {len(fetched)} lists is there")
    return total


def pull_stream(connection: Connection, session: Session, platform: CommercePlatform, dataset: str) -> PullResult:
    """Pull one stream from its look-back before the watermark. Raises a `Failure`; pages read until then are kept."""
    stream = platform.stream(dataset)
    mark = Watermark.objects.filter(connection=connection, dataset=dataset).first()
    since = mark.reached_at - stream.lookback if mark and stream.since else None
    reached = mark.reached_at if mark else None
    total = PullResult()
    began_at = now()
    for page in platform.fetch(session, dataset, since):
        total += _taken(connection, dataset, page, stream)
        reached = _latest(platform, dataset, page.rows, reached, began_at)
    if reached is not None and _advances(stream):
        Watermark.objects.update_or_create(
            connection=connection, dataset=dataset, defaults={"reached_at": reached, "pulled_at": now()}
        )
    for page in gone(connection, session, platform, dataset, now()):
        total += _taken(connection, dataset, page, stream)
    return total


def _wanted(connection: Connection, platform: CommercePlatform) -> list[str]:
    """The streams to fetch, names first, without those of which another connection tells, or that nobody may read."""
    unwanted = connection.settings.get("without_streams", ())
    streams = {name: stream for name, stream in platform.streams.items() if name not in unwanted}
    fetched = [name for name, stream in streams.items() if stream.endpoint is not None]
    return sorted(fetched, key=lambda name: bool(platform.stream(name).kinds))


def _taken(connection: Connection, dataset: str, page: Page, stream: Stream) -> PullResult:
    """Store a page, in as many transactions as it needs."""
    total = PullResult(pages=1)
    for body, rows in _portions(page, stream.rows):
        at = now()
        results = receive_page(origin_of(connection, at), dataset, body, rows, at)
        stored = sum(result.status in ("new", "changed") for result in results)
        refused = sum(result.status == "refused" for result in results)
        total += PullResult(rows=len(rows), stored=stored, refused=refused)
    return total


def _advances(stream: Stream) -> bool:
    return stream.since is not None


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


def _latest(
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
