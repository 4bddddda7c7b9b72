"""Who calls: the key in ``Authorization: Basic base64(key)``, as the contract has it."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from commerce_sync.api_keys import recognize
from commerce_sync.models import ApiKey
from ledger.models import Partner

LONGEST_HEADER: Final = 1_000
_ASK: Final = "Send your API key as: Authorization: Basic <base64 of the key>."


class Caller:
    """The partner that calls, with the key that it used."""

    is_authenticated = True

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    @property
    def partner(self) -> Partner:
        """Whose key it is."""
        return self.key.partner


class KeyAuthentication(BaseAuthentication):
    """Asks the database each time: a revoked key stops at once. Neither key nor header is ever logged."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey]:
        """Raises `NotAuthenticated` or `AuthenticationFailed`; no operation of the API is open to everybody."""
        header = request.headers.get("Authorization", "")
        if not header:
            raise NotAuthenticated(f"Unauthorized. {_ASK}")
        key = recognize(_secret(header))
        if key is None:
            raise AuthenticationFailed("Unauthorized. The key is unknown, has expired or was revoked.")
        return Caller(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="API key"'


def _secret(header: str) -> str:
    """The key in the header. A trailing ``:`` is the empty password that HTTP clients add to a user name."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > LONGEST_HEADER:
        raise AuthenticationFailed(f"Unauthorized. {_ASK}")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise AuthenticationFailed(f"Unauthorized. {_ASK}") from None
    return decoded.removesuffix(":")
