"""One thing at a time: sending it, and finding out what became of it when the answer was lost."""

from __future__ import annotations

import logging
import time
from typing import Final, Generic

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
from connectors.models import Connection
from connectors.platform import AccountingPlatform
from connectors.push_seconds import SESSION_LOST, Second, bound_anew, take_back
from connectors.push_states import D, Item, States, Step
from connectors.push_verdicts import (
    AMBIGUOUS,
    NEEDS_A_PERSON,
    NO_CLEAR_ANSWER,
    TOO_EARLY,
    UNUSABLE_ID,
    Verdict,
    verdict_of,
)
from connectors.session import Pushed, Session
from ledger.services import audit, now

logger = logging.getLogger(__name__)

MARGIN_SECONDS: Final = 5  # between the end of a call and the moment at which others may believe it is over
AGAIN_SECONDS: Final = 5  # a look-up that failed, a platform that is down; longer each time
LONGEST_SECONDS: Final = 900
LONGEST_ID: Final = 200  # characters of an id that a binding can hold
MOST_ATTEMPTS: Final = 20
BREAKER: Final = 3  # failures in a row after which the platform is left alone


class LeaveAlone(Exception):
    """The platform is to be left alone for now."""


class Sending(Generic[D]):
    """Sends to one connection, whose lock the caller holds. `call_seconds` is the longest that a call may take.

    What is sent, and how it is asked for, says the class below: `rows`, `_push`, `_find` and `_reference`.
    """

    rows: States[D]

    def __init__(self, platform: AccountingPlatform, session: Session, call_seconds: float, step: Step) -> None:
        self.platform, self.session, self.call_seconds, self.step = platform, session, call_seconds, step
        self.safety = platform.safety
        self.failures = 0
        self.overslept = False

    def send(self, item: Item[D]) -> bool:
        """Send what is prepared; whether it is there."""
        if not self.safety.may_post_automatically:
            self.rows.refuse(item.document_id, NEEDS_A_PERSON)
            return False
        started, seconds = time.monotonic(), self.call_seconds + MARGIN_SECONDS
        if self.rows.claim(item.document_id, seconds) is None:
            return False
        self.step("after_intent")
        try:
            self.step("before_send")
            if time.monotonic() - started > MARGIN_SECONDS:
                # This process was asleep: by the time the call ends, others would believe that it is long over.
                self.rows.put_back(item.document_id)
                self.overslept = True
                return False
            pushed = self._push(item)
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
        return self._bind(item, pushed, is_made=True)

    def _push(self, item: Item[D]) -> Pushed:
        raise NotImplementedError

    def _find(self, item: Item[D]) -> Pushed | None:
        raise NotImplementedError

    def _reference(self, item: Item[D]) -> str:
        raise NotImplementedError

    def _bind(self, item: Item[D], pushed: Pushed, *, is_made: bool = False) -> bool:
        """Whether it is there under this id now. `is_made`: it was told as the answer to our own sending."""
        if not 0 < len(pushed.remote_id) <= LONGEST_ID or "\x00" in pushed.remote_id:
            self._alarm(item, UNUSABLE_ID)
            return False
        try:
            is_bound = self.rows.bind(self.session.connection_id, item, pushed, self.step)
        except SESSION_LOST:
            # Our session is gone, with the locks that kept others away: what has happened is written down, no more.
            if bound_anew(lambda: self.rows.bind(self.session.connection_id, item, pushed, self.step)) is False:
                self._not_bound(item, pushed, is_made)
            raise
        self.step("after_commit")
        return is_bound or self._not_bound(item, pushed, is_made)

    def _not_bound(self, item: Item[D], pushed: Pushed, is_made: bool) -> bool:
        """The id is another document's, or the document has another id: whether it is there under this id all the same.

        Of two that we made, the one that is told later is taken back: nobody has worked with it yet.
        """
        bound = self.rows.bound_id(item.document_id)
        if bound == pushed.remote_id:
            return True
        if bound and is_made:
            take_back(self.platform, self.session, Second(self._reference(item), item.document, bound, pushed))
        else:
            self._alarm(item, AMBIGUOUS)
        return False

    def _not_sent(self, item: Item[D], failure: Failure) -> bool:
        verdict = verdict_of(failure)
        match failure:
            case Refused(reason=RefusalReason.DUPLICATE):
                return self._adopt_twin(item, failure)
            case Refused() | MisconfiguredPlatform():
                self.rows.refuse(item.document_id, verdict)
                return False
            case Waiting(until=until):
                self.rows.wait(item.document_id, verdict, max((until - now()).total_seconds(), 0))
                raise LeaveAlone
            case PlatformDown():
                self.rows.wait(item.document_id, verdict, min(LONGEST_SECONDS, AGAIN_SECONDS << min(item.attempts, 8)))
                raise LeaveAlone
            case _:  # UnknownOutcome; an answer that cannot be read; an access that ended while writing
                self._lost(item, verdict)
        if isinstance(failure, NotAuthorized):
            raise failure
        return False

    def _lost(self, item: Item[D], verdict: Verdict) -> None:
        self.rows.lose(item.document_id, verdict, 0 if self._is_harmless else self.safety.settle_seconds)
        self._failed()

    def _failed(self) -> None:
        self.failures += 1
        if self.failures >= BREAKER:
            raise LeaveAlone

    def _adopt_twin(self, item: Item[D], failure: Refused) -> bool:
        """ "There is one with this number already": ours, when the look-up by our reference finds it."""
        try:
            found = self._find(item) if self._can_look_up else None
        except Failure as trouble:
            self._lost(item, verdict_of(trouble))
            return False
        if found is None:
            self.rows.refuse(item.document_id, verdict_of(failure))
            return False
        return self._bind(item, found)

    @property
    def _is_harmless(self) -> bool:
        """Whether sending the same document twice makes one at the platform."""
        return self.safety.idempotency == "permanent" or self.safety.unique_ref

    @property
    def _can_look_up(self) -> bool:
        return self.safety.search_by_ref or self.safety.unique_ref

    def settle(self, item: Item[D]) -> bool:
        """Find out what became of an unknown outcome; whether it is there."""
        if not self._can_look_up:
            return self._settle_blindly(item)
        try:
            found = self._find(item)
        except Waiting as failure:
            self.rows.stay_unknown(
                item.document_id, verdict_of(failure), max((failure.until - now()).total_seconds(), 0)
            )
            raise LeaveAlone from None
        except Refused as failure:
            if failure.reason is not RefusalReason.DUPLICATE:
                self.rows.stay_unknown(item.document_id, verdict_of(failure), AGAIN_SECONDS)
                self._failed()
                return False
            self._alarm(item, verdict_of(failure))  # found twice
            return False
        except Failure as failure:
            self.rows.stay_unknown(item.document_id, verdict_of(failure), AGAIN_SECONDS)
            if isinstance(failure, NotAuthorized):
                raise
            self._failed()
            return False
        self.step("after_lookup")
        if found is not None:
            return self._bind(item, found)
        return self._not_there(item)

    def _not_there(self, item: Item[D]) -> bool:
        """Believed when nothing late can come any more, or when a second sending could do no harm."""
        if not item.settled and not self._is_harmless:
            self.rows.stay_unknown(item.document_id, TOO_EARLY, 1)
            return False
        if item.attempts >= MOST_ATTEMPTS:
            self._alarm(item, NO_CLEAR_ANSWER)
            return False
        self.rows.put_back(item.document_id)
        return self.send(item._replace(state="prepared"))

    def _settle_blindly(self, item: Item[D]) -> bool:
        """No look-up: only a key that is remembered for ever makes a second sending harmless."""
        if self.safety.idempotency == "permanent" and item.attempts < MOST_ATTEMPTS:
            self.rows.put_back(item.document_id)
            return self.send(item._replace(state="prepared"))
        self._alarm(item, NO_CLEAR_ANSWER)
        return False

    def _alarm(self, item: Item[D], verdict: Verdict) -> None:
        """Refused, and somebody is told."""
        self.rows.refuse(item.document_id, verdict)
        company = Connection.objects.select_related("company").get(pk=self.session.connection_id).company
        detail = {"reference": self._reference(item), "code": verdict.code, "sentence": verdict.sentence}
        audit(code="document.ambiguous", actor="push", company=company, subject=detail["reference"], detail=detail)
