"""Short secret texts at rest that are no credential of a connection: encrypted, and bound to what they are for."""

from __future__ import annotations

import msgspec
from cryptography.fernet import InvalidToken

from connectors.credentials import fernet


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
