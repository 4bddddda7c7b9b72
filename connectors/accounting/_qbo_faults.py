"""What QuickBooks' own words for a refusal mean. Sources disagree on some numbers: its sentences are read as well."""

from __future__ import annotations

from typing import Final

import msgspec

from connectors.errors import Failure, PlatformDown, RefusalReason, Refused, UnknownOutcome
from connectors.wire import Response

_STALE: Final = "5010"
_THROTTLED: Final = frozenset({"3001", "003001"})
_SYSTEM: Final = frozenset({"10000"})
_NOT_ALLOWED: Final = frozenset({"120", "3100", "003100"})


class _Error(msgspec.Struct):
    message: str = msgspec.field(name="Message", default="")
    detail: str = msgspec.field(name="Detail", default="")
    code: str | int = ""


class _Fault(msgspec.Struct):
    errors: list[_Error] = msgspec.field(name="Error", default_factory=list)
    type: str = ""


class _Answer(msgspec.Struct):
    fault: _Fault | None = msgspec.field(name="Fault", default=None)


def refusal(response: Response) -> Failure | None:
    """The failure that the answer names, whatever its status; None when it names none that we know how to read."""
    try:
        fault = msgspec.json.decode(response.body, type=_Answer).fault
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if fault is None:
        return None
    error = fault.errors[0] if fault.errors else _Error()
    code, words = str(error.code), f"{error.message} {error.detail}".strip()
    detail, text = f"{words} ({code or fault.type})", words.lower()
    if code in _THROTTLED and response.status == 429:
        return None
    if code in _SYSTEM or fault.type == "SystemFault":
        return (UnknownOutcome if response.write else PlatformDown)(detail, status=response.status)
    reason = _reason(code, text, fault.type, write=response.write)
    return Refused(detail, reason=reason, status=response.status)


def is_stale(failure: Refused) -> bool:
    """Whether the platform has a newer version of the document than the one that was read."""
    return failure.detail.endswith(f"({_STALE})")


def _reason(code: str, text: str, kind: str, *, write: bool) -> RefusalReason:
    if code in ("6140", "6240") or "duplicate" in text:
        return RefusalReason.DUPLICATE
    if code == "6210" or "period closed" in text or "closing date" in text or "books are closed" in text:
        return RefusalReason.PERIOD_LOCKED
    if code == "6190" or "subscription" in text:
        return RefusalReason.SUBSCRIPTION_EXPIRED
    if "feature not supported" in text:  # by the merchant's edition: purchase orders, classes
        return RefusalReason.PERMISSION
    if code in _NOT_ALLOWED or kind == "AuthorizationFault":
        return RefusalReason.PERMISSION
    if code == "610":  # its sentence names every kind of thing, and a deleted document is told in the same words
        return RefusalReason.ACCOUNT_INACTIVE if write else RefusalReason.NOT_FOUND
    if code == "2500" or "inactive" in text or "deleted" in text:
        return _gone(text)
    return RefusalReason.VALIDATION


def _gone(text: str) -> RefusalReason:
    """What it is that a reference leads to no longer."""
    if "tax" in text:
        return RefusalReason.TAX_RATE_GONE
    if any(word in text for word in ("customer", "vendor", "names ")):
        return RefusalReason.CONTACT_GONE
    return RefusalReason.ACCOUNT_INACTIVE if "account" in text or "item" in text else RefusalReason.VALIDATION
