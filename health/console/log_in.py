"""Who somebody is: by name and password, with a limit on tries, and every outcome in the audit trail."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, cast

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.http import HttpRequest

from commerce_sync.flow.attempts import address_of
from health.console import tries
from ledger.models import Partner
from ledger.services import audit, now

LONGEST_NAME: Final = 150


class NotLetIn(Exception):
    """Says in a sentence why, and no more than whoever types may know."""


def identify(request: HttpRequest, name: str, password: str) -> User:
    """The person of the console with this name and password. Raises `NotLetIn`, in the same words for a wrong name, a
    wrong password and a person without a role."""

    def check() -> User | None:
        user = authenticate(request, username=name, password=password)
        return cast(User, user) if is_of_the_console(user) else None

    return _tried(request, name, check, "The name or the password is not right, or you have no role here.")


def confirm(request: HttpRequest, password: str) -> None:
    """Whoever is logged in is still the same person. Raises `NotLetIn`."""
    user = cast(User, request.user)
    _tried(
        request,
        user.get_username(),
        lambda: user if user.check_password(password) else None,
        "That is not the password.",
    )


def is_of_the_console(user: Any) -> bool:
    """Whether this is staff with a role, or an administrator of the installation."""
    known = getattr(user, "is_superuser", False) or getattr(user, "member", None) is not None
    return bool(known and user.is_active and getattr(user, "is_staff", False))


def partner_of(user: Any) -> Partner | None:
    """Whose trail tells of what this person does to the log-in: the partner whose person it is."""
    member = getattr(user, "member", None)
    return member.partner if member is not None else None


def _tried(request: HttpRequest, name: str, check: Callable[[], User | None], otherwise: str) -> User:
    address = address_of(request)
    try:
        address_waits = tries.take("address", address)
        name_waits = tries.take("name", name[:LONGEST_NAME])
    except tries.Locked as locked:
        minutes = max(math.ceil((locked.until - now()).total_seconds() / 60), 1)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        raise NotLetIn(f"There were too many tries. Try again in {wait}, or ask an administrator.") from None
    user = check()
    if user is not None:
        tries.forget("name", name[:LONGEST_NAME])
        tries.give_back("address", address)
        return user
    _tell_of_failure(name, address)
    if name_waits or address_waits:
        _tell_of_failure(name, address, "login.locked")
    raise NotLetIn(otherwise)


def _tell_of_failure(name: str, address: str, code: str = "login.failed") -> None:
    """Who it was meant to be is told only of names that there are: others may be a password in the wrong field."""
    known = get_user_model()._default_manager.filter(username=name[:LONGEST_NAME]).select_related("member__partner")
    user = known.first()
    actor = f"console:{user.get_username()}" if user is not None else "console:nobody"
    subject = user.get_username() if user is not None else ""
    audit(code=code, actor=actor, partner=partner_of(user), subject=subject, detail={"address": address})
