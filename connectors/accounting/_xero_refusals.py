"""Xero's words for a no, as reasons on which people can act.

Xero has sentences and no codes, so the telling words of each are looked for; a sentence without any is a matter of
validation, and is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from connectors.accounting import _xero_wire as wire
from connectors.errors import Failure, NotAuthorized, RefusalReason, Refused
from connectors.wire import Response

_REASONS: Final = tuple(
    (re.compile(words, re.IGNORECASE), reason)
    for words, reason in (
        (r"lock(ed)? date|period is locked|locked period", RefusalReason.PERIOD_LOCKED),
        (r"subscription|trial (has )?(expired|ended)|organisation is not active", RefusalReason.SUBSCRIPTION_EXPIRED),
        (r"must be unique|enter a unique|already (been )?(used|exists)|duplicate", RefusalReason.DUPLICATE),
        (r"tax ?(type|rate|code)", RefusalReason.TAX_RATE_GONE),
        (r"contact.*(archived|not found|does not exist|could not be found)", RefusalReason.CONTACT_GONE),
        (
            r"account.*(archived|not active|not a valid|is invalid|not valid|could not be found|does not exist"
            r"|cannot be used|can not be used|enable payments)|(archived|not active).*account",
            RefusalReason.ACCOUNT_INACTIVE,
        ),
        (r"exceeds the amount (outstanding|due)", RefusalReason.VALIDATION),  # somebody has paid it there
        (r"exceed|too (many|large|long)", RefusalReason.OVER_LIMIT),
    )
)


_LIMITS: Final = {"minute": timedelta(minutes=1), "appminute": timedelta(minutes=1), "day": timedelta(hours=1)}


def read_limit(response: Response) -> tuple[timedelta | None, bool]:
    """How long a limit lasts where Xero does not say (a day is the last 24 hours, so it is asked again each hour), and
    whether it is that of our app."""
    limit = response.headers.get("x-rate-limit-problem", "").lower()
    return _LIMITS.get(limit), limit == "appminute"


def reason_of(words: Iterable[str]) -> RefusalReason:
    """The reason of the first of these sentences that has one."""
    for text in words:
        for pattern, reason in _REASONS:
            if pattern.search(text):
                return reason
    return RefusalReason.VALIDATION


def read_refusal(response: Response) -> Failure | None:
    """What an answer of 4xx says; None leaves it to the table of statuses."""
    try:
        trouble = msgspec.json.decode(response.body, type=wire.Trouble)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    words = trouble.words
    if response.status == 403 and "AuthenticationUnsuccessful" in (trouble.detail or ""):
        return NotAuthorized("the organisation was disconnected from our app", status=response.status)
    if not words or response.status not in (400, 403):
        return None
    reason = reason_of(words)
    if response.status == 403 and reason is RefusalReason.VALIDATION:
        return None
    return Refused("; ".join(words)[:1_000], reason=reason, status=response.status)


def refuse_errors(entry: wire.Entry) -> None:
    """Raise `Refused` when an answer of 200 says of the document in it that it was not taken."""
    if entry.status_attribute_string == "ERROR" or entry.validation_errors:
        words = [each.message for each in entry.validation_errors]
        raise Refused("; ".join(words)[:1_000] or "Xero reports an error", reason=reason_of(words))
