"""Fetching from Shopify: filters, long walks in pieces, and what belongs to a row fetched beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, structs

from connectors.commerce import _shopify_queries as queries
from connectors.declare import Stream
from connectors.errors import BadAnswer, MisconfiguredPlatform, RefusalReason, Refused
from connectors.graphql import Relay, ask, with_variables
from connectors.paging import OnePage, Page, rows_at, value_at, walk
from connectors.place import Place
from connectors.session import Session
from connectors.wire import Request

ENDPOINT: Final = "/admin/api/2026-10/graphql.json"
MOST_ROWS: Final = 24_000  # of one walk: Shopify follows a cursor for 25 000 objects and no further
SALES_AT_ONCE: Final = 25  # of an order that has more than fit into the list of orders
LARGEST_PAGE: Final = 250
# What the instant of a stream is called in a search, and what is searched for besides.
_FILTERS: Final = {
    "orders": ("updated_at", ""),
    "balance": ("processed_at", ""),
    "payouts": ("issued_at", ""),
    "gift_cards": ("created_at", ""),
    "deleted_orders": ("created_at", "action:destroy AND subject_type:ORDER"),
}
_BALANCE: Final = "data.shopifyPaymentsAccount.balanceTransactions"
_ROW: Final = msgspec.json.Decoder(dict[str, Raw])
Beside = Callable[[Session, bytes], dict[str, Raw]]


class _Walked(Struct):
    """The piece of a long walk that is under way: from when on, and its rows so far."""

    since: datetime | None = None
    rows: int = 0


def pages(session: Session, dataset: str, stream: Stream, since: datetime | None, at: Place | None) -> Iterator[Page]:
    """The pages of a stream from `since` on. Raises a `Failure`."""
    if stream.endpoint is None:
        raise AssertionError(dataset)
    if dataset == "gift_cards" and session.settings.get("gift_cards_without_order", "pass_over") == "pass_over":
        return  # the right to read them is given to few
    request, number = stream.endpoint.request(), 0
    if dataset == "orders":
        request = with_variables(request, first=_size(session))
    beside = _BESIDE.get(dataset)
    walked = _Walked(since=since) if at is None or not at.note else msgspec.json.decode(at.note, type=_Walked)
    while True:
        last = b""
        for page in _walk(session, _filtered(request, dataset, walked.since), stream, at):
            number, walked.rows = number + 1, walked.rows + len(page.rows)
            then = page.then
            if then is not None and then.request is not None:
                then = structs.replace(then, note=msgspec.json.encode(walked).decode())
            yield replace(_joined(session, page, stream.rows, beside) if beside else page, number=number, then=then)
            last = page.rows[-1] if page.rows else last
            if walked.rows >= MOST_ROWS and last and dataset in _FILTERS:
                break
        else:
            return
        reached = _instant(last, stream.updated or "")
        if walked.since is not None and reached <= walked.since:
            raise BadAnswer(f"more than {MOST_ROWS} rows at one instant")
        walked, at = _Walked(since=reached), None


def _walk(session: Session, request: Request, stream: Stream, at: Place | None) -> Iterator[Page]:
    """The walk, begun again with smaller pages when Shopify finds the question too costly."""
    while True:
        try:
            yield from walk(session, request, paging=stream.paging or OnePage(), rows=stream.rows, at=at)
            return
        except Refused as refused:
            asked = msgspec.json.decode(request.body or b"{}")["variables"]
            if refused.reason != RefusalReason.OVER_LIMIT or asked["first"] < 2:
                raise
            # What a question costs is known before it is carried out: the first page already is refused.
            request, at = with_variables(request, first=asked["first"] // 2), None


def _filtered(request: Request, dataset: str, since: datetime | None) -> Request:
    if dataset not in _FILTERS:
        return request
    name, besides = _FILTERS[dataset]
    terms = [besides] if besides else []
    if since is not None:
        text = since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        terms.append(f"{name}:>='{text}'")
    return with_variables(request, query=" AND ".join(terms)) if terms else request


def _size(session: Session) -> int:
    size = session.settings.get("orders_per_page", 10)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST_PAGE:
        raise MisconfiguredPlatform(f"orders_per_page is a number from 1 to {LARGEST_PAGE}, not {size!r}")
    return size


def _instant(row: bytes, path: str) -> datetime:
    try:
        return msgspec.convert(value_at(row, path), datetime)
    except msgspec.ValidationError as error:
        raise BadAnswer(f"{path} of the last row: {error}") from None


def _joined(session: Session, page: Page, path: str, beside: Beside) -> Page:
    """The page with what belongs to its rows written into them: so it is kept, and read again, as one."""
    rows = []
    for row in page.rows:
        facts = beside(session, row)
        rows.append(msgspec.json.encode({**_ROW.decode(row), **facts}) if facts else row)
    body: Any = [Raw(row) for row in rows]
    for name in reversed(path.split(".")):
        body = {name: body}
    return replace(page, body=msgspec.json.encode(body), rows=tuple(rows))


def _agreements(session: Session, row: bytes) -> dict[str, Raw]:
    """All agreements of an order with all their sales, where some did not fit; nothing where they did."""
    order = _text(row, "id")
    if not order or not _goes_on(row):
        return {}
    found: list[dict[str, Any]] = []
    before: Any = None
    while True:
        agreement, following = _agreement(session, order, before)
        if agreement is None:
            return {}  # gone meanwhile: the row is refused as one that is not whole
        found.append(agreement)
        if following is None:
            return {"agreements": Raw(msgspec.json.encode({"nodes": found}))}
        if following == before:
            raise BadAnswer(f"the agreements of {order} go on and on")
        before = following


def _agreement(session: Session, order: str, before: Any) -> tuple[dict[str, Any] | None, Any]:
    """The agreement after the cursor `before` with all its sales, and the cursor after it (None at the end)."""
    request = ask(ENDPOINT, queries.AGREEMENT, id=order, before=before, sales=SALES_AT_ONCE)
    head, following = None, None
    sales: list[dict[str, Any]] = []
    path = "data.order.agreements"
    asked: set[Any] = set()
    while True:
        response = session.send(request)
        nodes = rows_at(response.body, f"{path}.nodes")
        if not nodes:
            return None, None
        agreement = msgspec.json.decode(nodes[0])
        head = head or agreement
        listed = agreement.get("sales") or {}
        sales += listed.get("nodes") or []
        info, outer = listed.get("pageInfo") or {}, value_at(response.body, f"{path}.pageInfo") or {}
        following = outer.get("endCursor") if outer.get("hasNextPage") else None
        if not info.get("hasNextPage"):
            return {**head, "sales": {"nodes": sales}}, following
        cursor = info.get("endCursor")
        if not cursor or cursor in asked:
            raise BadAnswer(f"the sales of {order} go on, and do not say where")
        asked.add(cursor)
        request = with_variables(request, after=cursor)


def _goes_on(row: bytes) -> bool:
    """Whether an order has more agreements, or one of these more sales, than came with it."""
    try:
        listed = value_at(row, "agreements") or {}
        lists = [listed, *(node.get("sales") or {} for node in listed.get("nodes") or [])]
        return any((each.get("pageInfo") or {}).get("hasNextPage") is True for each in lists)
    except (BadAnswer, AttributeError, TypeError):
        return False  # a row of another shape is refused when it is read


def _entries(session: Session, row: bytes) -> dict[str, Raw]:
    """What a payout is made of."""
    payout = _text(row, "legacyResourceId")
    if not payout.isdigit():
        return {}
    request = ask(ENDPOINT, queries.ENTRIES, first=100, payout=f"payments_transfer_id:{payout}")
    walked = walk(session, request, paging=Relay(_BALANCE), rows=f"{_BALANCE}.nodes")
    rows = [Raw(entry) for page in walked for entry in page.rows]
    return {"balanceTransactions": Raw(msgspec.json.encode(rows))}


def _text(row: bytes, name: str) -> str:
    """The text of that name, empty when there is none: a row that is wrong is refused when it is read."""
    found = _at(row, name)
    return found if isinstance(found, str) else ""


def _levels(session: Session, row: bytes) -> dict[str, Raw]:
    """All levels of a variant that is at more locations than fit into the list; nothing where they did."""
    item = _at(row, "inventoryItem.id")
    if not isinstance(item, str) or _at(row, "inventoryItem.inventoryLevels.pageInfo.hasNextPage") is not True:
        return {}
    path = "data.inventoryItem.inventoryLevels"
    walked = walk(session, ask(ENDPOINT, queries.LEVELS, id=item, first=100), paging=Relay(path), rows=f"{path}.nodes")
    nodes = [Raw(level) for page in walked for level in page.rows]
    return {
        "inventoryItem": Raw(msgspec.json.encode({**_at(row, "inventoryItem"), "inventoryLevels": {"nodes": nodes}}))
    }


def _at(row: bytes, path: str) -> Any:
    """What stands at a path, None where it leads nowhere: a row that is wrong is refused when it is read."""
    try:
        return value_at(row, path)
    except BadAnswer:
        return None


_BESIDE: Final[dict[str, Beside]] = {"orders": _agreements, "payouts": _entries, "variants": _levels}
