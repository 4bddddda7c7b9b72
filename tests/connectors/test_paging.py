"""Pages are walked to their end, once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from connectors.declare import GET, POST, Pager
from connectors.errors import BadAnswer
from connectors.paging import (
    Cursor,
    LinkHeader,
    NextUrl,
    Offset,
    OnePage,
    PageNumber,
    rows_at,
    since_instant,
    value_at,
    walk,
)
from connectors.wire import Request, Response

START = GET("/orders", limit="2").request()


class Shelf:
    """Answers in order, whatever is asked; keeps what was asked."""

    def __init__(self, *answers: Any, headers: dict[str, str] | None = None) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.headers = headers or {}

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        value, headers = answer if isinstance(answer, tuple) else (answer, {})
        return Response(200, headers, json.dumps(value).encode(), "")


def walked(shelf: Shelf, paging: Pager, request: Request = START) -> list[int]:
    return [json.loads(row) for page in walk(shelf, request, paging=paging, rows="rows") for row in page.rows]


@pytest.mark.parametrize(
    ("paging", "answers", "last"),
    [
        (OnePage(), [{"rows": [1, 2, 3]}], {}),
        (Cursor("next"), [{"rows": [1, 2], "next": "a"}, {"rows": [3], "next": None}], {"cursor": "a"}),
        (
            Cursor("meta.c", param="after", more="meta.more"),
            [{"rows": [1, 2, 3], "meta": {"c": "x", "more": True}}, {"rows": [], "meta": {"c": "y", "more": False}}],
            {"after": "x"},
        ),
        (PageNumber(), [{"rows": [1, 2]}, {"rows": [3]}, {"rows": []}], {"page": "3"}),
        (PageNumber(pages="n"), [{"rows": [1, 2], "n": 2}, {"rows": [3], "n": 2}], {"page": "2"}),
        (PageNumber(start=0, more="m"), [{"rows": [1, 2, 3], "m": 1}, {"rows": [], "m": 0}], {"page": "1"}),
        (Offset(total="t"), [{"rows": [1, 2], "t": 3}, {"rows": [3], "t": 3}], {"offset": "2"}),
        (Offset(), [{"rows": [1, 2]}, {"rows": [3]}, {"rows": []}], {"offset": "3"}),
    ],
)
def test_each_way_of_paging_reaches_the_end(paging: Pager, answers: list[Any], last: dict[str, str]) -> None:
    shelf = Shelf(*answers)
    assert walked(shelf, paging) == [1, 2, 3]
    assert len(shelf.asked) == len(answers)
    assert dict(shelf.asked[-1].params) == {"limit": "2", **last}


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    shelf = Shelf({"rows": [1], "c": "a"}, {"rows": [], "c": "b"}, {"rows": [2]})
    assert walked(shelf, Cursor("c")) == [1, 2]


def test_a_cursor_goes_into_the_body_where_the_platform_wants_it() -> None:
    shelf = Shelf({"rows": [1], "c": "a"}, {"rows": [2]})
    request = POST("/search", {"query": {"state": "all"}}, safe=True).request()
    assert walked(shelf, Cursor("c", place="body"), request) == [1, 2]
    assert json.loads(shelf.asked[1].body or b"") == {"query": {"state": "all"}, "cursor": "a"}


def test_the_next_url_replaces_the_query() -> None:
    url = "https://x.example/orders?page_info=abc"
    header = f'<https://x.example/first>; rel="previous", <{url}>; rel="next"'
    for paging, first in (
        (LinkHeader(), ({"rows": [1]}, {"link": header})),
        (NextUrl("links.next"), ({"rows": [1], "links": {"next": url}}, {})),
    ):
        shelf = Shelf(first, {"rows": [2]})
        assert walked(shelf, paging) == [1, 2]
        assert (shelf.asked[1].path, shelf.asked[1].params) == (url, ())


@pytest.mark.parametrize("paging", [Cursor("c"), NextUrl("c")])
def test_a_repeated_cursor_raises(paging: Pager) -> None:
    shelf = Shelf({"rows": [1], "c": "a"}, {"rows": [2], "c": "b"}, {"rows": [3], "c": "a"})
    with pytest.raises(BadAnswer, match="already asked for"):
        walked(shelf, paging)
    assert len(shelf.asked) == 3


@pytest.mark.parametrize("paging", [PageNumber(), Offset()])
def test_a_platform_that_ignores_the_page_raises(paging: Pager) -> None:
    shelf = Shelf({"rows": [1, 2]})
    with pytest.raises(BadAnswer, match="same rows"):
        walked(shelf, paging)
    assert len(shelf.asked) == 2


def test_a_page_is_asked_for_only_when_the_one_before_was_used() -> None:
    shelf = Shelf({"rows": [1], "c": "a"}, {"rows": [2]})
    pages = walk(shelf, START, paging=Cursor("c"), rows="rows")
    next(pages)
    assert len(shelf.asked) == 1


def test_rows_keep_their_bytes() -> None:
    body = b'{"data": {"orders": [{"total": 19.990, "n": "\\u00e9"}, {}]}}'
    assert rows_at(body, "data.orders") == (b'{"total": 19.990, "n": "\\u00e9"}', b"{}")
    assert rows_at(b"[1,2]", "") == (b"1", b"2")
    assert rows_at(b'{"data": null}', "data.orders") == rows_at(b'{"data": {"orders": null}}', "data.orders") == ()
    assert value_at(b'{"a": {"b": [1]}}', "a.b") == [1]


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b'{"rows": {"0": 1}}', b'{"rows": 5}', b"\xff\xfe"])
def test_what_is_no_list_of_rows_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        rows_at(body, "rows")


def test_the_watermark_goes_where_the_stream_says() -> None:
    instant = datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC)
    asked = since_instant(START, "query:updated_at_min", instant)
    assert dict(asked.params)["updated_at_min"] == "2026-03-29T01:30:00.250Z"
    request = POST("/search", {"filter": {"state": "all"}}, safe=True).request()
    asked = since_instant(request, "body:filter.updated.start", instant)
    assert msgspec.json.decode(asked.body or b"") == {
        "filter": {"state": "all", "updated": {"start": "2026-03-29T01:30:00.250Z"}}
    }
