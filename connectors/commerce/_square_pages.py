"""Fetching from Square: over all locations, and what belongs to a row fetched beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from connectors.declare import GET, POST, Stream
from connectors.errors import BadAnswer, RefusalReason, Refused
from connectors.paging import Cursor, Page, rows_at, since_instant, value_at, walk
from connectors.place import Place
from connectors.session import Session
from connectors.walking import walk_each
from connectors.wire import Request

FIRST_YEAR: Final = datetime(2009, 1, 1, tzinfo=UTC)  # of Square itself: "from the beginning" must be said
LOCATIONS_AT_ONCE: Final = 10
_PAGES: Final = Cursor("cursor")
_ROW: Final = msgspec.json.Decoder(dict[str, Raw])


class _Place(Struct):
    id: str | None = None


class _Places(Struct):
    locations: list[_Place] | None = None


def pages(session: Session, dataset: str, stream: Stream, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The pages of a stream, one location or ten after the other where Square asks for it. Raises a `Failure`."""
    if stream.endpoint is None or stream.paging is None:
        raise AssertionError(dataset)
    request = stream.endpoint.request()
    if stream.since:
        request = since_instant(request, stream.since, since or FIRST_YEAR)
    if stream.since == "query:updated_at_begin_time":  # else only what was made within the last year
        request = since_instant(request, "query:begin_time", FIRST_YEAR)
    if dataset in _OPTIONAL:
        yield from _if_allowed(walk(session, request, paging=stream.paging, rows=stream.rows, at=at))
        return
    beside = _BESIDE.get(dataset)
    over = partial(_OVER.get(dataset, _everywhere), session, request)
    for each, page in walk_each(session, over, paging=stream.paging, rows=stream.rows, at=at):
        yield _joined(session, each, page, stream.rows, beside) if beside and page.rows else page


def _if_allowed(walked: Iterator[Page]) -> Iterator[Page]:
    """The pages; none where the seller has not given the right to read them."""
    try:
        yield from walked
    except Refused as refused:
        if refused.reason != RefusalReason.PERMISSION:
            raise


Beside = Callable[[Session, Request, Sequence[bytes]], list[dict[str, Raw]]]


def _joined(session: Session, request: Request, page: Page, path: str, beside: Beside) -> Page:
    """The page with what belongs to its rows written into them: so it is kept, and read again, as one."""
    found = beside(session, request, page.rows)
    rows = tuple(
        msgspec.json.encode({**_ROW.decode(row), **facts}) if facts else row
        for row, facts in zip(page.rows, found, strict=True)
    )
    body = msgspec.json.encode({path: [Raw(row) for row in rows]})
    return replace(page, body=body, rows=rows)


def _orders(session: Session, request: Request, rows: Sequence[bytes]) -> list[dict[str, Raw]]:
    """For each refund the order that it names; one call a page. An order that is not there is left out."""
    wanted = [_text(row, "order_id") for row in rows]
    ids = sorted(set(filter(None, wanted)))
    if not ids:
        return [{} for _ in rows]
    answer = session.send(POST("/v2/orders/batch-retrieve", {"order_ids": ids}, safe=True).request())
    found = {_text(order, "id"): Raw(order) for order in rows_at(answer.body, "orders")}
    return [{"order": found[order_id]} if order_id in found else {} for order_id in wanted]


def _entries(session: Session, request: Request, rows: Sequence[bytes]) -> list[dict[str, Raw]]:
    """For each payout what it is made of; a simple one is made of nothing that is listed."""
    found: list[dict[str, Raw]] = []
    for row in rows:
        payout = _text(row, "id")
        if not payout or _text(row, "type") == "SIMPLE":
            found.append({})
            continue
        listing = GET(f"/v2/payouts/{payout}/payout-entries", sort_order="ASC", limit="100").request()
        found.append({"payout_entries": _all(session, listing, "payout_entries")})
    return found


def _events(session: Session, request: Request, rows: Sequence[bytes]) -> list[dict[str, Raw]]:
    """For each shift what happened at the drawer, and the location, which the shift itself does not name."""
    location = dict(request.params)["location_id"]
    found: list[dict[str, Raw]] = []
    for row in rows:
        shift = _text(row, "id")
        listing = GET(f"/v2/cash-drawers/shifts/{shift}/events", location_id=location, limit="200").request()
        events = _all(session, listing, "cash_drawer_shift_events") if shift else Raw(b"[]")
        found.append({"location_id": Raw(msgspec.json.encode(location)), "events": events})
    return found


def _all(session: Session, request: Request, path: str) -> Raw:
    rows = [Raw(row) for page in walk(session, request, paging=_PAGES, rows=path) for row in page.rows]
    return Raw(msgspec.json.encode(rows))


def _text(row: bytes, name: str) -> str:
    """The text of that name, empty when there is none: a row that is wrong is refused when it is read."""
    try:
        found: Any = value_at(row, name)
    except BadAnswer:
        return ""
    return found if isinstance(found, str) and "/" not in found else ""


def _everywhere(session: Session, request: Request) -> Iterator[Request]:
    yield request


def _each_location(session: Session, request: Request) -> Iterator[Request]:
    for location in _locations(session):
        yield request.with_params(("location_id", location))


def _ten_locations(session: Session, request: Request) -> Iterator[Request]:
    body = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
    locations = _locations(session)
    for start in range(0, len(locations), LOCATIONS_AT_ONCE):
        yield request.with_json({**body, "location_ids": locations[start : start + LOCATIONS_AT_ONCE]})


def _locations(session: Session) -> list[str]:
    """All of the seller's locations, closed ones too: their last sales are to be found."""
    found = session.send(GET("/v2/locations").request()).decode(_Places)
    return [place.id for place in found.locations or () if place.id]


_OPTIONAL: Final = ("inventory",)  # sales are not to wait for a right that was asked for later
_OVER: Final[dict[str, Callable[[Session, Request], Iterator[Request]]]] = {
    "orders": _ten_locations,
    "payments": _each_location,
    "payouts": _each_location,
    "cash_drawers": _each_location,
}
_BESIDE: Final[dict[str, Beside]] = {"refunds": _orders, "payouts": _entries, "cash_drawers": _events}
