"""The vocabulary in which a platform file states its facts.

Plain frozen values, composed and not inherited; nothing here talks to anything. A value that cannot be right
raises `ValueError` while the platform's file is imported, so a wrong declaration stops the server at start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol

from connectors.hosts import Hosts
from connectors.rates import Budget, Rate
from connectors.stated import Stated
from connectors.ways_in import ApiKey, Asked, Auth, BasicLogin, Handover, NoAuth, OAuth2
from connectors.wire import Request, Response
from ledger.commerce import RecordKind

__all__ = [
    "GET",
    "POST",
    "PUT",
    "ApiKey",
    "Asked",
    "Auth",
    "BasicLogin",
    "Budget",
    "Endpoint",
    "Handover",
    "Hosts",
    "NoAuth",
    "OAuth2",
    "Pager",
    "Rate",
    "Safety",
    "Stated",
    "Stream",
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path, with the query and the JSON body that never change.

    Made by `GET`, `POST` and `PUT`.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    safe: bool = False

    def request(self) -> Request:
        """The request, without what paging, `since` and authentication add."""
        request = Request(self.method, self.path, params=self.params, safe=self.safe)
        return request if self.body is None else request.with_json(self.body)


def GET(path: str, **params: str) -> Endpoint:
    """A read."""
    return Endpoint("GET", path, tuple(params.items()))


def POST(path: str, body: Mapping[str, Any] | None = None, *, safe: bool = False) -> Endpoint:
    """A write, or (`safe=True`) a search that is sent by POST."""
    return Endpoint("POST", path, body=body, safe=safe)


def PUT(path: str, body: Mapping[str, Any] | None = None) -> Endpoint:
    """A write."""
    return Endpoint("PUT", path, body=body)


class Pager(Protocol):
    """How a platform leads from one page to the next (see `connectors.paging`)."""

    def first(self, request: Request) -> Request:
        """The request of the first page."""
        ...

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        """The request after `request`, whose answer had `rows` rows; None at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of row that a commerce platform offers.

    `rows` is the dotted path of the list in an answer ("" when the answer itself is the list). `wire` is the
    shape of a row and `to` the pure function from it to records; `kinds` are the kinds of these, the one that a
    deleted row is most likely of first, and none for a stream that only tells names. `since` names the query parameter
    (`query:name`) or the dotted path in the JSON body (`body:query.filter.start`) that takes the watermark as
    an ISO instant. `id` and `updated` are the dotted paths of a row's identity and its last change. Each pull
    starts `lookback` before the watermark, because late rows and two clocks are normal. `is_utc` says that instants
    without an offset are in UTC; else they are refused. `vanishes`: rows are deleted without a trace, so that once a
    day it is asked after what happened in that span of time (`CommercePlatform.gone`). `stock` says that its
    rows tell of stock, beside names or alone (`CommercePlatform.stock`); such a stream has no records.
    `stated` says where a row prints the totals of its records, read apart from `to`; `untold` why it does not, by kind.
    """

    to: Callable[..., Any]
    kinds: tuple[RecordKind, ...] = ("order",)
    wire: Any = None
    endpoint: Endpoint | None = None
    rows: str = ""
    since: str | None = None
    paging: Pager | None = None
    lookback: timedelta = timedelta(minutes=10)
    id: str = "id"
    updated: str | None = "updated_at"
    is_utc: bool = False
    vanishes: timedelta | None = None
    stock: bool = False
    stated: tuple[Stated, ...] = ()
    untold: Mapping[RecordKind, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.stock and self.kinds:
            raise ValueError("a stream that tells of stock has no records: `kinds` is ()")
        if self.since is not None and self.since.partition(":")[0] not in ("query", "body"):
            raise ValueError(f"`since` is query:name or body:path, not {self.since!r}")
        if self.lookback < timedelta(0):
            raise ValueError("`lookback` cannot be negative")


@dataclass(frozen=True, slots=True)
class Safety:
    """What makes writing to a platform safe to repeat; the engine picks its strategy from it.

    `idempotency`: a key is remembered for ever, for a number of seconds, or not at all (None). `unique_ref`:
    the platform refuses a second document with our reference. `search_by_ref`: it can be asked for one, and a
    new one is found after `search_lag_seconds`. `max_server_delay_seconds`: how long after our time-out it
    may still commit.
    """

    idempotency: Literal["permanent"] | int | None = None
    unique_ref: bool = False
    search_by_ref: bool = False
    search_lag_seconds: int = 0
    max_server_delay_seconds: int = 60

    @property
    def may_post_automatically(self) -> bool:
        """Without a key, a unique reference or a search, one lost answer makes a duplicate.

        A person must look.
        """
        return self.idempotency is not None or self.unique_ref or self.search_by_ref

    @property
    def settle_seconds(self) -> int:
        """How long after a lost answer a clear "not there" can be believed."""
        return self.max_server_delay_seconds + self.search_lag_seconds
