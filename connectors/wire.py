"""One request and one answer as plain values: what platform files build and read, and the door carries.

Pure: platform files import this and never see `requests` or Django.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol, TypeVar

import msgspec

from connectors.errors import BadAnswer, UnknownOutcome

T = TypeVar("T")
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_WAIT: Final = timedelta(hours=24)  # a larger Retry-After is a mistake of the other side
SHORTEST_WAIT: Final = timedelta(milliseconds=500)  # "Retry-After: 0" must not become a tight loop
DEFAULT_WAIT: Final = timedelta(seconds=2)
SAMPLE_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `path` is below the platform's base URL, or a whole URL on one of its declared hosts.

    `body` is sent as it is. `safe` says that sending twice changes nothing although the method is not GET (a
    search by POST). `keyed` says that the request carries an idempotency key or a unique reference, so that
    the same bytes sent twice make one thing. Headers given here win over those of the platform's
    authentication.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    safe: bool = False
    keyed: bool = False

    @property
    def write(self) -> bool:
        """Whether the outside may change by it, so that a lost answer leaves the outcome unknown."""
        return not self.safe and self.method.upper() not in SAFE_METHODS

    @property
    def mark(self) -> bytes:
        """A digest of what is asked for."""
        parts = (self.method, self.path, repr(self.params))
        return hashlib.sha256("\x00".join(parts).encode() + b"\x00" + (self.body or b"")).digest()

    def with_params(self, *pairs: tuple[str, str]) -> Request:
        """The same request with these query parameters set; earlier values of the same names are replaced."""
        names = {name for name, _ in pairs}
        return replace(self, params=tuple(pair for pair in self.params if pair[0] not in names) + pairs)

    def with_headers(self, *pairs: tuple[str, str]) -> Request:
        """The same request with these headers, unless it has its own of the same name."""
        own = {name.lower() for name, _ in self.headers}
        return replace(self, headers=self.headers + tuple(pair for pair in pairs if pair[0].lower() not in own))

    def with_json(self, value: Any, **changes: Any) -> Request:
        """The same request with `value` as its JSON body."""
        request = self.with_headers(("Content-Type", "application/json"))
        return replace(request, body=msgspec.json.encode(value), **changes)


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer: the whole body was read within the limits. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    write: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def decode(self, shape: type[T]) -> T:
        """The JSON body as `shape`.

        Raises `BadAnswer` when it is not that; after a write `UnknownOutcome`: a log-in page with status 200,
        or an answer cut by a proxy, does not say what happened to the document.
        """
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            detail = f"{error}: {self.sample}"
        if self.write:
            raise UnknownOutcome(detail, status=self.status)
        raise BadAnswer(detail, status=self.status)

    @property
    def sample(self) -> str:
        """The start of the body for a person; not yet redacted."""
        return self.body[: 4 * SAMPLE_CHARACTERS].decode("utf-8", "replace")[:SAMPLE_CHARACTERS]


class Sender(Protocol):
    """Whatever sends: the door, as platform files see it."""

    def send(self, request: Request) -> Response:
        """Send and return the successful answer; raises a `Failure` of `connectors.errors`."""
        ...


def retry_after(value: str | None, now: datetime) -> timedelta:
    """How long `Retry-After` asks to wait: seconds or an HTTP date; without a readable one, two seconds.

    Never shorter than half a second (0, or a date in the past), never longer than a day.
    """
    wait = DEFAULT_WAIT
    if value is not None and value.strip():
        wait = _asked_wait(value.strip(), now)
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _asked_wait(text: str, now: datetime) -> timedelta:
    whole = text.split(".", 1)[0]
    if whole.isascii() and whole.isdigit():
        # Nine digits are thirty years: more would not fit a timedelta, and the caller cuts at a day anyhow.
        return timedelta(seconds=int(whole[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return DEFAULT_WAIT
    # An HTTP date without a zone is in GMT by the standard.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
