"""What Odoo says when it says no, as a `Failure`. Pure.

The name of an exception tells whose mistake it is; which rule was broken is only in its sentence. Sentences are asked
for in English (`lang` of the context), and are those of the versions 16 to 19; one that is not known here is a
`validation`, with the sentence for people to read.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from connectors.errors import (
    Failure,
    MisconfiguredPlatform,
    NotAuthorized,
    NothingServed,
    PlatformDown,
    RefusalReason,
    Refused,
    UnknownOutcome,
)

# Words of a sentence → the reason; the first that fits.
_WORDS: Final[tuple[tuple[tuple[str, ...], RefusalReason], ...]] = (
    (("prior to and inclusive of",), RefusalReason.PERIOD_LOCKED),
    (("lock date",), RefusalReason.PERIOD_LOCKED),
    (("locked period",), RefusalReason.PERIOD_LOCKED),
    (("account", "deprecated"), RefusalReason.ACCOUNT_INACTIVE),
    (("account", "archived"), RefusalReason.ACCOUNT_INACTIVE),
    (("account", "inactive"), RefusalReason.ACCOUNT_INACTIVE),
    (("tax", "archived"), RefusalReason.TAX_RATE_GONE),
    (("already exists",), RefusalReason.DUPLICATE),
    (("must be unique",), RefusalReason.DUPLICATE),
    (("duplicated",), RefusalReason.DUPLICATE),
    (("database", "expired"), RefusalReason.SUBSCRIPTION_EXPIRED),
    (("not allowed to",), RefusalReason.PERMISSION),
)
# What a missing record is, by the model that the sentence names.
_GONE: Final = (
    ("account.account", RefusalReason.ACCOUNT_INACTIVE),
    ("account.tax", RefusalReason.TAX_RATE_GONE),
    ("res.partner", RefusalReason.CONTACT_GONE),
    ("'partner'", RefusalReason.CONTACT_GONE),
    ("'account'", RefusalReason.ACCOUNT_INACTIVE),
)
# The transaction was rolled back because of another one: nothing was written, and the same may work now.
_COLLISIONS: Final = ("psycopg2.", "odoo.exceptions.LockError", "odoo.exceptions.ConcurrencyError")


class Fault(msgspec.Struct):
    """An exception of Odoo: the body of an answer of 4xx (JSON-2), or `error.data` (JSON-RPC)."""

    name: str = ""
    message: str = ""


def of_fault(name: str, message: str, *, status: int | None = None) -> Failure:
    """The Failure that an exception of Odoo means. Its transaction was rolled back: nothing was written."""
    short, said = name.rpartition(".")[2], f"{name}: {message}"
    if short in ("AccessDenied", "SessionExpiredException", "Unauthorized"):
        return NotAuthorized(said, status=status)
    if short == "AccessError":
        return Refused(said, reason=RefusalReason.PERMISSION, status=status)
    if short == "MissingError":
        return Refused(said, reason=_gone(message), status=status)
    if name.startswith(_COLLISIONS):
        return PlatformDown(said, status=status)
    if name.startswith("werkzeug") and status == 404:
        return NothingServed(said, status=status)
    if name.startswith("builtins."):
        return MisconfiguredPlatform(said, status=status)
    return Refused(said, reason=reason_of(message), status=status)


def reason_of(message: str) -> RefusalReason:
    """The reason that a sentence of Odoo gives."""
    low = message.lower()
    for words, reason in _WORDS:
        if all(word in low for word in words):
            return reason
    if "does not exist" in low or "no matching record" in low:
        return _gone(message)
    return RefusalReason.VALIDATION


def of_answer(status: int, body: bytes) -> Failure | None:
    """What an answer of 4xx means; None leaves it to the table of statuses.

    A 404 that is not Odoo's own word for a missing record is the wrong address: nothing can be said about a document.
    """
    try:
        fault = msgspec.json.decode(body, type=Fault)
    except (msgspec.DecodeError, UnicodeDecodeError):
        fault = Fault()
    if fault.name:
        return of_fault(fault.name, fault.message, status=status)
    return NothingServed("Odoo does not answer at this address", status=404) if status == 404 else None


class Said(msgspec.Struct):
    """`error` of a JSON-RPC answer."""

    message: str = ""
    data: Fault = msgspec.field(default_factory=Fault)


def of_call(error: Said, *, write: bool) -> Failure:
    """What the `error` of a JSON-RPC answer (status 200) means."""
    if error.data.name:
        return of_fault(error.data.name, error.data.message)
    return (UnknownOutcome if write else PlatformDown)(error.message)


def of_messages(messages: list[dict[str, Any]]) -> Failure:
    """What the messages of a `load` that made nothing mean."""
    said = " ".join(str(each.get("message", "")) for each in messages) or "Odoo loaded nothing and does not say why"
    return Refused(said, reason=reason_of(said))


def _gone(message: str) -> RefusalReason:
    low = message.lower()
    return next((reason for model, reason in _GONE if model in low), RefusalReason.NOT_FOUND)
