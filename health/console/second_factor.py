"""The second factor of the console's people: an app that shows numbers (TOTP), and codes for when it is lost.

It is asked of whoever has one, and of everybody where the installation says so (COMMERCE_SYNC_STAFF_SECOND_FACTOR).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final
from urllib.parse import quote, urlencode

import django_otp
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django_otp.oath import hotp

from connectors.credentials import current_key_id
from connectors.sealing import Unreadable, seal_rows_anew, seal_text, unseal_text
from health.console import tries
from health.console.log_in import NotLetIn, partner_of
from health.models import Authenticator
from ledger.services import audit, now

ISSUER: Final = "Commerce Sync"
STEP_SECONDS: Final = 30
TOLERATED_STEPS: Final = 1  # of a clock that is wrong, or a person who types slowly
KEY_BYTES: Final = 20  # as long as the hash, RFC 4226
CODES: Final = 10
CODE_BYTES: Final = 10  # 80 bits: its hash need not be slow


def of(user: User) -> Authenticator | None:
    """The confirmed one of this person."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def is_missing(request: HttpRequest) -> bool:
    """Whether the person who is logged in must still show a second factor, or set one up."""
    user = request.user
    if not user.is_authenticated or user.is_verified():  # type: ignore[attr-defined]  # by OTPMiddleware
        return False
    if settings.COMMERCE_SYNC_STAFF_SECOND_FACTOR:
        return True
    if not hasattr(request, "has_authenticator"):
        request.has_authenticator = of(user) is not None  # type: ignore[attr-defined]
    return bool(request.has_authenticator)  # type: ignore[attr-defined]


@transaction.atomic
def draft(user: User) -> Authenticator:
    """The one that is being set up, with its secret; a new one when there is none yet. Raises `NotLetIn` when there is
    one already: it is removed first."""
    found: Authenticator | None = Authenticator.objects.select_for_update().filter(user=user).first()
    if found is not None and found.confirmed:
        raise NotLetIn("You have a second factor already. Remove it first.")
    if found is None:
        sealed = seal_text(_purpose(user), base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode())
        found = Authenticator.objects.create(
            user=user, name="app", confirmed=False, sealed_key=sealed, key_id=current_key_id()
        )
    return found


def secret_of(device: Authenticator) -> str:
    """The secret, in base 32, as apps take it. Raises `NotLetIn` when no key here reads it."""
    try:
        return unseal_text(_purpose(device.user), bytes(device.sealed_key))
    except Unreadable:
        raise NotLetIn("Your second factor cannot be read any more; an administrator removes it.") from None


def address_of(device: Authenticator) -> str:
    """What the picture says to the app (otpauth)."""
    name = quote(f"{ISSUER}:{device.user.get_username()}")
    return f"otpauth://totp/{name}?{urlencode({'secret': secret_of(device), 'issuer': ISSUER})}"


def set_up(request: HttpRequest, number: str) -> list[str]:
    """The person has shown to have the app: it is asked for from now on. The codes for when it is lost, which are
    shown now and never again. Raises `NotLetIn`."""
    user: User = request.user  # type: ignore[assignment]  # whoever comes here is logged in
    device = _tried(user, number, confirmed=False)
    codes = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _ in range(CODES)]
    device.confirmed, device.recovery = True, [_hash(code) for code in codes]
    device.save(update_fields=["confirmed", "recovery"])
    _tell(user, "second_factor.set_up")
    _let_in(request, device)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def show(request: HttpRequest, said: str) -> None:
    """Let in whoever says the number of the app, or one of the codes, which then is used up. Raises `NotLetIn`."""
    user: User = request.user  # type: ignore[assignment]  # whoever comes here is logged in
    device = _tried(user, said, confirmed=True)
    _tell(user, "login.second_factor")
    _let_in(request, device)


@transaction.atomic
def remove(*, user: User, actor: str, why: str) -> bool:
    """Take a person's second factor away, because it is lost or is to be another; whether there was one."""
    found: bool = Authenticator.objects.filter(user=user).delete()[0] > 0
    if found:
        tries.forget("second factor", str(user.pk))
        name = user.get_username()
        audit(code="second_factor.removed", actor=actor, partner=partner_of(user), subject=name, detail={"why": why})
    return found


def stale() -> QuerySet[Authenticator]:
    """Those whose secret a former key encrypted."""
    rows: QuerySet[Authenticator] = Authenticator.objects.exclude(key_id=current_key_id()).select_related("user")
    return rows


def seal_anew() -> int:
    """Encrypt with the present key what a former one encrypted; how many."""
    return seal_rows_anew(stale(), _seal_row)


def _seal_row(device: Authenticator) -> None:
    purpose = _purpose(device.user)
    device.sealed_key = seal_text(purpose, unseal_text(purpose, bytes(device.sealed_key)))
    device.key_id = current_key_id()
    device.save(update_fields=["sealed_key", "key_id"])


def _tried(user: User, said: str, *, confirmed: bool) -> Authenticator:
    """The device, when ``said`` is its number or one of its codes. Raises `NotLetIn`."""
    words = "".join(said.split()).replace("-", "").lower()
    try:
        waits = tries.take("second factor", str(user.pk))
    except tries.Locked as locked:
        raise NotLetIn(f"There were too many tries. Try again after {locked.until:%H:%M} UTC.") from None
    with transaction.atomic():
        devices = Authenticator.objects.select_for_update(of=("self",)).select_related("user")
        device: Authenticator | None = devices.filter(user=user, confirmed=confirmed).first()
        fits: bool = device is not None and (_is_number(device, words) or _is_code(device, words))
    if device is not None and fits:
        tries.forget("second factor", str(user.pk))
        return device
    _tell(user, "login.locked" if waits else "login.second_factor_failed")
    raise NotLetIn("That is not the number that the app shows now.")


def _is_number(device: Authenticator, words: str) -> bool:
    """Each step's number is taken once, and none of an earlier step afterwards."""
    if not (words.isascii() and words.isdigit() and len(words) == 6):
        return False
    key, present = base64.b32decode(secret_of(device)), int(now().timestamp()) // STEP_SECONDS
    for step in range(present - TOLERATED_STEPS, present + TOLERATED_STEPS + 1):
        if step > device.last_step and secrets.compare_digest(f"{hotp(key, step):06d}", words):
            device.last_step = step
            device.save(update_fields=["last_step"])
            return True
    return False


def _is_code(device: Authenticator, words: str) -> bool:
    kept, codes = _hash(words), list(device.recovery)
    if kept not in codes:
        return False
    device.recovery = [code for code in codes if code != kept]
    device.save(update_fields=["recovery"])
    return True


def _let_in(request: HttpRequest, device: Authenticator) -> None:
    """The session gets another id, as at a log-in: an older one is worth no more than before."""
    django_otp.login(request, device)
    request.session.cycle_key()


def _tell(user: User, code: str) -> None:
    name = user.get_username()
    audit(code=code, actor=f"console:{name}", partner=partner_of(user), subject=name)


def _purpose(user: User) -> str:
    return f"second factor of person {user.pk}"


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
