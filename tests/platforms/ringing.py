"""A delivery of any platform that signs by a shared secret, made of what the platform's file declares of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.webhooks import Deliveries, HmacSha256, TimedHmacSha256


def signed(
    declared: HmacSha256 | TimedHmacSha256, told: Mapping[str, str], *, url: str, secret: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body. `told` has the values of the places `id`, `event`, `account` and `sent`."""
    headers, value = _placed(declared.facts, told)
    body = json.dumps(value).encode()
    if isinstance(declared, TimedHmacSha256):
        at = str(int(time.time()))
        seal = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {**headers, declared.header: f"t={at},v1={seal}"}, body
    over = url.encode() + body if declared.over == "url+body" else body
    key = bytes.fromhex(secret) if declared.key == "hex" else secret.encode()
    seal = hmac.new(key, over, hashlib.sha256).digest()
    text = seal.hex() if declared.encoding == "hex" else base64.b64encode(seal).decode()
    return {**headers, declared.header: f"{declared.field}={text}" if declared.field else text}, body


def _placed(facts: Deliveries, told: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    headers: dict[str, str] = {}
    value: dict[str, Any] = {}
    values = {**told, "sent": datetime.now(UTC).isoformat().replace("+00:00", "Z")}
    places = {"id": facts.id, "event": facts.event, "account": facts.account, "sent": facts.sent}
    for what, place in places.items():
        where, _, name = (place or "").partition(":")
        if where == "header":
            headers[name] = values[what]
        elif where == "body":
            level = value
            *parents, last = name.split(".")
            for each in parents:
                level = level.setdefault(each, {})
            level[last] = values[what]
    return headers, value
