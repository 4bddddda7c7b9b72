"""docs/webhooks.md says what is sent: each type with a payload of its shape, the tries, and code that verifies."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from commerce_sync.api.shape import encode
from health.webhooks.call import TOTAL_SECONDS, signatures
from health.webhooks.event_types import MOST_BYTES, NAMES, TEST
from health.webhooks.payloads import MOST_LISTED, PUBLISHED_TYPES, ConnectionWebhook, Webhook, data_shape
from health.webhooks.retry import FAILING_FOR, LONGEST_ASKED, PAUSES
from health.webhooks.secrets import new_secret
from health.webhooks.services import KEPT

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
SECTIONS = dict(re.findall(r"^### `([\w.]+)`\n(.*?)(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL))
UNITS = {"seconds": timedelta(seconds=1), "minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}


def test_every_event_type_is_in_the_documentation_and_nothing_else() -> None:
    assert list(SECTIONS) == [*NAMES, TEST]


@pytest.mark.parametrize("name", [*NAMES, TEST])
def test_the_payload_in_the_documentation_has_the_shape_that_is_sent(name: str) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", SECTIONS[name], re.DOTALL)
    shown = json.loads(block)
    assert shown["type"] == name
    whole = name == "connection.linked"
    said = msgspec.json.decode(block, type=ConnectionWebhook if whole else Webhook)
    if whole:
        assert shown["eventType"] == PUBLISHED_TYPES[name]
        assert json.loads(encode(said)) == shown
    data = msgspec.convert(shown["data"], data_shape(name), strict=False)
    assert json.loads(encode(data)) == shown["data"]


def test_the_table_of_tries_is_the_schedule() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) (\w+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, len(PAUSES) + 1))
    assert [int(count) * UNITS[unit] for _, count, unit in rows] == list(PAUSES)


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    for words in (
        f"at most {MOST_BYTES:,} bytes",
        f"at most {MOST_LISTED} rows",
        f"kept for {KEPT.days} days",
        f"within {TOTAL_SECONDS:g} seconds",
        f"up to {LONGEST_ASKED // timedelta(hours=1)} hours",
    ):
        assert words in PAGE
    assert timedelta(days=3) == FAILING_FOR
    assert "not taken anything for three days" in PAGE


@pytest.mark.parametrize("number", [0, 1])
def test_the_code_in_the_documentation_verifies_what_is_sent_and_refuses_the_rest(number: int) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[number]
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102  # our own page
    former, secret, body = new_secret(), new_secret(), b'{"type":"webhook.test","data":{"name":"\xc3\xa9"}}'

    def headers(at: datetime) -> dict[str, str]:
        event_id = uuid4()
        signed = signatures([secret, former], event_id, at, body)
        return {"webhook-id": str(event_id), "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}

    now = datetime.now(UTC)
    for each in (secret, former):
        assert space["verified"](each, headers(now), body)["type"] == "webhook.test"
    for wrong in (
        (new_secret(), headers(now), body),
        (secret, headers(now), body + b" "),
        (secret, {**headers(now), "webhook-id": "x"}, body),
        (secret, headers(now - timedelta(minutes=6)), body),
    ):
        with pytest.raises(Exception, match=r"signature|old"):
            space["verified"](*wrong)
