"""How often a key may call: so many times in each minute of the clock, counted by all processes together.

Calls are taken from the common row in bundles and spent here, so that a call seldom costs a write. What a process has
taken and not spent when the minute ends is lost: a key never gets more than its limit, and loses at most a twentieth of
it per process.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from ledger import sql
from ledger.services import now

BUNDLES: Final = 20  # a minute's limit is taken in so many
_TAKE: Final = """
    INSERT INTO commerce_sync_allowance (key_id, minute, taken) VALUES (%s, %s, %s)
    ON CONFLICT (key_id) DO UPDATE SET minute = excluded.minute, taken = excluded.taken
        + CASE WHEN commerce_sync_allowance.minute = excluded.minute THEN commerce_sync_allowance.taken ELSE 0 END
    RETURNING taken
"""


class _Held(NamedTuple):
    minute: datetime
    calls: int


_held: dict[int, _Held] = {}
_lock = threading.Lock()


def take(key_id: int, limit: int, at: datetime) -> bool:
    """Whether one more call of this key fits into the minute of ``at``."""
    minute = at.replace(second=0, microsecond=0)
    with _lock:
        held = _held.get(key_id)
        if held is not None and held.minute == minute and held.calls > 0:
            _held[key_id] = _Held(minute, held.calls - 1)
            return True
    bundle = max(1, limit // BUNDLES)
    taken: int = sql.rows(_TAKE, (key_id, minute, bundle), keep_plan=True)[0][0]
    granted = min(bundle, limit - (taken - bundle))
    if granted <= 0:
        return False
    with _lock:
        if len(_held) > 10_000:
            _held.clear()
        _held[key_id] = _Held(minute, granted - 1)
    return True


class KeyThrottle(BaseThrottle):
    """The limit of `COMMERCE_SYNC_API_CALLS_A_MINUTE` per key; 0: none."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether the call may go on."""
        limit: int = settings.COMMERCE_SYNC_API_CALLS_A_MINUTE
        return not limit or take(request.auth.pk, limit, now())

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        at = now()
        return (at.replace(second=0, microsecond=0) + timedelta(minutes=1) - at).total_seconds()
