"""The Slack addresses of rules: whoever knows one can write there, so each is sealed to its row."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from connectors.credentials import current_key_id
from connectors.sealing import seal_rows_anew, seal_text, unseal_text
from health.models import AlertRule


def seal(rule: UUID, url: str) -> bytes:
    """The address as it is stored."""
    return seal_text(f"alert rule {rule}", url)


def unseal(rule: UUID, sealed: bytes) -> str:
    """The reverse of `seal`. Raises `connectors.sealing.Unreadable`."""
    return unseal_text(f"alert rule {rule}", sealed)


def stale() -> QuerySet[AlertRule]:
    """The rules whose address a former key encrypted."""
    return AlertRule.objects.filter(sealed_url__isnull=False).exclude(key_id=current_key_id())


def seal_anew() -> int:
    """Encrypt with the present key what a former one encrypted; how many. What no key can read stays as it is: its
    messages say so, and giving the address again cures it."""
    return seal_rows_anew(stale(), _seal_row)


def _seal_row(row: AlertRule) -> None:
    row.sealed_url = seal(row.public_id, unseal(row.public_id, bytes(row.sealed_url or b"")))
    row.key_id = current_key_id()
    row.save(update_fields=["sealed_url", "key_id"])
