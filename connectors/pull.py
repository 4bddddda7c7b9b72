"""Pulling: every stream of a connection from its watermark on, page by page, each page its own transaction.

The watermark is the latest change that the platform itself has told of, never our clock (which only keeps it from
running ahead: a row that changed "in 2199" must not end all pulling), and it moves only when a whole listing has been
read. It never goes beyond the moment at which the listing began: what changes while it is read may have been missed.

A pull is done in steps, so that a large shop neither outlives its worker nor keeps others waiting. Where a listing is
left is kept with the rows of each page (`connectors.bookmarks`): whoever comes next, after a step or after a crash,
goes on there. A page that is read twice changes nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from connectors import bookmarks, registry
from connectors.bookmarks import Listing
from connectors.errors import (
    BadAnswer,
    CutAnswer,
    Failure,
    NothingServed,
    RefusalReason,
    Refused,
)
from connectors.models import Connection
from connectors.platform import CommercePlatform
from connectors.session import Session
from connectors.taking import PullResult, latest, taken
from connectors.vanished import gone
from ledger import faultpoints
from ledger.services import now

__all__ = ["PullResult", "Step", "note_complete", "pull_connection", "pull_recent", "pull_stream"]

_NOT_TAKEN: Final = (RefusalReason.VALIDATION, RefusalReason.NOT_FOUND)  # what is said to a cursor that has expired


Told = Callable[[PullResult], None]
Moved = Callable[[], None]
LEFT: Final = PullResult(complete=False)


class Step:
    """A part of the pull ``act``, which ends with the first page after so many ``seconds``; ``moved`` hears of each
    page behind which it can go on."""

    def __init__(self, act: UUID | None = None, seconds: float = math.inf, moved: Moved = lambda: None) -> None:
        self.act, self.moved = act or uuid4(), moved
        self._ends = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends


def pull_recent(
    connection: Connection, session: Session, since: datetime, told: Told, *, seconds: float = math.inf
) -> PullResult:
    """Pull what changed after ``since``, for somebody who waits and is ``told`` after each page what has come so far.

    Names may take half of the ``seconds``, and each stream has a page at least; what is left then is left to the first
    sync. The watermarks stay: the next pull reads all that it would have read without this one. Raises a `Failure`.
    """
    total = PullResult()
    platform = registry.commerce(connection.platform)
    names, everything = Step(seconds=seconds / 2), Step(seconds=seconds)
    for dataset in _wanted(connection, platform):
        stream = platform.stream(dataset)
        step = everything if stream.kinds else names
        for page in platform.fetch(session, dataset, since if stream.since else None):
            total += taken(connection, dataset, page, stream)
            told(total)
            if step.is_over:
                total += LEFT
                break
        connection.refresh_from_db(fields=["references_version"])
    return total


def pull_connection(
    connection: Connection,
    session: Session,
    *,
    act: UUID | None = None,
    seconds: float = math.inf,
    moved: Moved = lambda: None,
) -> PullResult:
    """Pull all streams that can be fetched, for ``seconds``; names first, so that records find them.

    A pull that is not complete goes on when it is called again with the same ``act``; ``moved`` hears of each page
    behind which it would. Raises a `Failure`; `NothingServed` when not one stream answered with a page: a wrong
    address looks like a platform that offers nothing, and must not pass for one that has nothing new.
    """
    platform = registry.commerce(connection.platform)
    step, total = Step(act, seconds, moved), PullResult()
    fetched = _wanted(connection, platform)
    before = bookmarks.through(connection, step.act)
    left = [dataset for dataset in fetched if dataset not in before]
    try:
        while left and total.complete:
            total += pull_stream(connection, session, platform, left[0], step)
            connection.refresh_from_db(fields=["references_version"])
            if total.complete:
                left.pop(0)
            if left and total.pages and step.is_over:
                total += LEFT
    except Failure:
        bookmarks.note_through(connection, step.act, set(fetched) - before - set(left), now())
        raise
    if not total.complete:
        bookmarks.note_through(connection, step.act, set(fetched) - before - set(left), now())
        return total
    if fetched and not total.pages and not before:
        raise NothingServed(f"{platform.name}: none of {len(fetched)} lists is there")
    bookmarks.forget_through(connection)
    return total


def note_complete(connections: Iterable[Connection], act: UUID) -> None:
    """These were pulled to their end, and others were not: the next step of ``act`` need not begin with them again."""
    for connection in connections:
        wanted = _wanted(connection, registry.commerce(connection.platform))
        bookmarks.note_through(connection, act, wanted, now())


def pull_stream(
    connection: Connection, session: Session, platform: CommercePlatform, dataset: str, step: Step | None = None
) -> PullResult:
    """Pull one stream, from where it was left or from its look-back before the watermark, until the ``step`` is over.

    Raises a `Failure`; pages read until then are kept.
    """
    step, total, stream = step or Step(), PullResult(), platform.stream(dataset)
    is_ours = False
    while not is_ours:
        listing = bookmarks.listing_of(connection, platform, dataset, step.act, now())
        try:
            total += _read(connection, session, platform, listing, step)
        except (Refused, BadAnswer) as failure:
            listing = _begun_anew(connection, platform, listing, step, failure)
            total += _read(connection, session, platform, listing, step)
        if not total.complete:
            return total
        bookmarks.end(connection, listing, now(), advances=stream.since is not None)
        faultpoints.reached("after_cursor_save")
        # What an earlier pull began tells nothing of what has changed since then.
        is_ours = listing.act == step.act
    for page in gone(connection, session, platform, dataset, now()):
        total += taken(connection, dataset, page, stream)
    return total


def _read(
    connection: Connection, session: Session, platform: CommercePlatform, listing: Listing, step: Step
) -> PullResult:
    """Read a listing from its place on, a page at least."""
    dataset, total = listing.dataset, PullResult()
    stream = platform.stream(dataset)
    for page in platform.fetch(session, dataset, listing.since, listing.place):
        faultpoints.reached("after_page_fetch")
        listing.reached = latest(platform, dataset, page.rows, listing.reached, listing.began_at)
        listing.pages += 1
        listing.place = page.then
        is_left = page.then is not None and not page.then.is_end
        total += taken(connection, dataset, page, stream, listing if is_left else None)
        if is_left:
            step.moved()
            if step.is_over:
                return total + LEFT
    return total


def _begun_anew(
    connection: Connection, platform: CommercePlatform, listing: Listing, step: Step, failure: Failure
) -> Listing:
    """The listing from its beginning, where the platform does not take its bookmark any more; else raises ``failure``.

    The bookmark stays until the first page has come: what refuses it may refuse everything at the moment. A listing
    that was begun anew and has to be again fails, and the next pull begins it.
    """
    refuses = isinstance(failure, BadAnswer) or getattr(failure, "reason", None) in _NOT_TAKEN
    if not listing.is_untouched or not refuses or isinstance(failure, CutAnswer):
        raise failure
    if listing.anew:
        bookmarks.drop(connection, listing.dataset)
        raise failure
    return bookmarks.listing_of(connection, platform, listing.dataset, step.act, now(), anew=True)


def _wanted(connection: Connection, platform: CommercePlatform) -> list[str]:
    """The streams to fetch, names first, without those of which another connection tells, or that nobody may read."""
    unwanted = connection.settings.get("without_streams", ())
    streams = {name: stream for name, stream in platform.streams.items() if name not in unwanted}
    fetched = [name for name, stream in streams.items() if stream.endpoint is not None]
    return sorted(fetched, key=lambda name: bool(platform.stream(name).kinds))
