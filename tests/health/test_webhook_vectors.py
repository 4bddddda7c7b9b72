"""What is sent is signed as the Standard Webhooks specification says: its own vector, and one HMAC written out here."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from health.webhooks.call import signatures
from health.webhooks.secrets import new_secret

# The example of the specification's libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR: Any = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
EVENT = UUID("5b1f0f0a-9f0e-4f0e-8f57-0c1c7b6a3f10")


@pytest.mark.case("S22")
def test_the_vector_of_the_specification_is_signed_as_it_says() -> None:
    assert signatures([SECRET], VECTOR, AT, BODY) == SIGNED


@pytest.mark.case("S22")
@pytest.mark.parametrize("body", [b"{}", BODY, '{"name":"Café ☕ 𝄞"}'.encode(), b" {}\n", b"x" * 100_000])
def test_a_signature_is_an_hmac_over_id_time_and_the_very_bytes(body: bytes) -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    words = b".".join([str(EVENT).encode(), b"1614265330", body])
    own = base64.b64encode(hmac.new(key, words, hashlib.sha256).digest()).decode()
    assert signatures([SECRET], EVENT, AT + timedelta(milliseconds=999), body) == f"v1,{own}"


def headers(**changes: str) -> dict[str, str]:
    said = {
        "webhook-id": str(EVENT), "webhook-timestamp": "1614265330",
        "webhook-signature": signatures([SECRET], EVENT, AT, BODY),
    }  # fmt: skip
    return {**said, **{f"webhook-{name}": value for name, value in changes.items()}}


@pytest.mark.case("S22")
@pytest.mark.parametrize(
    ("changes", "body", "after"),
    [
        ({}, b'{"test": 2432232315}', 0),  # another body
        ({}, b'{"test":2432232314}', 0),  # the same, written otherwise
        ({"id": "5b1f0f0a-9f0e-4f0e-8f57-0c1c7b6a3f11"}, BODY, 0),
        ({"timestamp": "1614265331"}, BODY, 0),  # sent again with a newer time
        ({"signature": signatures([new_secret()], EVENT, AT, BODY)}, BODY, 0),
        ({"signature": ""}, BODY, 0),
        ({"id": ""}, BODY, 0),
        ({"timestamp": ""}, BODY, 0),
        ({}, BODY, 301),  # more than five minutes old, and more than five minutes ahead
        ({}, BODY, -301),
    ],
)
def test_what_was_changed_or_is_repeated_later_is_refused_by_receivers(
    changes: dict[str, str], body: bytes, after: int
) -> None:
    with time_machine.travel(AT + timedelta(seconds=after), tick=False), pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers(**changes))


@pytest.mark.case("S22")
@pytest.mark.parametrize("after", [-300, 0, 300])
def test_while_a_secret_is_changed_both_open_it_within_five_minutes(after: int) -> None:
    other = new_secret()
    both = headers(signature=signatures([other, SECRET], EVENT, AT, BODY))
    with time_machine.travel(AT + timedelta(seconds=after), tick=False):
        for secret in (SECRET, other):
            assert Webhook(secret).verify(BODY, both) == {"test": 2432232314}
