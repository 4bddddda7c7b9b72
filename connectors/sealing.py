"""Short secret texts at rest that are no credential of a connection: encrypted, and bound to what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import QuerySet

from connectors.credentials import fernet

SEALED_AT_ONCE: Final = 100


class Unreadable(Exception):
    """The sealed text is another row's, or was encrypted with a key that there is no more."""


class _Sealed(msgspec.Struct, frozen=True):
    purpose: str
    text: str


def seal_text(purpose: str, text: str) -> bytes:
    """The ciphertext of ``text``, which carries inside it what it is for ("webhook <id>")."""
    return fernet().encrypt(msgspec.json.encode(_Sealed(purpose, text)))


def unseal_text(purpose: str, ciphertext: bytes) -> str:
    """The reverse of `seal_text`. Raises `Unreadable`, also for a ciphertext that was made for something else."""
    try:
        sealed = msgspec.json.decode(fernet().decrypt(ciphertext), type=_Sealed)
    except (InvalidToken, msgspec.DecodeError):
        raise Unreadable(f"the secret of {purpose} was encrypted with a key that is not there any more") from None
    if sealed.purpose != purpose:
        raise Unreadable(f"the secret of {purpose} is that of something else")
    return sealed.text


def seal_rows_anew(stale: QuerySet[Any], seal: Callable[[Any], None]) -> int:
    """Have ``seal`` encrypt with the present key, and save, each of the ``stale`` rows that a former one encrypted, a
    few in a transaction; how many. Rows that somebody holds are left for the next time. What no key can read (`seal`
    raises `Unreadable`) is passed over and stays as it is: putting the key back cures it."""
    done = after = 0
    while True:
        with transaction.atomic():
            held = stale.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(pk__gt=after)
            rows = list(held.order_by("pk")[:SEALED_AT_ONCE])
            for row in rows:
                try:
                    seal(row)
                except Unreadable:
                    continue
                done += 1
        if len(rows) < SEALED_AT_ONCE:
            return done
        after = rows[-1].pk
