"""What the outside can do to us: failures named by what happens next, as exceptions.

A *Problem* (ledger) is data: a record cannot be posted. A *Failure* is an exception: a platform, a network or
a credential stopped this step. The class says what the engine does next; its docstring is the message that
people read. Pure: no Django, no HTTP, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar, Final

from connectors.redact import redact


class Turn(StrEnum):
    """Whose turn it is to do something about it."""

    NOBODY = "nobody"
    MERCHANT = "merchant"
    PARTNER = "partner"
    SUPPORT = "support"


class RefusalReason(StrEnum):
    """Why a platform that understood us said no: the closed set on which people and the engine can act."""

    PERIOD_LOCKED = "period_locked"
    ACCOUNT_INACTIVE = "account_inactive"
    TAX_RATE_GONE = "tax_rate_gone"
    CONTACT_GONE = "contact_gone"
    DUPLICATE = "duplicate"
    VALIDATION = "validation"
    NOT_FOUND = "not_found"
    OVER_LIMIT = "over_limit"
    SUBSCRIPTION_EXPIRED = "subscription_expired"
    PERMISSION = "permission"


_REFUSALS: Final[dict[RefusalReason, tuple[Turn, str]]] = {
    RefusalReason.PERIOD_LOCKED: (
        Turn.MERCHANT,
        "Unlock the period in the accounting software, or let the entry be dated on the first open day.",
    ),
    RefusalReason.ACCOUNT_INACTIVE: (
        Turn.MERCHANT,
        "Choose another account in the mapping, or activate the account in the accounting software.",
    ),
    RefusalReason.TAX_RATE_GONE: (Turn.MERCHANT, "Choose another tax rate in the mapping."),
    RefusalReason.CONTACT_GONE: (Turn.MERCHANT, "Choose another customer or supplier in the mapping."),
    RefusalReason.DUPLICATE: (
        Turn.SUPPORT,
        "Another document at the platform has this number: compare the two, then adopt or renumber.",
    ),
    RefusalReason.VALIDATION: (
        Turn.SUPPORT,
        "Read the platform's answer beside what was sent: the platform does not accept this document.",
    ),
    RefusalReason.NOT_FOUND: (
        Turn.SUPPORT,
        "What the request names does not exist at the platform: fetch the options again.",
    ),
    RefusalReason.OVER_LIMIT: (
        Turn.SUPPORT,
        "The document is larger than the platform accepts: group by less.",
    ),
    RefusalReason.SUBSCRIPTION_EXPIRED: (
        Turn.MERCHANT,
        "Renew the subscription of the software, then sync again.",
    ),
    RefusalReason.PERMISSION: (
        Turn.MERCHANT,
        "Connect again as a user who may do this, or give the connected user the right.",
    ),
}


class Failure(Exception):
    """The outside stopped this step."""

    turn: ClassVar[Turn] = Turn.SUPPORT
    hint: ClassVar[str] = "Look at the trace of the call in the console."
    again: ClassVar[bool] = False  # the same safe request may work if it is sent again now

    whose_turn: Turn
    remedy: str
    detail: str
    status: int | None

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        self.whose_turn = self.turn
        self.remedy = self.hint
        self.detail = redact(detail)
        self.status = status
        super().__init__(self.detail)

    def conceal(self, known: Iterable[str]) -> None:
        """Take these secret values out of the detail, also where an exception's `repr` would show it."""
        self.detail = redact(self.detail, known)
        self.args = (self.detail,)

    @property
    def message(self) -> str:
        """The first line of the class's docstring: a sentence for people, the same for each of its kind."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]

    def __str__(self) -> str:
        return f"{self.message} {self.detail}".strip()


class Waiting(Failure):
    """The platform asks us to come back later."""

    turn = Turn.NOBODY
    hint = "Nothing to do: it is tried again at the given time."

    def __init__(self, detail: str = "", *, until: datetime, status: int | None = None) -> None:
        if until.tzinfo is None:
            raise ValueError("Waiting.until must be an aware datetime")
        super().__init__(detail, status=status)
        self.until = until


class UnknownOutcome(Failure):
    """The write may or may not have happened."""

    turn = Turn.NOBODY
    hint = "Nothing to do: it is looked up at the platform by its reference before anything is sent again."


class Refused(Failure):
    """The platform understood the request and said no."""

    def __init__(
        self, detail: str = "", *, reason: RefusalReason = RefusalReason.VALIDATION, status: int | None = None
    ) -> None:
        super().__init__(detail, status=status)
        self.reason = reason
        self.whose_turn, self.remedy = _REFUSALS[reason]


class NotAuthorized(Failure):
    """The platform no longer accepts our access."""

    turn = Turn.MERCHANT
    hint = "Connect the platform again."


class BadCallback(NotAuthorized):
    """What came back with the merchant's browser was not sent by the platform, or not for this."""

    hint = "Begin the connection again."


class PlatformDown(Failure):
    """The platform could not be reached or is out of order; nothing was written."""

    turn = Turn.NOBODY
    hint = "Nothing to do: it is tried again by the schedule."
    again = True


class BadAnswer(Failure):
    """The platform's answer cannot be used."""

    hint = "Look at the trace of the call: the platform's interface may have changed."


class CutAnswer(BadAnswer):
    """The platform's answer ended before it was complete."""

    again = True


class MisconfiguredPlatform(Failure):
    """Our description of the platform, or the settings of the connection, is wrong."""

    hint = "Correct the platform's file or the connection's settings; nothing was sent."


class NothingServed(MisconfiguredPlatform):
    """At the address of the connection nothing is served that we ask for."""

    turn = Turn.PARTNER
    hint = "Correct the address of the connection, then sync again."


class Undecided(MisconfiguredPlatform):
    """The access reaches several organizations, and nobody has said which of them the connection is for."""

    turn = Turn.MERCHANT
    hint = "Choose the organization of the connection, then sync again."


class MappingProblem(Exception):
    """One row of a commerce platform that cannot become a record: data about the row, not about the outside.

    `code` is a code of `ledger.problems`, `path` leads to the value inside the row (`lines[2].taxes[0]`).
    `facts` are what the catalog's sentence of the code is made of; without them `detail` is its message.
    """

    def __init__(self, code: str, path: str, detail: str = "", facts: Mapping[str, str | int] | None = None) -> None:
        if facts is not None:
            self.facts = dict(facts)
        self.code = code
        self.path = path
        self.detail = redact(detail)
        super().__init__(f"{code} at {path}: {self.detail}")


# The one table from an HTTP status to what happens next. 429 is not here: only the door knows the time.
_STATUS_REASONS: Final[dict[int, RefusalReason]] = {
    HTTPStatus.PAYMENT_REQUIRED: RefusalReason.SUBSCRIPTION_EXPIRED,
    HTTPStatus.FORBIDDEN: RefusalReason.PERMISSION,
    HTTPStatus.NOT_FOUND: RefusalReason.NOT_FOUND,
    HTTPStatus.GONE: RefusalReason.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RefusalReason.OVER_LIMIT,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: RefusalReason.PERMISSION,
}
_OUR_MISTAKES: Final = frozenset({405, 406, 411, 414, 415, 431})
# "Come back" without a time, and "a twin of this request is in flight": for a write both leave the outcome
# open.
_UNSETTLED: Final = frozenset({408, 409, 423, 425})


def failure_of(status: int, detail: str, *, write: bool) -> Failure | None:
    """The Failure that an HTTP status means, or None for success (2xx).

    A write that met 5xx, a redirect or an unsettled status may have happened: `UnknownOutcome`, never
    "failed".
    """
    if 200 <= status < 300:
        return None
    if status == HTTPStatus.UNAUTHORIZED:
        return NotAuthorized(detail, status=status)
    if status in _OUR_MISTAKES:
        return MisconfiguredPlatform(detail, status=status)
    if 400 <= status < 500 and status not in _UNSETTLED:
        reason = _STATUS_REASONS.get(status, RefusalReason.VALIDATION)
        return Refused(detail, reason=reason, status=status)
    if write:
        return UnknownOutcome(detail, status=status)
    if status >= 500 or status in _UNSETTLED:
        return PlatformDown(detail, status=status)
    return BadAnswer(f"status {status} was not expected. {detail}", status=status)
