"""The one door out: every call to a platform passes here, and nothing else makes one.

What it promises: only declared hosts, over TLS, at public addresses, without redirects; a call ends within its total
deadline and body limit; the shared rate budget is paid before sending; a safe request is tried again, a write whose
outcome is unknown never is; no secret in an error or a trace; no transaction is open while we wait for somebody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol, Self
from urllib.parse import urlencode

from django.conf import settings as django_settings
from django.db import connection as database

from connectors import budget, errors, verdict
from connectors.auth import Secrets, sign
from connectors.credentials import Exchange, FixedKeys, StoredKeys
from connectors.errors import Failure, NotAuthorized, UnknownOutcome, Waiting
from connectors.hosts import target
from connectors.limits import Clock, Limits
from connectors.models import Connection
from connectors.platform import Platform
from connectors.redact import redact
from connectors.trace import Trace, store_trace
from connectors.transport import Gate, new_session, read_body
from connectors.wire import Request, Response

OUR_HEADERS: Final = (("Accept", "application/json"), ("User-Agent", "commerce-sync"))
Judge = Callable[[Response], Failure | None]


class OpenTransaction(RuntimeError):
    """HTTP inside a database transaction: a mistake of ours, so not a Failure.

    It would hold locks for as long as a stranger likes, and a rollback would forget what the stranger did.
    """


def refuse_open_transaction() -> None:
    """Raise `OpenTransaction` inside `atomic`; the wrapping of Django's own test cases does not count."""
    if any(not getattr(block, "_from_testcase", False) for block in database.atomic_blocks):
        raise OpenTransaction("no HTTP inside a database transaction")


class Keys(Protocol):
    """Where a door has its secrets from (`credentials.StoredKeys`, `credentials.FixedKeys`)."""

    def current(self, exchange: Exchange) -> Secrets: ...

    def renewed(self, stale: Secrets, exchange: Exchange) -> Secrets: ...


def open_door(connection: Connection, platform: Platform, *, correlation: str = "") -> Door:
    """The door of one connection: its stored secrets, its settings."""
    keys = StoredKeys(connection.pk, platform)
    return Door(platform, connection.pk, keys, settings=connection.settings, correlation=correlation)


class Door:
    """Sends requests of one connection to one platform; used as `with`, by one thread."""

    def __init__(
        self,
        platform: Platform,
        connection_id: int | None = None,
        keys: Keys | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        trace: Callable[[Trace], None] = store_trace,
        correlation: str = "",
    ) -> None:
        self.platform = platform
        self.connection_id = connection_id
        self._keys = keys or FixedKeys()
        self._settings = settings or {}
        self._base, self._origins = platform.hosts.base(self._settings), platform.hosts.origins(self._settings)
        self._limits = limits or Limits()
        self._clock = clock or Clock()
        self._trace = trace
        self._correlation = correlation
        self._gate = Gate(frozenset(getattr(django_settings, "COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS", ())))
        self._session = new_session(self._gate)

    def get(self, path: str, **params: str) -> Response:
        """Read `path`."""
        return self.send(Request("GET", path, params=tuple(params.items())))

    def post(self, path: str, value: Any, *, safe: bool = False, keyed: bool = False) -> Response:
        """Send `value` as JSON by POST: a write, unless `safe`."""
        return self.send(Request("POST", path, safe=safe, keyed=keyed).with_json(value))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the kept connections."""
        self._session.close()
        self._gate.close()

    def send(self, request: Request) -> Response:
        """Send and return the successful answer, whole; raises a `Failure`.

        For a write, `UnknownOutcome` means that it may have happened; every other Failure that it did not.
        """
        refuse_open_transaction()
        deadline = self._clock.monotonic() + self._limits.total_seconds
        secrets = self._keys.current(self.exchange)
        renewed, tries = False, 0
        while True:
            try:
                signed = sign(self.platform.auth, secrets, request, self._settings)
                return self._try(signed, deadline, secrets.values(), self._judge)
            except NotAuthorized as failure:
                if renewed or failure.status != 401:
                    raise
                secrets, renewed = self._keys.renewed(secrets, self.exchange), True
                if request.write and not request.keyed:
                    # A 401 says "not carried out", but without a key we would have to trust it: look first.
                    raise UnknownOutcome("the access was renewed while writing", status=401) from None
            except Failure as failure:
                pause = self._pause_before_retry(request, failure, tries)
                if pause is None or self._clock.monotonic() + pause >= deadline:
                    raise
                tries += 1
                self._clock.sleep(pause)

    def _pause_before_retry(self, request: Request, failure: Failure, tries: int) -> float | None:
        """Seconds to wait before the same request is sent again; None: it is not."""
        if tries >= self._limits.retries:
            return None
        if isinstance(failure, Waiting):
            # A 429 is an answer of the gatekeeper: nothing was carried out, so a write may be sent again too.
            asked = (failure.until - self._clock.now()).total_seconds()
            return max(asked, 0) + self._clock.jitter() if asked <= self._limits.patience_seconds else None
        if request.write or not failure.again:
            return None
        return (0.25 + self._clock.jitter()) * (1 << tries)

    def exchange(self, request: Request) -> Response:
        """Send a token request, once and unsigned; an OAuth error answer (4xx) is returned, to be read."""
        refuse_open_transaction()
        deadline = self._clock.monotonic() + self._limits.total_seconds
        return self._try(request, deadline, (), self._judge_tokens)

    def _try(self, request: Request, deadline: float, known: tuple[str, ...], judge: Judge) -> Response:
        """One call: checked, paid for, sent, judged, traced."""
        path = self.platform.hosts.placed(request.path, self._settings)
        url = target(self._base, path, origins=self._origins, private=self._gate.private)
        self._pay(deadline)
        seconds = deadline - self._clock.monotonic()
        if seconds <= 0:
            raise errors.PlatformDown("no time was left to send it")
        started_at, started = self._clock.now(), time.monotonic()
        response: Response | None = None
        try:
            response = self._talk(request, url, seconds)
            failure = judge(response)
        except verdict.LOST as error:
            failure = verdict.of_loss(error, write_left=request.write and self._gate.sent)
        except Failure as refused:
            failure = refused
        if failure is not None:
            failure.conceal(known)
        status = response.status if response else None
        query = f"?{urlencode(request.params)}" if request.params else ""
        self._trace(
            Trace(
                connection_id=self.connection_id,
                platform=self.platform.key,
                method=request.method,
                url=redact(url + query, known),
                status=status,
                failure=type(failure).__name__ if failure else "",
                detail=failure.detail if failure else verdict.announced(self.platform, response),
                duration_ms=round((time.monotonic() - started) * 1000),
                bytes_in=len(response.body) if response else 0,
                started_at=started_at,
                correlation=self._correlation,
            )
        )
        if failure is None and response is not None:
            return response
        # `from None`: the exception of the sockets names the URL with its query, which may hold a key.
        raise failure or errors.PlatformDown() from None

    def _pay(self, deadline: float) -> None:
        left = min(self._limits.patience_seconds, deadline - self._clock.monotonic())
        wait = budget.book(
            self.platform.budget,
            platform=self.platform.key,
            connection_id=self.connection_id,
            patience=timedelta(seconds=max(left, 0)),
        )
        if wait > timedelta(0):
            self._clock.sleep(wait.total_seconds())

    def _talk(self, request: Request, url: str, seconds: float) -> Response:
        """Send and read the whole answer within `seconds`.

        What goes wrong comes out as one of `verdict.LOST`.
        """
        limits = self._limits
        headers = dict(request.with_headers(*self.platform.headers, *OUR_HEADERS).headers)
        call = self._gate.start()
        # A time-out of the socket is per packet; the timer is what ends a call that drips.
        timer = threading.Timer(seconds, self._gate.cut, (call,))
        timer.daemon = True
        timer.start()
        try:
            with self._session.request(
                request.method,
                url,
                params=list(request.params) or None,
                headers=headers,
                data=request.body,
                timeout=(min(limits.connect_seconds, seconds), min(limits.read_seconds, seconds)),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = read_body(answer, self._gate, limits.body_bytes)
                names = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status_code, names, body, url, request.write)
        finally:
            timer.cancel()
            self._gate.finish()

    def _judge(self, response: Response) -> Failure | None:
        return self._throttled(response, response.sample) or verdict.of_answer(self.platform, response)

    def _judge_tokens(self, response: Response) -> Failure | None:
        return self._throttled(response, "") or verdict.of_token_answer(response)

    def _throttled(self, response: Response, words: str) -> Waiting | None:
        """The platform says "too many", or "nearly": hold the shared budget, so that every worker hears it."""
        if (pause := verdict.asked_pause(self.platform, response, self._clock.now())) is None:
            return None
        whose = None if pause.is_for_all else self.connection_id
        budget.hold(self.platform.budget, platform=self.platform.key, connection_id=whose, pause=pause.length)
        waiting = Waiting(words, until=self._clock.now() + pause.length, status=response.status)
        return waiting if pause.is_refused else None
