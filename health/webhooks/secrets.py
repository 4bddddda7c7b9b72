"""The signing secrets of endpoints: made, sealed to their row, and sealed anew when the encryption keys change."""

from __future__ import annotations

import base64
import secrets
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from connectors.credentials import current_key_id
from connectors.sealing import seal_rows_anew, seal_text, unseal_text
from health.models import WebhookEndpoint
from health.webhooks.call import PREFIX

SECRET_BYTES: Final = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """A new signing secret, in the form that receivers' libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def seal(endpoint: UUID, secret: str) -> bytes:
    """The secret of an endpoint as it is stored."""
    return seal_text(f"webhook {endpoint}", secret)


def unseal(endpoint: UUID, sealed: bytes) -> str:
    """The reverse of `seal`. Raises `connectors.sealing.Unreadable`."""
    return unseal_text(f"webhook {endpoint}", sealed)


def stale() -> QuerySet[WebhookEndpoint]:
    """The endpoints that a former key encrypted."""
    return WebhookEndpoint.objects.exclude(key_id=current_key_id())


def seal_anew() -> int:
    """Encrypt with the present key what a former one encrypted; how many. What no key can read stays as it is: the
    doctor reports it, and putting the key back or rotating the secret cures it."""
    return seal_rows_anew(stale(), _seal_row)


def _seal_row(row: WebhookEndpoint) -> None:
    row.sealed_secret = seal(row.public_id, unseal(row.public_id, bytes(row.sealed_secret)))
    if row.sealed_former is not None:
        row.sealed_former = seal(row.public_id, unseal(row.public_id, bytes(row.sealed_former)))
    row.key_id = current_key_id()
    row.save(update_fields=["sealed_secret", "sealed_former", "key_id"])
