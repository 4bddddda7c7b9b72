"""How the log is written: for people on one line and more, or as one JSON object a line. Secrets are removed from what
is written, wherever in the message, its arguments or a traceback they stand."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, cast

import msgspec
from django.conf import settings
from django.http import HttpRequest

from connectors.redact import LONGEST_DETAIL, redact

MOST_CHARACTERS: Final = 20_000  # of one line; a traceback is cut in its middle
# Controls of terminals (but tab and the end of a line), what some viewers take for the end of a line, and what turns
# the direction of a text around.
_OBEYED: Final = {
    code: f"\\u{code:04x}"
    for code in (*range(9), *range(11, 32), *range(127, 160), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
# What logging itself puts on a record, and what is written under a name of ours.
_KNOWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "message", "correlation", "company", "sync"}


class PlainFormatter(logging.Formatter):
    """Lines for people: what goes on over several lines is indented, so that no text can pass for a line of ours."""

    def format(self, record: logging.LogRecord) -> str:
        """As Django's, without secrets and without characters that a terminal obeys."""
        lines = without_secrets(super().format(record)).splitlines() or [""]
        return "\n    ".join(lines).translate(_OBEYED)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`, and where there are any `correlation`, `company`,
    `sync`, `error` (its class), `traceback`, and under `extra` what the caller added."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, without secrets and without line breaks."""
        found: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(_message(record)),
        }
        for name in ("correlation", "company", "sync"):
            said = getattr(record, name, "")
            found |= {name: str(said)} if said not in ("", "-") else {}
        if record.exc_info and record.exc_info[0] is not None:
            found["error"] = record.exc_info[0].__name__
            found["traceback"] = without_secrets(self.formatException(record.exc_info))
        extra = {name: without_secrets(f"{name}={_shown(said)}")[len(name) + 1 :] for name, said in vars(record).items()
                 if name not in _KNOWN}  # fmt: skip
        return msgspec.json.encode(found | ({"extra": extra} if extra else {})).decode().translate(_OBEYED)


def without_secrets(text: str) -> str:
    """``text`` without the secrets of this installation and what looks like one. The redactor takes short texts: a long
    one is redacted line by line, so that nothing of a line is left out because of the others."""
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS // 2]}\n[…]\n{text[-MOST_CHARACTERS // 2 :]}"
    for secret in _own_secrets():
        text = text.replace(secret, "[redacted]")
    return "\n".join(
        "".join(redact(line[at : at + LONGEST_DETAIL]) for at in range(0, max(len(line), 1), LONGEST_DETAIL))
        for line in text.split("\n")
    )


def _shown(said: object) -> object:
    """What a caller added. Django adds the request, of which the query is nobody's to read: people search by names."""
    return f"{said.method} {said.path}" if isinstance(said, HttpRequest) else said


def _message(record: logging.LogRecord) -> str:
    """A message whose arguments do not fit is still told of."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"


@cache
def _own_secrets() -> tuple[str, ...]:
    """The secrets of the settings, the longest first. A process has them from its start to its end."""
    clients = settings.COMMERCE_SYNC_OAUTH_CLIENTS.values()
    found = [
        *(settings.SECRET_KEY, settings.COMMERCE_SYNC_METRICS_TOKEN, settings.COMMERCE_SYNC_SENTRY_DSN),
        *settings.COMMERCE_SYNC_ENCRYPTION_KEYS,
        *(str(settings.DATABASES["default"].get("PASSWORD") or ""), settings.EMAIL_HOST_PASSWORD),
        *(str(client.get("client_secret", "")) for client in clients),
        *(str(secret) for client in clients for secret in cast(Iterable[str], client.get("webhook_secrets", ()))),
    ]
    return tuple(sorted({secret for secret in found if len(secret) >= 8}, key=len, reverse=True))
