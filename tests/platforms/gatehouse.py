"""A gate before any platform: who has the access of now is let through to its fake or its recorded pages.

It grants access for a code or a refresh token (once: tokens rotate), takes access back, ends it before its time, and
counts what it did. Everything that it grants has the word `canary` in it, so that it can be looked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from connectors.auth import Secrets, sign
from connectors.declare import ApiKey, BasicLogin, OAuth2
from connectors.platform import Platform
from connectors.wire import Request
from tests.connectors.server import Answer, Seen

CODE: Final = "canary-code-3c07d1"
CLIENT_SECRET: Final = "canary-client-secret-77e0f2"
WORD: Final = "canary"
ACCOUNT: Final = "acct_living"


@dataclass
class Gatehouse:
    """`inside` answers who is let in; it knows them by `inner`, whatever they have shown at the gate."""

    platform: Platform
    inside: Callable[[Seen], Any]
    inner: Secrets | None = None
    secrets: Secrets = field(default_factory=Secrets)
    number: int = 0
    is_open: bool = True
    is_busy: bool = False  # the token endpoint, which says so and repeats what it was sent
    grants: list[str] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    turned_away: int = 0

    def __post_init__(self) -> None:
        self.grant()

    def grant(self) -> None:
        """New access; that of before opens nothing."""
        self.number += 1
        named = f"{WORD}-{self.number}-4b1f7e"
        match self.platform.auth:
            case OAuth2(endless=True):
                self.secrets = Secrets(access_token=f"{named}-access")
            case OAuth2():
                self.secrets = Secrets(access_token=f"{named}-access", refresh_token=f"{named}-refresh")
            case ApiKey():
                self.secrets = Secrets(api_key=f"{named}-key")
            case BasicLogin():
                self.secrets = Secrets(username="us", password=f"{named}-password")

    def end(self) -> None:
        """The access ends before its time; a refresh token goes on."""
        self.secrets = Secrets(access_token=f"{WORD}-nobody-has-it", refresh_token=self.secrets.refresh_token)

    def close(self) -> None:
        """The merchant takes all access away."""
        self.is_open = False

    def open(self) -> None:
        """The merchant lets us in again, by new access."""
        self.is_open = True
        self.grant()

    @property
    def fields(self) -> dict[str, str]:
        """What a partner sends who has the access already."""
        match self.platform.auth:
            case OAuth2(endless=True):
                return {"access_token": self.secrets.access_token}
            case OAuth2():
                tokens = {"access_token": self.secrets.access_token, "refresh_token": self.secrets.refresh_token}
                return {**tokens, "expires_in": "86400"}
            case ApiKey():
                return {"apiKey": self.secrets.api_key}
        return {"username": self.secrets.username, "password": self.secrets.password}

    def answer(self, seen: Seen) -> Any:
        """What the platform answers."""
        auth = self.platform.auth
        if isinstance(auth, OAuth2) and seen.path == _path(auth.token):
            return self._token(seen)
        if isinstance(auth, OAuth2) and auth.revoke and seen.path == _path(auth.revoke):
            self.taken_back.append(seen.body.decode())
            return {"success": True}
        if not self.is_open or not self._shows_access(seen):
            self.turned_away += 1
            return Answer(401, {"error": "unauthorized"})
        return self.inside(self._disguised(seen))

    def _token(self, seen: Seen) -> Any:
        text = seen.body.decode()
        asked = json.loads(text) if text.startswith("{") else dict(parse_qsl(text))
        kind = asked.get("grant_type", "authorization_code")
        shown = {"authorization_code": asked.get("code"), "refresh_token": asked.get("refresh_token")}.get(kind)
        if self.is_busy:
            return Answer(429, {"error": f"too many calls with {shown}"}, {"Retry-After": "1"})
        wanted = {"authorization_code": CODE, "refresh_token": self.secrets.refresh_token}.get(kind)
        if not self.is_open or not wanted or shown != wanted:
            return Answer(400, {"error": "invalid_grant", "error_description": f"{shown} is not known"})
        self.grants.append(kind)
        self.grant()
        return self._tokens()

    def _tokens(self) -> dict[str, Any]:
        auth = self.platform.auth
        tokens: dict[str, Any] = {"access_token": self.secrets.access_token, "token_type": "bearer"}
        if isinstance(auth, OAuth2) and auth.account:
            tokens[auth.account] = ACCOUNT
        if isinstance(auth, OAuth2) and auth.endless:
            return tokens
        return {**tokens, "refresh_token": self.secrets.refresh_token, "expires_in": 86_400}

    def _shows_access(self, seen: Seen) -> bool:
        signed = sign(self.platform.auth, self.secrets, Request("GET", "/"))
        headers = all(seen.headers.get(name.lower()) == value for name, value in signed.headers)
        return headers and all(seen.query.get(name) == [value] for name, value in signed.params)

    def _disguised(self, seen: Seen) -> Seen:
        """The request as it would be with the access that the inside knows."""
        if self.inner is None:
            return seen
        signed = sign(self.platform.auth, self.inner, Request("GET", "/"))
        return replace(seen, headers={**seen.headers, **{name.lower(): value for name, value in signed.headers}})


def _path(url: str) -> str:
    return urlsplit(url).path
