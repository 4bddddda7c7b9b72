"""What is logged: one JSON object a line where that is wanted, and no secret in either form."""

from __future__ import annotations

import gzip
import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from commerce_sync import correlation, log_format, sentry
from commerce_sync.log_format import JsonFormatter, PlainFormatter
from tests.connectors.server import running

CANARY = "c4n4ry-0f-s3cr3ts"
FORMATTERS = [PlainFormatter("%(levelname)s %(message)s"), JsonFormatter()]


def written(
    formatter: logging.Formatter, message: str, *args: Any, error: BaseException | None = None, **extra: Any
) -> str:
    found = (type(error), error, error.__traceback__) if error else None
    record = logging.getLogger("a.logger").makeRecord(
        "a.logger", logging.ERROR, "f", 1, message, args, found, extra=extra
    )
    correlation.CorrelationFilter().filter(record)
    return formatter.format(record)


def raised(text: str) -> BaseException:
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise RuntimeError("while that was handled") from error
    except RuntimeError as error:
        return error


def test_a_line_is_one_json_object_that_says_what_it_is_about() -> None:
    with correlation.of("c-12345678", company=7, sync="5f"):
        found = json.loads(written(JsonFormatter(), "%s of\n%d", "two", 3, error=raised("x"), stream="orders"))
    assert found["message"] == "two of\n3"
    told = {name: found[name] for name in ("level", "logger", "correlation", "company", "sync", "error", "extra")}
    assert told == {
        "level": "ERROR", "logger": "a.logger", "correlation": "c-12345678", "company": "7", "sync": "5f",
        "error": "RuntimeError", "extra": {"stream": "orders"},
    }  # fmt: skip
    assert "ValueError: x" in found["traceback"]
    assert found["at"].endswith("+00:00")


def test_what_is_not_known_is_left_out() -> None:
    assert json.loads(written(JsonFormatter(), "plain")).keys() == {"at", "level", "logger", "message"}


@pytest.mark.case("S20")
def test_no_line_is_broken_and_what_does_not_fit_is_still_told() -> None:
    line = written(JsonFormatter(), "%d of\n%d", "no number")
    assert "\n" not in line
    assert "no number" in json.loads(line)["message"]


@pytest.mark.case("S19")
@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}", f"Authorization: Basic {CANARY}", f"access_token={CANARY}&x=1",
        f'{{"refresh_token": "{CANARY}"}}', f"client_secret='{CANARY}'", f"password: {CANARY}",
        f"postgresql://sync:{CANARY}@db/sync", f"GET https://x.example/?code={CANARY}&state=1",
        f"api_key = {CANARY}", f"X-Signature: {CANARY}", f"filler {'x ' * 3000} token={CANARY}",
    ],
)  # fmt: skip
def test_no_secret_is_written_from_a_message_an_argument_or_a_traceback(
    formatter: logging.Formatter, text: str
) -> None:
    for line in (
        written(formatter, text.replace("%", "%%")),
        written(formatter, "said %s", text),
        written(formatter, "%(said)s", {"said": text}),
        written(formatter, "broke", error=raised(text)),
        written(formatter, "broke", answer=text),
    ):
        assert CANARY not in line
        assert "x.example" in line or "x.example" not in text or "answer" in line or "broke" in line


@pytest.mark.case("S19")
@pytest.mark.parametrize("formatter", FORMATTERS)
def test_the_secrets_of_this_installation_are_never_written(formatter: logging.Formatter) -> None:
    for secret in (settings.SECRET_KEY, settings.COMMERCE_SYNC_ENCRYPTION_KEYS[0]):
        assert secret not in written(formatter, "the key is %s", secret)


def test_a_secret_in_a_request_that_breaks_is_not_logged(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get(f"/link/{'x' * 10}/?token={CANARY}", HTTP_AUTHORIZATION=f"Bearer {CANARY}")
    for record in caplog.records:
        for formatter in FORMATTERS:
            assert CANARY not in formatter.format(record)


def test_a_very_long_text_is_cut_in_its_middle() -> None:
    line = log_format.without_secrets("a" * 50_000 + " end")
    assert len(line) < 21_000
    assert line.endswith(" end")


@pytest.mark.case("S19")
def test_sentry_is_told_what_broke_and_nothing_of_whom() -> None:
    event = {
        "event_id": "1", "user": {"email": CANARY}, "request": {"data": CANARY, "cookies": CANARY, "headers": CANARY},
        "breadcrumbs": {"values": [CANARY]}, "server_name": CANARY, "extra": {"x": CANARY}, "modules": {"x": CANARY},
        "logentry": {"message": "said %s", "params": [CANARY], "formatted": f"said token={CANARY}"},
        "contexts": {"runtime": {"name": "CPython"}, "device": {"name": CANARY}},
        "exception": {"values": [{"type": "ValueError", "value": f"password={CANARY}",
            "stacktrace": {"frames": [{"function": "f", "vars": {"x": CANARY}, "pre_context": [CANARY]}]}}]},
    }  # fmt: skip
    with correlation.of("c-12345678"):
        told = sentry.scrub(event)
    assert CANARY not in json.dumps(told)
    assert told["tags"] == {"correlation": "c-12345678"}
    assert told["exception"]["values"][0]["stacktrace"]["frames"] == [{"function": "f"}]


def test_a_dsn_that_cannot_be_read_is_refused_at_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="COMMERCE_SYNC_SENTRY_DSN cannot be read"):
        sentry.start("no dsn")
    sentry.start("")


def test_with_a_dsn_an_error_reaches_sentry_without_its_secrets() -> None:
    """In a process of its own: the SDK does not let go of a process again."""
    script = (
        "import django, logging; django.setup()\n"
        "secret = 'token=' + 'c4n4ry-0f-s3cr3ts'\n"
        "try:\n    raise ValueError(secret)\n"
        "except ValueError:\n    logging.getLogger('a').exception('it broke with %s', secret, extra={'said': secret})\n"
        "import sentry_sdk; sentry_sdk.flush(10)\n"
    )
    with running() as server:
        dsn = f"http://key@{server.place}/1"
        env = os.environ | {"COMMERCE_SYNC_SENTRY_DSN": dsn, "DJANGO_SETTINGS_MODULE": "commerce_sync.settings"}
        subprocess.run([sys.executable, "-c", script], env=env, check=True, capture_output=True, timeout=60)
        told = [_plain(seen.body) for seen in server.log]
    assert any('"ValueError"' in each for each in told)
    assert not any(CANARY in each for each in told)


def _plain(body: bytes) -> str:
    return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()
