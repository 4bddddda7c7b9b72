"""Taking documents back at the accounting platform: the same three answers as sending them.

`request_voids` puts the intent on disk; `void_due` carries it out. Voiding is safe to repeat, so a lost answer, a
dead worker and a doubled call all end the same way: it is asked for again. What a platform refuses to take back stays
there, with the reason; whoever asked reverses it by documents.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from msgspec import Struct

from connectors import voiding_rows as rows
from connectors.errors import (
    Failure,
    MisconfiguredPlatform,
    NotAuthorized,
    PlatformDown,
    RefusalReason,
    Refused,
    Waiting,
)
from connectors.push import Delivery, held
from connectors.push_verdicts import PAYMENT_STAYS, Verdict, verdict_of
from connectors.voiding_rows import VoidItem, request_voids
from ledger.services import now

__all__ = ["VoidResult", "request_voids", "void_due"]

logger = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 5  # longer each time
LONGEST_SECONDS: Final = 900
BREAKER: Final = 3  # failures in a row after which the platform is left alone


class VoidResult(Struct, frozen=True):
    """`voided` and `refused` documents of this call; `open` are still to be taken back, in `next_seconds` at best.

    `verdict` is why the oldest open one is still there.
    """

    voided: int = 0
    refused: int = 0
    open: int = 0
    next_seconds: float | None = None
    verdict: Verdict | None = None


def void_due(delivery: Delivery) -> VoidResult:
    """Take back what was asked for at one connection: payments before what they settle, newest first.

    At a local platform it joins the caller's transaction; elsewhere each answer is committed by itself. Raises
    `NotAuthorized` when the platform no longer accepts us.
    """
    connection_id = delivery.session.connection_id
    if not rows.open_voids(connection_id).documents:
        return VoidResult()
    round_ = _Round(delivery)
    if delivery.platform.local:
        round_.work()
    else:
        with held(connection_id) as is_held:
            if not is_held:
                return VoidResult(open=rows.open_voids(connection_id).documents, next_seconds=AGAIN_SECONDS)
            round_.work()
    left = rows.open_voids(connection_id)
    return VoidResult(round_.voided, round_.refused, left.documents, left.seconds, left.verdict)


class _LeaveAlone(Exception):
    """The platform is to be left alone for now."""


class _Round:
    """One pass over what is to be taken back."""

    def __init__(self, delivery: Delivery) -> None:
        self.platform, self.session, self.step = delivery.platform, delivery.session, delivery.step
        self.ends = time.monotonic() + delivery.seconds
        self.voided = self.refused = self.failures = 0

    def work(self) -> None:
        """Ask for each once, in order, for a bounded time (a local platform: all of them)."""
        held_back: set[str] = set()
        staying: set[str] = set()
        for item in rows.items(self.session.connection_id):
            if not self.platform.local and time.monotonic() >= self.ends:
                return
            if item.key in held_back or not item.is_due:
                held_back.add(item.settles)
                continue
            if item.key in staying or rows.has_standing_payment(item):
                self._stay(item, PAYMENT_STAYS)
                continue
            try:
                outcome = self._void(item)
            except _LeaveAlone:
                return
            if outcome == "refused":
                staying.add(item.settles)
            elif outcome == "open":
                held_back.add(item.settles)

    def _void(self, item: VoidItem) -> str:
        """ "voided", "refused" or "open"."""
        rows.count_attempt(item.document_id)
        self.step("before_void")
        try:
            self.platform.void(self.session, item.remote_id, item.kind)
            self.step("after_void_response")
        except Failure as failure:
            return self._not_voided(item, failure)
        except Exception as error:
            if self.platform.local:
                raise  # the transaction that both share is broken
            logger.exception("document %s could not be taken back", item.document_id)
            words = f"{type(error).__name__} while taking it back."[:500]
            self._later(item, Verdict("internal", words, "Look at the trace of the call in the console.", "support"))
            return "open"
        return self._done(item)

    def _not_voided(self, item: VoidItem, failure: Failure) -> str:
        verdict = verdict_of(failure)
        match failure:
            case Refused(reason=RefusalReason.NOT_FOUND):
                return self._done(item)  # it is not there any more: what was wanted
            case Refused() | MisconfiguredPlatform():
                self._stay(item, verdict)
                return "refused"
            case Waiting(until=until):
                rows.wait(item.document_id, verdict, max((until - now()).total_seconds(), 0))
                raise _LeaveAlone
            case PlatformDown():
                self._later(item, verdict)
                raise _LeaveAlone
        self._later(item, verdict)  # an unknown outcome; an answer that cannot be read
        if isinstance(failure, NotAuthorized):
            raise failure
        return "open"

    def _done(self, item: VoidItem) -> str:
        self.failures = 0
        rows.mark_voided(item.document_id)
        self.step("after_void")
        self.voided += 1
        return "voided"

    def _stay(self, item: VoidItem, verdict: Verdict) -> None:
        rows.stay(item.document_id, verdict)
        self.refused += 1

    def _later(self, item: VoidItem, verdict: Verdict) -> None:
        rows.wait(item.document_id, verdict, min(LONGEST_SECONDS, AGAIN_SECONDS << min(item.attempts, 8)))
        self.failures += 1
        if self.failures >= BREAKER:
            raise _LeaveAlone
