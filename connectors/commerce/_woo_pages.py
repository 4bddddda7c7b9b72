"""Fetching from WooCommerce: by when rows were changed, newest first, so that none is missed while others change.

Pages that are counted shift when an order changes while they are read, and an order slips from a page that is to come
into one that has been read. So the next page is not asked for by its number, but by the instant at which this one
ended; numbers are used only inside one and the same instant. What changes meanwhile is newer, and is found next time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Raw, structs

from connectors.declare import GET
from connectors.errors import BadAnswer, NothingServed, Refused
from connectors.paging import MOST_PAGES, Page, rows_at, value_at, walk
from connectors.place import Place
from connectors.session import Session
from connectors.wire import Request, Response

PATH: Final = "/wp-json/wc/v3"
PAGE_SIZE: Final = "100"
_PARENTS: Final = "20"  # products at a time whose variations are asked for one by one
BEFORE: Final = "modified_before"
MODIFIED: Final = "date_modified_gmt"
_ROW: Final = msgspec.json.Decoder(dict[str, Raw])


@dataclass(frozen=True, slots=True)
class CountedPages:
    """Pages by number; the header says how many there are, and without it an empty page is the end."""

    def first(self, request: Request) -> Request:
        return request.with_params(("page", "1"))

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        number = int(dict(request.params)["page"])
        last = page_count(response)
        if rows == 0 or (last is not None and number >= last):
            return None
        return request.with_params(("page", str(number + 1)))


def page_count(response: Response) -> int | None:
    """How many pages the listing has; None when a proxy has taken the header away."""
    text = response.headers.get("x-wp-totalpages", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def without_zone(instant: datetime) -> str:
    """An instant as the shop takes it. With a `Z` it is turned into the shop's own time, and compared with GMT."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def changed(session: Session, request: Request, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The pages of what changed after `since`, each row once, newest first; behind `at`, rows of its second again.

    Raises a `Failure`; `BadAnswer` when the listing goes round in a circle.
    """
    if since is not None:
        request = request.with_params(("modified_after", without_zone(since)))
    asked, read = (request, 0) if at is None else (at.request, at.number)
    seen: set[bytes] = set()
    while asked is not None:
        if read == MOST_PAGES:
            raise BadAnswer(f"the listing has more than {MOST_PAGES} pages")
        response, read = session.send(asked), read + 1
        rows = rows_at(response.body, "")
        page, before = _where(asked)
        fresh = tuple([row for row in rows if row not in seen])
        if rows and not fresh and page > 1:
            raise BadAnswer(f"page {read} has the same rows as the page before it")
        last = page_count(response)
        is_last = not rows or (last is not None and page >= last)
        reached = before if is_last else _next_window(rows)
        is_astray = bool(before) and reached > before
        if is_last:
            asked = None
        elif reached in (before, ""):
            asked = asked.with_params(("page", str(page + 1)))
        else:
            asked = request.with_params((BEFORE, reached))
        if fresh:
            body = response.body if len(fresh) == len(rows) else encoded(fresh)
            yield Page(read, body, fresh, response, None if is_astray else Place(asked, read))
        if is_astray:
            raise BadAnswer(f"page {read} has rows that were not asked for: {BEFORE} is not heeded")
        seen = seen.union(rows) if reached == before else set(rows)


def _where(request: Request) -> tuple[int, str]:
    """Which page is asked for, and of what before which instant ("": of all)."""
    params = dict(request.params)
    return int(params.get("page", "1")), params.get(BEFORE, "")


def _next_window(rows: tuple[bytes, ...]) -> str:
    """Before which instant the next page ends: a second more than the last row, for others of the same second.

    Empty when the rows do not say, or are not in order: then they can only be counted.
    """
    times = [found for found in map(_changed_at, rows) if found is not None]
    if not times or min(times) < times[-1]:
        return ""
    return without_zone(times[-1] + timedelta(seconds=1))


def _changed_at(row: bytes) -> datetime | None:
    try:
        found = msgspec.convert(msgspec.json.decode(_ROW.decode(row)[MODIFIED]), datetime)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (msgspec.MsgspecError, KeyError, ValueError, OverflowError, RecursionError):
        return None


def orders(session: Session, request: Request, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """All orders, and after them those in the trash: no question is answered with both."""
    trash = request.with_params(("status", "trash"))
    if at is None or at.after:
        for page in changed(session, request, since, at):
            yield replace(page, then=page.then and structs.replace(page.then, after=(trash,)))
        at = None
    yield from changed(session, trash, since, at)


def refunds(session: Session, request: Request, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The refunds of changed orders, each with its order; orders without any as themselves, for when they changed."""
    for page in orders(session, request, since, at):
        rows = tuple([found for row in page.rows for found in _refunds_of(session, row)])
        yield replace(page, body=encoded(rows), rows=rows)


def _refunds_of(session: Session, row: bytes) -> Iterator[bytes]:
    order: dict[str, Any]
    try:
        order = msgspec.json.decode(row, type=dict[str, Any])
    except msgspec.DecodeError:
        yield row
        return
    listed, identity, when = order.get("refunds"), order.get("id"), order.get(MODIFIED)
    if not isinstance(listed, list) or not listed or not isinstance(identity, int) or isinstance(identity, bool):
        yield msgspec.json.encode({"id": identity, MODIFIED: when})
        return
    head = Raw(msgspec.json.encode({name: value for name, value in order.items() if name != "refunds"}))
    stamp = Raw(msgspec.json.encode(when))
    # What is in the trash is told by its order, and only has to be named.
    found = [msgspec.json.encode(each) for each in listed] if order.get("status") == "trash" else None
    for refund in _listed(session, identity) if found is None else found:
        try:
            yield msgspec.json.encode({**_ROW.decode(refund), "order": head, MODIFIED: stamp})
        except msgspec.MsgspecError:
            yield refund


def _listed(session: Session, order: int) -> list[bytes]:
    """The refunds of an order; none when it was deleted in the meantime."""
    request = GET(f"{PATH}/orders/{order}/refunds", per_page=PAGE_SIZE, dp="6").request()
    try:
        return list(rows_at(session.send(request).body, ""))
    except Refused as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            return []
        raise


def variations(session: Session, request: Request, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The variations that have changed; of shops before 10.3, which do not list them, those of changed products."""
    if at is None or at.request is None or at.request.path == request.path:
        try:
            yield from changed(session, request, since, at)
            return
        except NothingServed:
            at = None
    yield from _of_products(session, request, since, at)


def _of_products(session: Session, request: Request, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The variations of changed products; the listing can be left behind the last of a page of products."""
    parents = request.with_params(("type", "variable"), ("_fields", f"id,{MODIFIED}"), ("per_page", _PARENTS))
    for page in changed(session, replace(parents, path=f"{PATH}/products"), since, at):
        for place, row in enumerate(page.rows, 1):
            number = value_at(row, "id")
            one = GET(f"{PATH}/products/{number}/variations", per_page=PAGE_SIZE, orderby="id", order="asc").request()
            for found in walk(session, one, paging=CountedPages()):
                rows = tuple(msgspec.json.encode({**_ROW.decode(each), "parent_id": number}) for each in found.rows)
                is_last = place == len(page.rows) and found.then is not None and found.then.request is None
                yield replace(found, body=encoded(rows), rows=rows, then=page.then if is_last else None)


def encoded(rows: tuple[bytes, ...]) -> bytes:
    """Rows as the list that they came in."""
    return msgspec.json.encode([Raw(row) for row in rows])


Fetch = Callable[[Session, Request, datetime | None, Place | None], Iterator[Page]]
FETCHES: Final[dict[str, Fetch]] = {"orders": orders, "refunds": refunds, "products": changed, "variations": variations}
