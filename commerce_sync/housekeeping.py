"""What is no longer needed is deleted: links into the merchant's pages, stored answers, deliveries, ended sessions."""

from __future__ import annotations

import logging
import time
from importlib import import_module
from typing import Final

from django.conf import settings

from commerce_sync.api.idempotency import forget_old_answers
from commerce_sync.setup_links import forget_old_links
from connectors import deliveries
from ledger.services import now

logger = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3_600
_next_at = 0.0


def clean_hourly(seconds: float = 0) -> bool:
    """The errand: `clean`, if this process has not done so within the hour; whether it did. It takes no ``seconds``."""
    global _next_at  # noqa: PLW0603  # of this process: another one cleaning, too, finds nothing left
    at = time.monotonic()
    if at < _next_at:
        return False
    _next_at = at + EVERY_SECONDS
    clean()
    return True


def clean() -> None:
    """Delete what has had its time. Each part by itself: doing it twice, or at once in two places, is harmless."""
    links, answers, webhooks = forget_old_links(), forget_old_answers(), deliveries.forget(at=now())
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    if links or answers or webhooks:
        logger.info("forgot %s links, %s stored answers and %s deliveries", links, answers, webhooks)
