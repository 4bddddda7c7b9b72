"""One call to a partner's address: signed, bounded, to public addresses only, and what came of it as data."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import requests
from msgspec import Struct
from standardwebhooks import Webhook

from connectors.errors import MisconfiguredPlatform
from connectors.hosts import origin, target
from connectors.redact import redact
from connectors.transport import Gate, new_session
from connectors.verdict import LOST
from connectors.wire import retry_after
from health.models.webhook_attempt import MOST_ANSWER

USER_AGENT: Final = "CommerceSync-Webhooks/1"
CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
READ_BYTES: Final = 2_000  # of an answer: more than is kept, so that no secret is cut in two before it is redacted
PREFIX: Final = "whsec_"
_ASKING: Final = frozenset({429, 503})  # answers whose Retry-After is listened to


class Answer(Struct, frozen=True):
    """What came of one try. ``error`` is a sentence, "" when it counts as delivered; ``text`` is the beginning of the
    answer, redacted; ``asked`` is how long the endpoint asks to be left alone."""

    error: str
    status: int | None = None
    text: str = ""
    started_at: datetime | None = None
    duration_ms: int | None = None
    asked: timedelta | None = None

    @property
    def delivered(self) -> bool:
        """The endpoint has taken it."""
        return not self.error

    @property
    def gone(self) -> bool:
        """The endpoint says that it wants nothing any more."""
        return self.status == 410


def signatures(secrets: Sequence[str], event_id: UUID, at: datetime, body: bytes) -> str:
    """The value of `webhook-signature`: one for each secret in force."""
    text = body.decode()
    return " ".join(Webhook(secret).sign(str(event_id), at, text) for secret in secrets)


def call(
    *, url: str, event_id: UUID, body: bytes, secrets: Sequence[str], private: Collection[str],
    total_seconds: float = TOTAL_SECONDS,
) -> Answer:  # fmt: skip
    """POST ``body``, signed, to ``url`` and say what came of it; as `post`."""
    at = datetime.now(UTC)
    headers = {
        "webhook-id": str(event_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures(secrets, event_id, at, body),
    }
    hidden = [*secrets, *(secret.removeprefix(PREFIX) for secret in secrets)]
    return post(url=url, body=body, headers=headers, hidden=hidden, private=private, total_seconds=total_seconds)


def post(
    *,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    hidden: Sequence[str],
    private: Collection[str],
    total_seconds: float = TOTAL_SECONDS,
) -> Answer:
    """POST ``body``, which is JSON, to ``url`` and say what came of it; nothing that the other side does is raised.

    Nothing is followed, nothing is repeated. ``private`` has the `host:port` pairs that may be private, ``hidden`` the
    secrets that are taken out of the answer. Touches no database: it runs in a thread.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    whole = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",  # the beginning of the answer is read as it comes
        "Connection": "close",
        **headers,
    }
    gate = Gate(frozenset(private))
    status, text, error, asked = None, "", "", None
    try:
        target("", url, origins=frozenset({origin(url)}), private=gate.private)
        status, text, wait = _talk(gate, url, whole, body, total_seconds)
        text = _kept(redact(text, hidden))
        error = _refusal(status)
        asked = retry_after(wait, started_at) if wait and status in _ASKING else None
    except MisconfiguredPlatform:
        error = "The address leads into a private network, or is not https: nothing was sent."
    except LOST as lost:
        error = _loss(lost, gate, total_seconds)
    finally:
        gate.close()
    duration = round((time.monotonic() - started) * 1000)
    return Answer(error, status, text, started_at, duration, asked)


def _talk(gate: Gate, url: str, headers: dict[str, str], body: bytes, seconds: float) -> tuple[int, str, str | None]:
    """(status, beginning of the answer, Retry-After). Raises `LOST` and `MisconfiguredPlatform`."""
    number = gate.start()
    # A time-out of the socket is per packet; the timer is what ends a call that drips.
    timer = threading.Timer(seconds, gate.cut, (number,))
    timer.daemon = True
    timer.start()
    try:
        with (
            new_session(gate) as session,
            session.post(
                url,
                data=body,
                headers=headers,
                timeout=(min(CONNECT_SECONDS, seconds), seconds),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            if gate.was_cut:
                # Headers end where the connection ends: cut by us, they would pass for complete.
                raise TimeoutError("the total deadline was reached")
            return answer.status_code, _beginning(answer), answer.headers.get("Retry-After")
    finally:
        timer.cancel()
        gate.finish()


def _beginning(answer: requests.Response) -> str:
    """The first bytes of the body. The status has been said: an answer that breaks off here counts all the same."""
    read = b""
    try:
        while len(read) < READ_BYTES and (chunk := answer.raw.read1(READ_BYTES - len(read), decode_content=False)):
            read += chunk
    except LOST:
        pass
    return read.decode("utf-8", "replace")


def _kept(text: str) -> str:
    """The first `MOST_ANSWER` bytes, as text."""
    return text.encode()[:MOST_ANSWER].decode("utf-8", "ignore")


def _refusal(status: int) -> str:
    """Why this status does not count as delivered; "" when it does."""
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The endpoint answered {status}. Redirects are not followed: give the address that it leads to."
    if status == 410:
        return "The endpoint answered 410: it wants no webhooks any more."
    return f"The endpoint answered {status}; 200 to 299 says that it has taken the webhook."


def _loss(error: Exception, gate: Gate, seconds: float) -> str:
    """What went wrong, for the people who run the endpoint."""
    if gate.was_cut or isinstance(error, requests.Timeout):
        return f"The endpoint did not answer within {seconds:g} seconds."
    if isinstance(error, requests.exceptions.SSLError):
        return "The certificate of the endpoint was not accepted, or TLS failed otherwise."
    if not gate.sent:
        return "The endpoint could not be reached: its name is not known, or nothing listens there."
    return "The connection broke off before the endpoint had answered; it may have arrived."
