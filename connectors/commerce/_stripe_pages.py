"""Fetching from Stripe: newest first, what changed later found by its events, what belongs to a row put beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from connectors.commerce import _stripe_parts as parts
from connectors.commerce._stripe_behind import document
from connectors.declare import GET, Stream
from connectors.errors import BadAnswer
from connectors.paging import Page, rows_at, value_at, walk
from connectors.place import Place
from connectors.session import Session
from connectors.wire import Request, Response

_SINCE: Final = "created[gte]"
_EVENTS_REACH: Final = timedelta(days=29)  # thirty, less a day for what may go wrong
_MAY_CHANGE: Final = timedelta(days=180)  # so old may be what changed in a time of which no event tells any more
# What happens to an object after it was made, by stream: the events that tell of it.
EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "refunds": ("refund.updated", "refund.failed", "charge.refund.updated"),
    "payouts": (
        *("payout.updated", "payout.paid", "payout.failed", "payout.canceled"),
        "payout.reconciliation_completed",
    ),
    "disputes": (
        *("charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn"),
        "charge.dispute.funds_reinstated",
    ),
}
_CLOSED: Final = "charge.dispute.closed"
_ROW: Final = msgspec.json.Decoder(dict[str, Raw])
# Object id → event type → when it last happened, in seconds.
Told = dict[str, dict[str, int]]


class _Left(Struct):
    """What events have told of, and what of it no page has shown so far."""

    told: Told = {}
    changed: set[str] = set()

    def noted(self, place: Place) -> Place:
        """The place, with what is left to be shown behind it; the last one has nothing."""
        if not self.changed and (place.request is None or not self.told):
            return place
        return structs.replace(place, note=msgspec.json.encode(self, order="deterministic").decode())


class NewestFirst:
    """The next page begins after the last row of this one; `has_more` says whether there is one."""

    def first(self, request: Request) -> Request:
        return request

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        if rows == 0 or value_at(response.body, "has_more") is not True:
            return None
        last = _text(rows_at(response.body, "data")[-1], "id")
        if not last:
            raise BadAnswer("the last row of a page has no id, so the next page cannot be asked for")
        return request.with_params(("starting_after", last))


_PAGES: Final = NewestFirst()


def pages(session: Session, dataset: str, stream: Stream, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The pages of a stream, then what of older things has changed. Raises a `Failure`."""
    if stream.endpoint is None:
        raise AssertionError(dataset)
    left = _Left() if at is None or not at.note else msgspec.json.decode(at.note, type=_Left)
    if at is None and dataset in EVENTS:
        left.told, since = _events(session, EVENTS[dataset], since)
        left.changed = set(left.told)
    request = _from(stream.endpoint.request(), since)
    number = 0
    for page in walk(session, request, paging=_PAGES, rows=stream.rows, at=at):
        number = page.number
        left.changed -= {_text(row, "id") for row in page.rows}
        yield _joined(session, dataset, replace(page, then=page.then and left.noted(page.then)), left.told)
    for object_id in sorted(left.changed):
        number += 1
        one = replace(request, path=f"{request.path}/{object_id}", params=_alone(request.params))
        answer = session.send(one)
        left.changed.remove(object_id)
        then = left.noted(Place(None, number))
        page = Page(number, b'{"data":[' + answer.body + b"]}", (answer.body,), answer, then)
        yield _joined(session, dataset, page, left.told)


def _events(session: Session, types: Sequence[str], since: datetime | None) -> tuple[Told, datetime | None]:
    """What events tell of, and the instant from which on rows have to be read beside them."""
    asked = {f"types[{number}]": name for number, name in enumerate(types)}
    request = _from(GET("/v1/events", limit="100", **asked).request(), since)
    told: Told = {}
    for page in walk(session, request, paging=_PAGES, rows="data"):
        if since is not None and page.number == 1 and not _reaches_back(page.response, since):
            since -= _MAY_CHANGE
        for row in page.rows:
            name, object_id, at = _text(row, "type"), _text(row, "data.object.id"), value_at(row, "created")
            if object_id and isinstance(at, int):
                told.setdefault(object_id, {}).setdefault(name, at)  # the newest comes first
    return told, since


def _reaches_back(response: Response, since: datetime) -> bool:
    """Whether events are still kept of all the time since then, by Stripe's own clock."""
    try:
        now = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return True
    return now.tzinfo is None or now - since < _EVENTS_REACH


def _joined(session: Session, dataset: str, page: Page, told: Told) -> Page:
    """The page with what belongs to its rows written into them: so it is kept, and read again, as one."""
    found = [_beside(session, dataset, row, told) for row in page.rows]
    if not any(found):
        return page
    rows = tuple(
        msgspec.json.encode({**_ROW.decode(row), **facts}) if facts else row
        for row, facts in zip(page.rows, found, strict=True)
    )
    return replace(page, body=msgspec.json.encode({"data": [Raw(row) for row in rows]}), rows=rows)


def _beside(session: Session, dataset: str, row: bytes, told: Told) -> dict[str, Raw]:
    if dataset == "payouts":
        return _entries(session, row)
    if dataset == "transactions":
        return {**_payment_intent(session, row), **document(session, _intent(row), _PAGES)}
    closed = told.get(_text(row, "id"), {}).get(_CLOSED) if dataset == "disputes" else None
    return {} if closed is None else {"closed_at": Raw(msgspec.json.encode(closed))}


def _entries(session: Session, row: bytes) -> dict[str, Raw]:
    """What a payout is made of, where Stripe knows it (only of its automatic ones) and has written it all down."""
    payout = _text(row, "id")
    if not payout or value_at(row, "automatic") is not True or _text(row, "reconciliation_status") != "completed":
        return {}
    request = GET("/v1/balance_transactions", payout=payout, limit="100").request()
    rows = [Raw(each) for page in walk(session, request, paging=_PAGES, rows="data") for each in page.rows]
    return {"entries": Raw(msgspec.json.encode(rows))}


def _payment_intent(session: Session, row: bytes) -> dict[str, Raw]:
    """What a charge belongs to, where tips are wanted: a call for each charge."""
    if session.settings.get("tips_from", parts.TIPS[0]) != "payment_intents":
        return {}
    intent = _intent(row)
    if not intent:
        return {}
    answer = session.send(GET(f"/v1/payment_intents/{intent}").request())
    return {"payment_intent": Raw(answer.body)}


def _intent(row: bytes) -> str:
    """What a row's charge belongs to; empty for rows of anything else."""
    is_sale = _text(row, "source.object") == "charge" and _text(row, "type") in parts.CHARGES
    return _text(row, "source.payment_intent") if is_sale else ""


def _from(request: Request, since: datetime | None) -> Request:
    return request if since is None else request.with_params((_SINCE, str(int(since.timestamp()))))


def _alone(params: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What is asked of a listing, as it is asked of one object: expanded likewise, and nothing else."""
    return tuple((name, value.removeprefix("data.")) for name, value in params if name.startswith("expand"))


def _text(row: bytes, path: str) -> str:
    """The text at a path, empty when there is none: a row that is wrong is refused when it is read."""
    try:
        found = value_at(row, path)
    except BadAnswer:
        return ""
    return found if isinstance(found, str) and "/" not in found else ""
