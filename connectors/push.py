"""Delivery: each document reaches the accounting platform exactly once, whatever gets lost on the way.

Three answers to every write: done, not done, unknown. The intent is committed before the call; what came of it is
committed with the binding in one transaction; and an unknown outcome is looked up by reference before anything is sent
again. What a platform makes safe (`declare.Safety`) decides when "not there" may be believed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from connectors import push_rows as rows
from connectors.errors import (
    Failure,
    MisconfiguredPlatform,
    NotAuthorized,
    PlatformDown,
    RefusalReason,
    Refused,
    UnknownOutcome,
    Waiting,
)
from connectors.limits import Limits
from connectors.models import Connection
from connectors.platform import AccountingPlatform
from connectors.push_local import deliver_local
from connectors.push_result import PushResult
from connectors.push_rows import Item, Step, Verdict, prepare, verdict_of
from connectors.push_verify import verify
from connectors.session import Pushed, Session
from ledger import sql
from ledger.documents import Payment
from ledger.services import audit, now

__all__ = ["CONNECTION_LOCK", "Delivery", "PushResult", "deliver", "prepare"]

logger = logging.getLogger(__name__)

CONNECTION_LOCK: Final = 44  # the first key of the advisory locks that hold a connection while it is written to
ITEMS_AT_ONCE: Final = 50
MARGIN_SECONDS: Final = 5  # between the end of a call and the moment at which others may believe it is over
AGAIN_SECONDS: Final = 5  # a look-up that failed, a platform that is down
MOST_ATTEMPTS: Final = 8
BREAKER: Final = 3  # failures in a row after which the platform is left alone


class Delivery(Struct, frozen=True):
    """What `deliver` works with. `seconds` bounds the time after which it starts nothing new; `step` is told the name
    of each step that it reaches (tests stop the process there)."""

    platform: AccountingPlatform
    session: Session
    limits: Limits = Limits()
    seconds: float = 20
    step: Step = lambda name: None


def deliver(delivery: Delivery) -> PushResult:
    """Work on the open deliveries of one connection, in the order of their documents.

    Raises `NotAuthorized` when the platform no longer accepts us, and nothing else that a platform does: what cannot
    be delivered now stays with its reason, and the result says when to come back.
    """
    session = delivery.session
    if delivery.platform.local:
        return deliver_local(delivery.platform, session, delivery.step)
    with _held(session.connection_id) as is_held:
        if not is_held:
            return PushResult(next_seconds=AGAIN_SECONDS)
        rows.release_abandoned(session.connection_id, is_held=True)
        written = _Round(delivery).work()
        verify(delivery.platform, session)
    return PushResult.of(written, rows.standing(session.connection_id))


@contextmanager
def _held(connection_id: int) -> Iterator[bool]:
    """Whether this session alone writes to the connection; a session that ends lets go by itself."""
    is_held = bool(sql.rows("SELECT pg_try_advisory_lock(%s::int, %s::int)", (CONNECTION_LOCK, connection_id))[0][0])
    try:
        yield is_held
    finally:
        if is_held:
            sql.rows("SELECT pg_advisory_unlock(%s::int, %s::int)", (CONNECTION_LOCK, connection_id))


class _Stop(Exception):
    """The platform is to be left alone for now."""


class _Round:
    """One pass over the open items."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.platform, self.session, self.step = delivery.platform, delivery.session, delivery.step
        self.safety = delivery.platform.safety
        self.ends = time.monotonic() + delivery.seconds
        self.written = 0
        self.failures = 0

    def work(self) -> int:
        """The number of documents that are at the platform now and were not before."""
        after = 0
        while batch := self._batch(after):
            held_back = self._held_back(batch)
            for item in batch:
                if time.monotonic() >= self.ends:
                    return self.written
                settles = item.document.settles if isinstance(item.document, Payment) else None
                if settles in held_back:
                    continue
                try:
                    is_there = self._settle(item) if item.state == "unknown" else self._send(item)
                except _Stop:
                    return self.written
                if is_there:
                    self.written += 1
                    held_back.discard(item.document.header.key)
            after = batch[-1].document_id
        return self.written

    def _batch(self, after: int) -> list[Item]:
        return rows.open_items(self.session.connection_id, after, ITEMS_AT_ONCE, self.safety.settle_seconds)

    def _held_back(self, batch: list[Item]) -> set[str]:
        """The keys of documents that payments of this batch settle and that are not at the platform yet."""
        settled = {item.document.settles for item in batch if isinstance(item.document, Payment)}
        return rows.undelivered_keys(self.session.company_id, sorted(settled)) if settled else set()

    def _send(self, item: Item) -> bool:
        """Send what is prepared; whether it is there."""
        if not self.platform.may_post_automatically:
            rows.refuse(item.document_id, _NEEDS_A_PERSON)
            return False
        started, seconds = time.monotonic(), self.delivery.limits.total_seconds + MARGIN_SECONDS
        if rows.claim(item.document_id, seconds) is None:
            return False
        self.step("after_intent")
        try:
            self.step("before_send")
            if time.monotonic() - started > MARGIN_SECONDS:
                # This process was asleep: by the time the call ends, others would believe that it is long over.
                rows.put_back(item.document_id)
                return False
            pushed = self.platform.push(self.session, item.document)
            self.step("after_response")
        except Failure as failure:
            return self._not_sent(item, failure)
        except Exception as error:
            logger.exception("document %s could not be sent", item.document_id)
            verdict = Verdict(
                "internal", f"{type(error).__name__} while sending."[:500], UnknownOutcome.hint, "support"
            )
            self._lost(item, verdict)
            return False
        self.failures = 0
        return self._bind(item, pushed)

    def _bind(self, item: Item, pushed: Pushed) -> bool:
        is_bound = rows.bind(self.session.connection_id, item, pushed, self.step)
        self.step("after_commit")
        if not is_bound:
            self._alarm(item, rows.AMBIGUOUS)
        return is_bound

    def _not_sent(self, item: Item, failure: Failure) -> bool:
        verdict = verdict_of(failure)
        match failure:
            case Refused(reason=RefusalReason.DUPLICATE):
                return self._adopt_twin(item, failure)
            case Refused() | MisconfiguredPlatform():
                rows.refuse(item.document_id, verdict)
                return False
            case Waiting(until=until):
                rows.wait(item.document_id, verdict, max((until - now()).total_seconds(), 0))
                raise _Stop
            case PlatformDown():
                rows.wait(item.document_id, verdict, AGAIN_SECONDS)
                raise _Stop
            case _:  # UnknownOutcome; an answer that cannot be read; an access that ended while writing
                self._lost(item, verdict)
        if isinstance(failure, NotAuthorized):
            raise failure
        return False

    def _lost(self, item: Item, verdict: Verdict) -> None:
        if item.attempts + 1 >= MOST_ATTEMPTS:
            # Still looked up first: only the next sending is a person's decision.
            logger.error("document %s was sent %s times without a clear answer", item.document_id, item.attempts + 1)
        is_harmless = self.safety.idempotency == "permanent" or self.safety.unique_ref
        rows.lose(item.document_id, verdict, 0 if is_harmless else self.safety.settle_seconds)
        self._failed()

    def _failed(self) -> None:
        self.failures += 1
        if self.failures >= BREAKER:
            raise _Stop

    def _adopt_twin(self, item: Item, failure: Refused) -> bool:
        """ "There is one with this number already": ours, when the look-up by our reference finds it."""
        try:
            found = self.platform.find(self.session, item.document) if self._can_look_up else None
        except Failure as trouble:
            self._lost(item, verdict_of(trouble))
            return False
        if found is None:
            rows.refuse(item.document_id, verdict_of(failure))
            return False
        return self._bind(item, found)

    @property
    def _can_look_up(self) -> bool:
        return self.safety.search_by_ref or self.safety.unique_ref

    def _settle(self, item: Item) -> bool:
        """Find out what became of an unknown outcome; whether it is there."""
        if not self._can_look_up:
            self._settle_blindly(item)
            return False
        try:
            found = self.platform.find(self.session, item.document)
        except Waiting as failure:
            rows.stay_unknown(item.document_id, verdict_of(failure), max((failure.until - now()).total_seconds(), 0))
            raise _Stop from None
        except Refused as failure:
            if failure.reason is not RefusalReason.DUPLICATE:
                rows.stay_unknown(item.document_id, verdict_of(failure), AGAIN_SECONDS)
                self._failed()
                return False
            self._alarm(item, verdict_of(failure))  # found twice
            return False
        except Failure as failure:
            rows.stay_unknown(item.document_id, verdict_of(failure), AGAIN_SECONDS)
            if isinstance(failure, NotAuthorized):
                raise
            self._failed()
            return False
        self.step("after_lookup")
        if found is not None:
            return self._bind(item, found)
        return self._not_there(item)

    def _not_there(self, item: Item) -> bool:
        """Believed when nothing late can come any more, or when a second sending could do no harm."""
        is_harmless = self.safety.idempotency == "permanent" or self.safety.unique_ref
        if not item.settled and not is_harmless:
            rows.stay_unknown(item.document_id, _TOO_EARLY, 1)
            return False
        if item.attempts >= MOST_ATTEMPTS:
            self._alarm(item, _NO_CLEAR_ANSWER)
            return False
        rows.put_back(item.document_id)
        return self._send(item._replace(state="prepared"))

    def _settle_blindly(self, item: Item) -> None:
        """No look-up: only a key that is remembered for ever makes a second sending harmless."""
        if self.safety.idempotency == "permanent" and item.attempts < MOST_ATTEMPTS:
            rows.put_back(item.document_id)
            self._send(item._replace(state="prepared"))
        else:
            self._alarm(item, _NO_CLEAR_ANSWER)

    def _alarm(self, item: Item, verdict: Verdict) -> None:
        """Refused, and somebody is told."""
        rows.refuse(item.document_id, verdict)
        company = Connection.objects.select_related("company").get(pk=self.session.connection_id).company
        detail = {"reference": item.document.header.reference, "code": verdict.code, "sentence": verdict.sentence}
        audit(code="document.ambiguous", actor="push", company=company, subject=detail["reference"], detail=detail)


_NEEDS_A_PERSON = Verdict(
    "manual_only",
    "This platform has neither keys nor unique references nor a search: one lost answer would make a duplicate.",
    "Enter the document by hand, or decide to send it and check the platform afterwards.",
    "support",
)
_NO_CLEAR_ANSWER = Verdict(
    "unknown_outcome",
    "It was sent, and whether it arrived cannot be found out.",
    "Look for the reference at the platform: bind the document when it is there, else send it again.",
    "support",
)
_TOO_EARLY = Verdict(
    "unknown_outcome", "Its outcome is unknown; the platform may still be working on it.", UnknownOutcome.hint, "nobody"
)
