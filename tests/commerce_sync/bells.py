"""A shop whose platform rings, and the ringing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final

from django.test import Client

from commerce_sync.models import Job
from commerce_sync.services import save_schedule
from connectors import credentials
from connectors.auth import Secrets
from connectors.models import Connection
from connectors.services import connect_commerce
from tests.ledger.cast import a_merchant

KEY: Final = "square-signature-key"
CLIENT: Final = {"client_id": "us", "client_secret": "s", "webhook_secrets": [KEY]}
"""Who we are to the platform: for COMMERCE_SYNC_OAUTH_CLIENTS."""


def a_ringing_shop() -> Connection:
    """The connection of a shop that is synced when its platform rings."""
    merchant = a_merchant("Café", "USD", "America/New_York")
    link = connect_commerce(company=merchant.company, platform="square", actor="test")
    link.settings = {"merchant_id": "MERCH1"}
    link.save()
    credentials.store(connection_id=link.pk, secrets=Secrets(access_token="square-test-token"))
    save_schedule(company=merchant.company, frequency="event", hour=3, zone="America/New_York", actor="test")
    return link


def event(kind: str = "payment.updated", number: int = 1, **more: Any) -> bytes:
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    body = {"merchant_id": "MERCH1", "type": kind, "event_id": f"e{number}", "created_at": at, **more}
    return json.dumps(body).encode()


def ring(path: str, body: bytes, *, key: str = KEY, url: str = "", **headers: str) -> int:
    """Deliver; the status of the answer, which has nothing in it."""
    signed = (url or f"http://testserver{path}").encode() + body
    signature = base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()
    given = {"x-square-hmacsha256-signature": signature, **headers}
    answer = Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", headers=given)
    assert answer.content == b""
    return int(answer.status_code)


def of(link: Connection) -> str:
    return f"/webhooks/square/{link.public_id}"


def jobs() -> int:
    return Job.objects.filter(key__startswith="event:").count()
