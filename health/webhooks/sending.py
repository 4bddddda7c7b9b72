"""Deliveries that are due are sent: several at a time, so that a slow endpoint holds up nobody but itself.

An endpoint has at most `webhook_rows.SHARE` calls under way, and rests after a few failures in a row. Only the calls
run in threads; the rows are the business of the thread that claims. Who dies between a call and its note leaves a lease
that ends: the delivery is sent again, under the same `webhook-id`, by which receivers tell that they have it already.
"""

from __future__ import annotations

import logging
import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from connectors.http import refuse_open_transaction
from connectors.sealing import Unreadable
from connectors.services import private_places
from health.webhooks import rows
from health.webhooks.call import TOTAL_SECONDS, Answer, call
from health.webhooks.rows import Claimed
from health.webhooks.secrets import unseal
from ledger import faultpoints

logger = logging.getLogger(__name__)

AT_ONCE: Final = 8  # calls under way by one worker
LOOK_AGAIN_SECONDS: Final = 0.5
OVERSLEPT_SECONDS: Final = 30  # between claim and call: a lease of which so much is gone is not begun on
_chance = random.SystemRandom().random


def send_due(budget_seconds: float, *, total_seconds: float = TOTAL_SECONDS) -> int:
    """Send what is due; how many tries were made. Begins no call after ``budget_seconds``; the last ones end within
    ``total_seconds`` more. Not to be called inside a transaction."""
    refuse_open_transaction()
    ends = time.monotonic() + budget_seconds
    rows.free_the_dead()
    first = rows.claim(AT_ONCE)
    if not first:
        return 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        return _Round(pool, ends, total_seconds).carry_out(first)


class _Round:
    """One worker's calls, as many at a time as there are threads."""

    def __init__(self, pool: ThreadPoolExecutor, ends: float, total_seconds: float) -> None:
        self.pool, self.ends, self.total_seconds = pool, ends, total_seconds
        self.private = private_places()
        self.flying: dict[Future[Answer | None], Claimed] = {}
        self.tried = 0

    def carry_out(self, claimed: list[Claimed]) -> int:
        """Send these and what else is due, until nothing is or the time is over."""
        self._begin(claimed)
        while self.flying:
            done, _ = wait(self.flying, timeout=LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                self._settle(self.flying.pop(future), future)
            room = AT_ONCE - len(self.flying)
            if room and time.monotonic() < self.ends:
                self._begin(rows.claim(room))
        return self.tried

    def _begin(self, claimed: list[Claimed]) -> None:
        at = time.monotonic()
        for each in claimed:
            self.flying[self.pool.submit(self._call, each, at)] = each

    def _call(self, claimed: Claimed, at: float) -> Answer | None:
        if time.monotonic() - at > OVERSLEPT_SECONDS:
            return None
        try:
            sealed = [each for each in (claimed.sealed_secret, claimed.sealed_former) if each is not None]
            secrets = [unseal(claimed.endpoint, bytes(each)) for each in sealed]
        except Unreadable:
            return Answer("The signing secret cannot be read here; rotate it. Nothing was sent.")
        return call(
            url=claimed.url,
            event_id=claimed.event_id,
            body=bytes(claimed.body),
            secrets=secrets,
            private=self.private,
            total_seconds=self.total_seconds,
        )

    def _settle(self, claimed: Claimed, future: Future[Answer | None]) -> None:
        self.tried += 1
        error = future.exception()
        if error is not None:
            logger.error("delivery %s could not be tried", claimed.delivery_id, exc_info=error)
        answer = future.result() if error is None else Answer("An error of ours, which has been noted.")
        if answer is None:  # this process stood still: the lease may be over, and whoever frees the row tries again
            logger.warning("delivery %s was claimed and not sent in time", claimed.delivery_id)
            return
        faultpoints.reached("webhook_sent")
        if not rows.settle(claimed, answer, _chance()):
            logger.warning("delivery %s was taken over while it was sent", claimed.delivery_id)
