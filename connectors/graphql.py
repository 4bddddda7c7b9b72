"""GraphQL: asking, walking a connection page by page, and reading the errors of an answer whose status is 200. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import Struct

from connectors.errors import BadAnswer
from connectors.paging import value_at
from connectors.wire import Request, Response


class GraphProblem(Struct):
    """One error of an answer: its sentence for people, and the code under which vendors tell the kind of it."""

    message: str = ""
    extensions: dict[str, Any] | None = None

    @property
    def code(self) -> str:
        return str((self.extensions or {}).get("code", ""))


class _Answer(Struct):
    errors: list[GraphProblem] | None = None


def ask(path: str, query: str, /, **variables: Any) -> Request:
    """A question to the endpoint at `path`; safe to send again, as it only reads."""
    return Request("POST", path, safe=True).with_json({"query": query, "variables": variables})


def with_variables(request: Request, **variables: Any) -> Request:
    """The same question with these variables set."""
    body = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
    body["variables"] = {**(body.get("variables") or {}), **variables}
    return replace(request, body=msgspec.json.encode(body))


def problems_of(response: Response) -> list[GraphProblem]:
    """The errors of an answer; none for one that has none, and for one that is no answer of GraphQL at all."""
    if b'"errors"' not in response.body:
        return []
    try:
        return msgspec.json.decode(response.body, type=_Answer).errors or []
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


@dataclass(frozen=True, slots=True)
class Relay:
    """A connection at `path` of the answer (``data.orders``); its cursor is sent back as the variable `variable`."""

    path: str
    variable: str = "after"

    def first(self, request: Request) -> Request:
        return request

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        info = value_at(response.body, f"{self.path}.pageInfo")
        if not isinstance(info, dict) or info.get("hasNextPage") is not True:
            return None
        cursor = info.get("endCursor")
        if not isinstance(cursor, str) or not cursor:
            raise BadAnswer(f"{self.path} goes on, and does not say where")
        return with_variables(request, **{self.variable: cursor})
