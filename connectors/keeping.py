"""Access that nobody uses is kept from ending: refresh tokens of some platforms end after so many days of rest.

A merchant who pauses, or whose books are closed for a season, need not log in again afterwards.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Final

from connectors import registry
from connectors.credentials import StoredKeys, load
from connectors.declare import OAuth2
from connectors.errors import Failure, NotAuthorized
from connectors.http import Door
from connectors.limits import Limits
from connectors.models import Connection
from connectors.platform import Platform
from connectors.services import deauthorize, platform_of
from ledger.services import now

logger = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3_600
MOST_AT_ONCE: Final = 20
PART: Final = 3
"""Of its rest, after which a token is renewed: early enough for a server that stood still for weeks, and for the change
of the encryption key, after which a credential looks new."""
LIMITS: Final = Limits(connect_seconds=3, read_seconds=8, total_seconds=12, patience_seconds=1)
_next_at = 0.0


def keep_hourly(seconds: float) -> bool:
    """The errand: `keep`, if this process has not done so within the hour; whether there is more to do."""
    global _next_at  # noqa: PLW0603  # of this process: what another one has renewed needs nothing
    if time.monotonic() < _next_at:
        return False
    is_done = keep(seconds) < MOST_AT_ONCE
    if is_done:
        _next_at = time.monotonic() + EVERY_SECONDS
    return not is_done


def keep(seconds: float) -> int:
    """Renew what has rested for long, the longest first, for at most ``seconds``; how many were tried.

    One that is refused is told as an authorization that ended; what fails otherwise is tried again in an hour.
    """
    ends, tried = time.monotonic() + seconds, 0
    for platform in registry.platforms():
        auth = platform.auth
        if not isinstance(auth, OAuth2) or not auth.rest_days:
            continue
        resting = Connection.objects.filter(
            platform=platform.key,
            status=Connection.Status.LINKED,
            credential__updated_at__lt=now() - timedelta(days=auth.rest_days) / PART,
        )
        for connection in resting.order_by("credential__updated_at")[: MOST_AT_ONCE - tried]:
            if time.monotonic() >= ends:
                return MOST_AT_ONCE
            tried += 1
            _renew(connection, platform_of(connection))
    return tried


def _renew(connection: Connection, platform: Platform) -> None:
    keys = StoredKeys(connection.pk, platform)
    try:
        held = load(connection.pk)
        if held.refresh_token:
            with Door(platform, connection.pk, keys, settings=connection.settings, limits=LIMITS) as door:
                keys.renewed(held, door.exchange)
    except NotAuthorized as failure:
        deauthorize(connection_id=connection.pk, actor="keeping", reason=str(failure))
    except Failure as failure:
        logger.warning(
            "the access of connection %s at %s could not be renewed: %s", connection.pk, platform.name, failure
        )
