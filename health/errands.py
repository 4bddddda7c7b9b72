"""What is to be done regularly here: tell partners what has happened."""

from __future__ import annotations

import time

from health.console import second_factor, tries
from health.webhooks.expiring import warn_hourly
from health.webhooks.rows import something_is_due
from health.webhooks.secrets import seal_anew
from health.webhooks.sending import send_due
from health.webhooks.services import forget_old_events
from health.webhooks.telling import tell


def run(seconds: float) -> bool:
    """Turn what was heard into events, send what is due, warn of what ends, forget what is old; whether the time was
    over before everything was told and sent.

    Begins no call after ``seconds``; one that is under way then ends within `webhooks.call.TOTAL_SECONDS` more.
    """
    ends = time.monotonic() + seconds
    while tell() and time.monotonic() < ends:
        pass
    send_due(max(ends - time.monotonic(), 0))
    warn_hourly()
    seal_anew()
    second_factor.seal_anew()
    forget_old_events()
    tries.forget_old()
    return time.monotonic() >= ends and something_is_due()
