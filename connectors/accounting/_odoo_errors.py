"""What Odoo says when it says no, as a `Failure`. Pure.

The name of an exception tells whose mistake it is; which rule was broken is only in its sentence. Sentences are asked
for in English (`lang` of the context), and are those of the versions 16 to 19; one that is not known here is a
`validation`, with the sentence for people to read.
"""

from __future__ import annotations

import re
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
    Turn,
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
# Words of a sentence about how Odoo is set up → what the merchant does about it. They come before the reasons.
_SETUP: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("archived journal",), "Activate the journal in Odoo, or name another one in the settings of the connection."),
    (("inactive currency",), "Activate the currency in Odoo (Accounting, Configuration, Currencies)."),
    (
        ("missing required account",),
        "Give the customer or supplier a receivable and a payable account in Odoo, and the journal a default account.",
    ),
    (("does not allow reconciliation",), "Switch on “Allow Reconciliation” for the account that Odoo names."),
    (("exchange gain or loss journal",), "Set the journal for exchange differences in Odoo's accounting settings."),
    (("exchange rate account",), "Set the accounts for exchange differences in Odoo's accounting settings."),
    (("gap", "sequence"), "Close the gap in the numbers of the journal in Odoo (Resequence), then sync again."),
    (("sequence number",), "Put the numbers of the journal right in Odoo (Resequence), then sync again."),
    (("entry with the same name",), "Put the numbers of the journal right in Odoo (Resequence), then sync again."),
)
# What a missing record is, by the model that the sentence names.
_GONE: Final = (
    ("account.account", RefusalReason.ACCOUNT_INACTIVE),
    ("account.tax", RefusalReason.TAX_RATE_GONE),
    ("res.partner", RefusalReason.CONTACT_GONE),
    ("'partner'", RefusalReason.CONTACT_GONE),
    ("'account'", RefusalReason.ACCOUNT_INACTIVE),
    ("account_id:", RefusalReason.ACCOUNT_INACTIVE),
    ("partner_id:", RefusalReason.CONTACT_GONE),
    ("tax_ids:", RefusalReason.TAX_RATE_GONE),
    ("account_tax_id_fkey", RefusalReason.TAX_RATE_GONE),
    ("_account_id_fkey", RefusalReason.ACCOUNT_INACTIVE),
    ("_partner_id_fkey", RefusalReason.CONTACT_GONE),
)
_OTHER_COMPANY: Final = ("incompatible companies", "company inconsistencies", "belongs to another company")
# The transaction was rolled back because of another one: nothing was written, and the same may work now.
_COLLISIONS: Final = (
    "psycopg2.errors.SerializationFailure",
    "psycopg2.errors.DeadlockDetected",
    "psycopg2.errors.LockNotAvailable",
    "psycopg2.errors.QueryCanceled",
    "psycopg2.extensions.TransactionRollbackError",
    "psycopg2.OperationalError",
    "psycopg2.InterfaceError",
    "psycopg2.pool.PoolError",
    "odoo.exceptions.LockError",
    "odoo.exceptions.ConcurrencyError",
)
_GROUPS: Final = re.compile(r"following groups:\s*((?:\n?[ \t]*- [^\n]+)+)")
_NO_MODEL: Final = re.compile(r"(?:object|the model) '?([\w.]+?)'? (?:doesn't|does not) exist", re.IGNORECASE)
_APPS: Final = {"purchase": "Purchase", "account": "Invoicing"}


class Fault(msgspec.Struct):
    """An exception of Odoo: the body of an answer of 4xx (JSON-2), or `error.data` (JSON-RPC)."""

    name: str = ""
    message: str = ""


def of_fault(name: str, message: str, *, status: int | None = None) -> Failure:
    """The Failure that an exception of Odoo means. Its transaction was rolled back: nothing was written."""
    short, said = name.rpartition(".")[2], f"{name}: {message}"
    if short in ("AccessDenied", "SessionExpiredException", "Unauthorized"):
        return NotAuthorized(said, status=status)
    if missing := _NO_MODEL.match(message):
        app = _APPS.get(missing[1].partition(".")[0], "that has it")
        return merchants_turn(said, f"Install the app {app} in Odoo.", RefusalReason.PERMISSION, status=status)
    if short == "AccessError":
        return merchants_turn(said, _right(message), RefusalReason.PERMISSION, status=status)
    if short == "MissingError":
        return Refused(said, reason=_gone(message), status=status)
    if name.startswith(_COLLISIONS):
        return PlatformDown(said, status=status)
    if name.startswith("werkzeug") and status == 404:
        return NothingServed(said, status=status)
    if name.startswith("builtins."):
        return MisconfiguredPlatform(said, status=status)
    return _refused(said, message, status=status)


def merchants_turn(
    said: str, remedy: str, reason: RefusalReason = RefusalReason.VALIDATION, *, status: int | None = None
) -> Refused:
    """A refusal that ends when the merchant changes something in Odoo: what, is the remedy."""
    failure = Refused(said, reason=reason, status=status)
    failure.whose_turn = Turn.MERCHANT
    failure.remedy = remedy or failure.remedy
    return failure


def reason_of(message: str) -> RefusalReason:
    """The reason that a sentence of Odoo gives."""
    low = message.lower()
    for words, reason in _WORDS:
        if all(word in low for word in words):
            return reason
    if "does not exist" in low or "no matching record" in low or "_fkey" in low:
        return _gone(message)
    return RefusalReason.VALIDATION


def _refused(said: str, message: str, *, status: int | None = None) -> Refused:
    low = message.lower()
    if any(words in low for words in _OTHER_COMPANY):
        reason = _gone(message)
        remedy = "Choose what belongs to the connection's company, or name the right company in the settings."
        return merchants_turn(said, remedy, reason, status=status)
    for words, remedy in _SETUP:
        if all(word in low for word in words):
            return merchants_turn(said, remedy, status=status)
    return Refused(said, reason=reason_of(message), status=status)


def _right(message: str) -> str:
    """What to do about a right that lacks: the groups that have it, where Odoo names them."""
    if "multi-company" in message or "invalid companies" in message:
        return "Allow the connected user the company in Odoo (Settings, Users), or connect as a user who has it."
    found = _GROUPS.search(message)
    groups = [each.strip(" \t-") for each in found[1].splitlines() if each.strip(" \t-")] if found else []
    return f"Give the connected user one of these rights in Odoo: {', '.join(groups)}." if groups else ""


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


class Loaded(msgspec.Struct):
    """The answer to `load`: what was made, or why nothing was."""

    ids: list[int] | bool | None = None
    messages: list[dict[str, Any]] = []

    def made(self) -> int:
        """The id of the one row that was loaded; raises what its messages mean when there is none."""
        if isinstance(self.ids, list) and self.ids:
            return self.ids[0]
        told = " ".join(str(each.get("message", "")) for each in self.messages)
        said = told or "Odoo loaded nothing and does not say why"
        raise _refused(said, said)


def _gone(message: str) -> RefusalReason:
    low = message.lower()
    return next((reason for model, reason in _GONE if model in low), RefusalReason.NOT_FOUND)
