"""How a request proves who we are, and the messages of the OAuth 2 code flow.

Pure: it builds and reads, and never sends. When tokens are renewed, by whom and where they are kept: `credentials`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from connectors.body_keys import with_key
from connectors.declare import ApiKey, Auth, BasicLogin, OAuth2
from connectors.errors import BadAnswer, MisconfiguredPlatform, NotAuthorized
from connectors.paging import value_at
from connectors.wire import Request, Response

DEFAULT_LIFE: Final = timedelta(minutes=30)  # when a token answer does not say how long it lives
LONGEST_LIFE_SECONDS: Final = 10 * 365 * 86_400
LONGEST_ACCOUNT: Final = 200
_NONE: Final[Mapping[str, Any]] = {}


class Secrets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What opens a connection. `expires_at` is the aware instant when `access_token` ends; None: never."""

    access_token: str = ""
    refresh_token: str = ""
    expires_at: datetime | None = None
    api_key: str = ""
    username: str = ""
    password: str = ""
    webhook_secrets: tuple[str, ...] = ()  # what the platform signs its deliveries with; several while one is exchanged
    refresh_expires_at: datetime | None = None  # when `refresh_token` ends, where the platform says so

    def values(self) -> tuple[str, ...]:
        """The secret texts themselves, for the redactor; also in the form in which HTTP Basic sends them."""
        basic = basic_login(self.username, self.password) if self.username else ""
        texts = (self.access_token, self.refresh_token, self.api_key, self.password, basic, *self.webhook_secrets)
        return tuple(text for text in texts if text)

    def __repr__(self) -> str:
        # The default repr would print the tokens into the first traceback that shows this value.
        return f"Secrets(expires_at={self.expires_at!r})"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are to an OAuth 2 platform: the app that is registered there."""

    client_id: str
    client_secret: str = ""
    redirect_uri: str = ""
    webhook_secrets: tuple[str, ...] = ()  # where deliveries to all merchants of the app are signed alike

    def __repr__(self) -> str:
        return f"Client({self.client_id!r})"


class _TokenAnswer(msgspec.Struct):
    access_token: str = ""
    refresh_token: str | None = None
    expires_in: int | str | None = None
    expires_at: str | int | None = None  # an ISO instant, or seconds since 1970
    refresh_token_expires_in: int | None = None
    x_refresh_token_expires_in: int | None = None  # Intuit's word for it
    error: str = ""
    error_description: str = ""


def way_of(auth: Auth, secrets: Secrets) -> Auth:
    """The way in that these secrets are for, where a platform has both: a consent's token, or a key."""
    return auth.key if isinstance(auth, OAuth2) and auth.key is not None and not secrets.access_token else auth


def sign(auth: Auth, secrets: Secrets, request: Request, settings: Mapping[str, Any] = _NONE) -> Request:
    """`request` with what `auth` demands; raises `NotAuthorized` when the secret it needs is empty."""
    auth = way_of(auth, secrets)
    if isinstance(auth, OAuth2):
        return request.with_headers((auth.header, _scheme(auth.scheme, _needed(secrets.access_token))))
    if isinstance(auth, ApiKey):
        key = _needed(secrets.api_key)
        if auth.account and settings.get(auth.account[1]):
            request = request.with_headers((auth.account[0], str(settings[auth.account[1]])))
        filled = with_key(request.body, auth.body, key) if auth.body and request.body else None
        if filled is not None:
            return replace(request, body=filled)
        if auth.query:
            return request.with_params((auth.query, key))
        return request.with_headers((auth.header or "Authorization", _scheme(auth.scheme, key)))
    if isinstance(auth, BasicLogin):
        login = basic_login(_needed(secrets.username), secrets.password)
        return request.with_headers(("Authorization", f"Basic {login}"))
    return request


def must_renew(auth: Auth, secrets: Secrets, now: datetime) -> bool:
    """Whether the access token ends within the platform's margin, so that it is renewed before it is used."""
    if not isinstance(auth, OAuth2) or not secrets.refresh_token or secrets.expires_at is None:
        return False
    return secrets.expires_at - timedelta(seconds=auth.margin_seconds) <= now


def authorize_url(auth: OAuth2, client: Client, *, state: str, verifier: str = "") -> str:
    """Where the merchant's browser is sent. PKCE demands a `verifier` of 43 to 128 characters."""
    query = [
        ("response_type", "code"),
        ("client_id", client.client_id),
        ("redirect_uri", client.redirect_uri),
        ("scope", auth.separator.join(auth.scopes)),
        ("state", state),
        *auth.extra,
    ]
    if auth.pkce:
        if not 43 <= len(verifier) <= 128:
            raise ValueError("PKCE needs a verifier of 43 to 128 characters")
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query += [("code_challenge", challenge), ("code_challenge_method", "S256")]
    joint = "&" if "?" in auth.authorize else "?"
    return auth.authorize + joint + urlencode([pair for pair in query if pair[1]])


def code_request(auth: OAuth2, client: Client, *, code: str, verifier: str = "") -> Request:
    """The exchange of the code that came back with the browser."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    fields.update(auth.code_extra)
    if auth.pkce:
        fields["code_verifier"] = verifier
    return _token_request(auth, client, fields)


def refresh_request(auth: OAuth2, client: Client, secrets: Secrets) -> Request:
    """The exchange of the refresh token for a new pair."""
    fields = {"grant_type": "refresh_token", "refresh_token": _needed(secrets.refresh_token)}
    return _token_request(auth, client, fields)


def read_tokens(response: Response, previous: Secrets, now: datetime, *, endless: bool = False) -> Secrets:
    """The secrets after a token answer. One without a refresh token leaves the old one valid: it is kept.

    Raises `NotAuthorized` for an error answer (some send it with status 200), `BadAnswer` for nonsense.
    """
    try:
        answer = msgspec.json.decode(response.body, type=_TokenAnswer)
        seconds = _seconds(answer, now)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise BadAnswer(f"the token answer is unreadable: {error}", status=response.status) from None
    if answer.error or not response.ok:
        raise NotAuthorized(f"{answer.error} {answer.error_description}".strip(), status=response.status)
    if not answer.access_token:
        raise BadAnswer("the token answer has no access token", status=response.status)
    life = DEFAULT_LIFE if seconds is None else timedelta(seconds=min(max(seconds, 0), LONGEST_LIFE_SECONDS))
    return msgspec.structs.replace(
        previous,
        access_token=answer.access_token,
        refresh_token=answer.refresh_token or previous.refresh_token,
        expires_at=None if endless and seconds is None else now + life,
        refresh_expires_at=_refresh_end(answer, now, previous),
    )


def told_account(auth: OAuth2, response: Response) -> str:
    """The merchant's account at the platform, which a token answer names where `auth` says; "" when it does not.

    Never raises: the code is spent by then, and the tokens are good.
    """
    try:
        found = value_at(response.body, auth.account) if auth.account else None
    except (BadAnswer, msgspec.DecodeError, UnicodeDecodeError):
        return ""
    name = "" if isinstance(found, bool) or not isinstance(found, str | int) else str(found)
    return name if len(name) <= LONGEST_ACCOUNT and name.isprintable() else ""


def _refresh_end(answer: _TokenAnswer, now: datetime, previous: Secrets) -> datetime | None:
    """When the refresh token ends that is valid after ``answer``; None when that was never said of it."""
    told = answer.refresh_token_expires_in
    seconds = answer.x_refresh_token_expires_in if told is None else told
    if seconds is not None:
        return now + timedelta(seconds=min(max(seconds, 0), LONGEST_LIFE_SECONDS))
    return None if answer.refresh_token else previous.refresh_expires_at


def _seconds(answer: _TokenAnswer, now: datetime) -> int | None:
    """How long the token lives from ``now`` on, None when the answer does not say. Raises ValueError."""
    if answer.expires_in is not None:
        return int(answer.expires_in)
    if answer.expires_at is None:
        return None
    text = str(answer.expires_at)
    end = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    return int((end - now).total_seconds()) if end.tzinfo else int((end.replace(tzinfo=UTC) - now).total_seconds())


def _token_request(auth: OAuth2, client: Client, fields: dict[str, str]) -> Request:
    # `safe`: an exchange is no document; a lost answer is met by the old token's grace time, not by a
    # look-up.
    request = Request("POST", auth.token, safe=True, headers=(("Accept", "application/json"),))
    if auth.client == "basic":
        if not client.client_secret:
            raise MisconfiguredPlatform("the OAuth client has no secret")
        login = basic_login(client.client_id, client.client_secret)
        request = request.with_headers(("Authorization", f"Basic {login}"))
    else:
        fields = {**fields, "client_id": client.client_id, "client_secret": client.client_secret}
    fields = {name: value for name, value in fields.items() if value}
    if auth.client == "json":
        return request.with_json(fields)
    request = request.with_headers(("Content-Type", "application/x-www-form-urlencoded"))
    return replace(request, body=urlencode(fields).encode())


def _needed(secret: str) -> str:
    if not secret:
        raise NotAuthorized("the connection has no credential of the kind that the platform asks for")
    return secret


def _scheme(scheme: str, secret: str) -> str:
    return f"{scheme} {secret}" if scheme else secret


def basic_login(username: str, password: str) -> str:
    """A user name and a password in the form in which HTTP Basic sends them."""
    return base64.b64encode(f"{username}:{password}".encode()).decode()
