"""How long a log-in lasts, and what ends it: time without a request, a working day, another role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest
from msgspec import Struct, convert, to_builtins

from health.console.log_in import partner_of
from ledger.services import audit, now

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=8)
CONFIRMED_FOR: Final = timedelta(minutes=5)
NOTED_EVERY_SECONDS: Final = 60  # not every request has to write
_KEPT_AS: Final = "console"

ENDED: Final = {
    "idle": "You were logged out, because nothing was done for half an hour.",
    "age": "You were logged out, because a log-in lasts for a working day.",
    "role": "You were logged out, because your role was changed.",
}


class NotConfirmed(Exception):
    """What is asked for needs the password once more."""


class Kept(Struct):
    """What a session knows of its log-in. Times in seconds since 1970."""

    began: int
    seen: int
    confirmed: int
    standing: str


def keep(request: HttpRequest) -> str:
    """Note that the person is there, or end the log-in; why it was ended (a key of `ENDED`), "" when it goes on.

    A session is taken up by its first request after the log-in, which is the moment at which the password was said.
    """
    if SESSION_KEY not in request.session or not request.user.is_authenticated:
        return ""
    at, standing, kept = int(now().timestamp()), _standing(request.user), kept_of(request)
    if kept is None:
        _keep(request, Kept(at, at, at, standing))
        return ""
    why = _ended(kept, at, standing)
    if why:
        end(request, "session.ended", why)
    elif at - kept.seen >= NOTED_EVERY_SECONDS:
        kept.seen = at
        _keep(request, kept)
    return why


def kept_of(request: HttpRequest) -> Kept | None:
    """What the session knows of its log-in; None before the first request after it."""
    found = request.session.get(_KEPT_AS)
    return convert(found, Kept) if isinstance(found, dict) else None


def begin(request: HttpRequest) -> None:
    """A log-in has just succeeded: what the session knew of a former one is over."""
    request.session.pop(_KEPT_AS, None)


def end(request: HttpRequest, code: str, why: str = "") -> None:
    """Log out, and tell the trail."""
    user: Any = request.user
    detail = {"why": why} if why else {}
    audit(
        code=code, actor=f"console:{user.get_username()}", partner=partner_of(user), subject=user.get_username(),
        detail=detail,
    )  # fmt: skip
    logout(request)


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the password was said within the last minutes."""
    kept = kept_of(request)
    return kept is not None and now().timestamp() - kept.confirmed < CONFIRMED_FOR.total_seconds()


def note_confirmed(request: HttpRequest) -> None:
    """The password was just said again; the session gets another id, as at a log-in."""
    kept = kept_of(request)
    if kept is not None:
        kept.confirmed = kept.seen = int(now().timestamp())
        _keep(request, kept)
    request.session.cycle_key()


def _ended(kept: Kept, at: int, standing: str) -> str:
    if kept.standing != standing:
        return "role"
    if at - kept.began >= LONGEST.total_seconds():
        return "age"
    return "idle" if at - kept.seen >= IDLE.total_seconds() else ""


def _standing(user: Any) -> str:
    """What a person may do here hangs on this."""
    member = getattr(user, "member", None)
    role = f"{member.role} of {member.partner_id}" if member is not None else "none"
    return f"{role}, {'staff' if user.is_staff else ''}, {'superuser' if user.is_superuser else ''}"


def _keep(request: HttpRequest, kept: Kept) -> None:
    request.session[_KEPT_AS] = to_builtins(kept)
