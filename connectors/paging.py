"""From one page to the next: five ways that platforms use, and the walk with its guard. Pure.

Platforms end a listing in different ways, and a short page is not one of them: where a platform says whether
there is more, that word is believed; otherwise the first empty page is the end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import structs

from connectors.declare import Pager
from connectors.errors import BadAnswer, Failure
from connectors.place import Place
from connectors.wire import Request, Response, Sender

MOST_EMPTY_PAGES: Final = 100  # one after the other, each saying that more follow
MOST_PAGES: Final = 100_000  # 10 million rows of 100 a page: beyond it, somebody serves pages for ever
_NEXT_LINK: Final = re.compile(r'<([^>]*)>\s*;[^,<]*?\brel="?next"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its bytes as they came, to be stored, and its rows as the bytes of their JSON.

    `then` is where the listing goes on after it; None where it cannot be left here.
    """

    number: int
    body: bytes
    rows: tuple[bytes, ...]
    response: Response
    then: Place | None = None


@dataclass(frozen=True, slots=True)
class OnePage:
    """Everything comes in one answer."""

    def first(self, request: Request) -> Request:
        return request

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The answer names the next page by a token at `path`, which is sent back as `param`.

    `more` is the path of the flag that says whether there is a next page, for platforms that always send a
    token.
    """

    path: str
    param: str = "cursor"
    place: Literal["query", "body"] = "query"
    more: str | None = None

    def first(self, request: Request) -> Request:
        return request

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        if self.more and not value_at(response.body, self.more):
            return None
        token = value_at(response.body, self.path)
        if token in (None, "", False):
            return None
        if self.place == "query":
            return request.with_params((self.param, str(token)))
        body = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
        return replace(request, body=msgspec.json.encode({**body, self.param: token}))


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Pages are counted. `pages` is the path of their number, `more` of a flag.

    Without both, an empty page ends.
    """

    param: str = "page"
    start: int = 1
    pages: str | None = None
    more: str | None = None

    def first(self, request: Request) -> Request:
        return request.with_params((self.param, str(self.start)))

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        current = int(dict(request.params)[self.param])
        if not _goes_on(response, rows, self.more, self.pages, current - self.start + 1):
            return None
        return request.with_params((self.param, str(current + 1)))


@dataclass(frozen=True, slots=True)
class Offset:
    """Rows are counted: the next page starts after the rows received so far.

    Rows that move while we read can be missed by it (reliability B01): use a cursor wherever a platform has
    one.
    """

    param: str = "offset"
    more: str | None = None
    total: str | None = None

    def first(self, request: Request) -> Request:
        return request.with_params((self.param, "0"))

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        start = int(dict(request.params)[self.param])
        # An empty page moves nothing: whatever the flag says, asking again for the same rows would not end.
        if rows == 0 or not _goes_on(response, rows, self.more, self.total, start + rows):
            return None
        return request.with_params((self.param, str(start + rows)))


@dataclass(frozen=True, slots=True)
class LinkHeader:
    """The `Link` header has the whole URL of the next page (`rel="next"`)."""

    def first(self, request: Request) -> Request:
        return request

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        match = _NEXT_LINK.search(response.headers.get("link", ""))
        # The URL carries the whole query; the door refuses it when it leads to another host.
        return replace(request, path=match[1], params=()) if match else None


@dataclass(frozen=True, slots=True)
class NextUrl:
    """The answer has the URL (whole, or below the base) of the next page at `path`."""

    path: str

    def first(self, request: Request) -> Request:
        return request

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        url = value_at(response.body, self.path)
        return replace(request, path=str(url), params=()) if url else None


def walk(sender: Sender, request: Request, *, paging: Pager, rows: str = "", at: Place | None = None) -> Iterator[Page]:
    """Every page from `request` to the end, each asked for when the one before has been used.

    `at` is the place after a page of an earlier walk of the same: it goes on there. Raises `BadAnswer` when a page
    leads back to one already asked for, when a page that is not empty comes twice (a server that ignores the page
    number, or goes round in a circle), after 100 empty pages in a row, after 100,000 pages, or when an answer is not
    what `rows` says.
    """
    place = at or Place(paging.first(request))
    asked: set[bytes] = set()
    came: dict[bytes, int] = {}
    while place.request is not None:
        number, mark = place.number + 1, place.request.mark
        if number > MOST_PAGES:
            raise BadAnswer(f"the listing has more than {MOST_PAGES} pages")
        if mark in asked:
            raise BadAnswer(f"page {number} is a page that was already asked for")
        asked.add(mark)
        response = sender.send(place.request)
        page = Page(number, response.body, rows_at(response.body, rows), response)
        digest = hashlib.sha256(b"\x00".join(page.rows)).digest()
        if page.rows and (came.setdefault(digest, number) != number or digest == place.landmark):
            raise BadAnswer(f"page {number} has the same rows as {_named(came[digest], number)}")
        following = place.behind(len(page.rows), digest)
        if following.empty > MOST_EMPTY_PAGES:
            raise BadAnswer(f"{following.empty} empty pages came in a row, and more were to follow")
        try:
            place = structs.replace(following, request=paging.following(place.request, response, len(page.rows)))
        except Failure:  # the page itself is sound: it is used before it is told
            yield page
            raise
        yield replace(page, then=place)


def since_instant(request: Request, since: str, instant: datetime) -> Request:
    """`request` asking for rows from `instant` (aware) on; `since` is `query:name` or `body:dotted.path`."""
    place, _, name = since.partition(":")
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if place == "query":
        return request.with_params((name, text))
    body = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
    level = body
    *parents, last = name.split(".")
    for parent in parents:
        level = level.setdefault(parent, {})
    level[last] = text
    return replace(request, body=msgspec.json.encode(body))


def value_at(body: bytes, path: str) -> Any:
    """The JSON value at a dotted path, or None where the path leads nowhere.

    Raises `BadAnswer` for no JSON.
    """
    raw = _raw_at(body, path)
    return None if raw is None else msgspec.json.decode(raw)


def rows_at(body: bytes, path: str) -> tuple[bytes, ...]:
    """The rows of the list at a dotted path, each as its own bytes; a missing or null list is an empty one."""
    raw = _raw_at(body, path)
    if raw is None:
        return ()
    try:
        rows = msgspec.json.decode(raw, type=list[msgspec.Raw] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"no list of rows at {path or 'the top'}: {error}") from None
    return tuple(bytes(row) for row in rows or ())


def _raw_at(body: bytes, path: str) -> msgspec.Raw | bytes | None:
    raw: msgspec.Raw | bytes = body
    try:
        for name in filter(None, path.split(".")):
            level = msgspec.json.decode(raw, type=dict[str, msgspec.Raw] | None)
            if level is None or name not in level:
                return None
            raw = level[name]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"the answer cannot be read at {path}: {error}") from None
    return raw


def _named(before: int, number: int) -> str:
    return f"page {before}" if before < number else "an earlier page"


def _goes_on(response: Response, rows: int, more: str | None, bound: str | None, reached: int) -> bool:
    if more:
        return bool(value_at(response.body, more))
    if bound:
        return reached < int(value_at(response.body, bound) or 0)
    return rows > 0
