"""The Slack addresses of rules: whoever knows one can write there, so each is sealed to its row."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction

from connectors.credentials import current_key_id
from connectors.sealing import Unreadable, seal_text, unseal_text
from health.models import AlertRule

SEALED_AT_ONCE: Final = 100


def seal(rule: UUID, url: str) -> bytes:
    """The address as it is stored."""
    return seal_text(f"alert rule {rule}", url)


def unseal(rule: UUID, sealed: bytes) -> str:
    """The reverse of `seal`. Raises `connectors.sealing.Unreadable`."""
    return unseal_text(f"alert rule {rule}", sealed)


@transaction.atomic
def seal_anew() -> int:
    """Encrypt with the present key what a former one encrypted, a few rows at a time; how many. What no key can read
    stays as it is: its messages say so, and giving the address again cures it."""
    key, done = current_key_id(), 0
    stale = AlertRule.objects.select_for_update(no_key=True, skip_locked=True).filter(sealed_url__isnull=False)
    for row in stale.exclude(key_id=key).order_by("pk")[:SEALED_AT_ONCE]:
        try:
            row.sealed_url = seal(row.public_id, unseal(row.public_id, bytes(row.sealed_url or b"")))
        except Unreadable:
            continue
        row.key_id = key
        row.save(update_fields=["sealed_url", "key_id"])
        done += 1
    return done
