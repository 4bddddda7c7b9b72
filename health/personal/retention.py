"""What is kept of persons is forgotten when nobody asks for it any more: an errand, in small pieces, day by day."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, LiteralString

from django.conf import settings

from ledger import sql
from ledger.services import now

logger = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3_600
_next_at = 0.0
_state: dict[str, int] = {}  # of this process: the page up to which all old ones are empty

_OLD_PAGES: Final[LiteralString] = """
    WITH old AS (
        SELECT id FROM connectors_page WHERE id > %s AND body IS NOT NULL AND received_at < %s ORDER BY id LIMIT 200
    ), emptied AS (UPDATE connectors_page page SET body = NULL FROM old WHERE page.id = old.id)
    SELECT coalesce(max(id), 0), count(*) FROM old
"""
_OLD: Final[dict[str, LiteralString]] = {
    "calls": """DELETE FROM connectors_call WHERE id IN (
        SELECT id FROM connectors_call WHERE started_at < %s ORDER BY started_at LIMIT 2000)""",
    "alerts": """DELETE FROM health_alert WHERE id IN (
        SELECT id FROM health_alert WHERE state IN ('sent', 'failed') AND ended_at < %s ORDER BY id LIMIT 2000)""",
    "bank lines": """UPDATE connectors_bankline SET text = '' WHERE id IN (
        SELECT id FROM connectors_bankline WHERE day < %s::timestamptz::date AND text <> '' LIMIT 2000)""",
    "entries of others": """UPDATE connectors_theirentry SET text = '' WHERE id IN (
        SELECT id FROM connectors_theirentry WHERE day < %s::timestamptz::date AND text <> '' LIMIT 2000)""",
}


def forget_hourly(seconds: float) -> bool:
    """The errand: `forget`, if this process has not done so within the hour; whether there is more to do."""
    global _next_at  # noqa: PLW0603  # of this process: another one forgetting, too, finds nothing left
    if time.monotonic() < _next_at:
        return False
    is_done = forget(seconds)
    if is_done:
        _next_at = time.monotonic() + EVERY_SECONDS
    return not is_done


def forget(seconds: float) -> bool:
    """Forget what is older than the settings say, for at most ``seconds``; whether nothing is left to forget."""
    ends = time.monotonic() + seconds
    ages = {
        "calls": settings.COMMERCE_SYNC_KEEP_CALLS_DAYS,
        "alerts": settings.COMMERCE_SYNC_KEEP_MESSAGES_DAYS,
        "bank lines": settings.COMMERCE_SYNC_KEEP_MESSAGES_DAYS,
        "entries of others": settings.COMMERCE_SYNC_KEEP_MESSAGES_DAYS,
    }
    pieces: dict[str, tuple[int, Callable[[Any], int]]] = {
        "raw pages": (settings.COMMERCE_SYNC_KEEP_RAW_DAYS, _old_pages),
        **{name: (days, _piece_of(_OLD[name])) for name, days in ages.items()},
    }
    for name, (days, piece) in pieces.items():
        if not days:
            continue
        before, total = now() - timedelta(days=days), 0
        while count := piece(before):
            total += count
            if time.monotonic() >= ends:
                logger.info("forgot %s %s, and there are more", total, name)
                return False
        if total:
            logger.info("forgot %s %s", total, name)
    return True


def _old_pages(before: Any) -> int:
    last, count = sql.rows(_OLD_PAGES, (_state.get("page", 0), before))[0]
    _state["page"] = max(last, _state.get("page", 0))
    return int(count)


def _piece_of(statement: LiteralString) -> Callable[[Any], int]:
    return lambda before: sql.execute(statement, (before,))
