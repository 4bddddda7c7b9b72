"""The way to a platform's page of consent, and back with a code: what a merchant's browser carries between the two."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from connectors.auth import authorize_url
from connectors.authorization import BadAuthorization, read_authorization, setting_names
from connectors.authorizing import authorize
from connectors.clients import client_of, is_client
from connectors.declare import OAuth2
from connectors.errors import BadCallback, MisconfiguredPlatform
from connectors.models import Connection
from connectors.services import platform_of, private_places
from ledger.services import audit, now

LASTS: Final = timedelta(minutes=10)  # a merchant logs in, looks for the second factor, and chooses a company
_WHOLE: Final = ("https://", "http://")


class Consent(Struct, frozen=True):
    """A way that was begun: for which connection, with which settings and proof, and when."""

    connection_id: int
    settings: dict[str, str]
    verifier: str
    began_at: datetime

    def __repr__(self) -> str:
        # The default repr would print the verifier into the first traceback that shows this value.
        return f"Consent(connection {self.connection_id})"


class Begun(Struct, frozen=True):
    """Where the browser goes, and what has to be kept under ``state`` until it is back."""

    address: str
    state: str
    consent: Consent


def asks_consent(connection: Connection) -> bool:
    """Whether this platform's merchants consent in the browser; not where a key does, and we are no client there."""
    platform = platform_of(connection)
    if not isinstance(platform.auth, OAuth2):
        return False
    return platform.auth.key is None or (is_client(platform) and bool(client_of(platform).client_secret))


def begin(connection: Connection, settings: Mapping[str, str]) -> Begun:
    """Begin the way for a connection. Raises `BadAuthorization` for settings that its addresses need and that are
    missing or wrong, `MisconfiguredPlatform` when this installation is no client of the platform."""
    platform = platform_of(connection)
    auth, client = platform.auth, client_of(platform)
    if not isinstance(auth, OAuth2):
        raise MisconfiguredPlatform(f"{platform.name} asks for no consent")
    if not client.redirect_uri:
        raise MisconfiguredPlatform("COMMERCE_SYNC_PUBLIC_URL is not set: merchants would not find their way back")
    wanted = {name: settings[name] for name in setting_names(platform) if settings.get(name)}
    # A code that is never exchanged: so the settings are read by the rules that hold for them with a real one.
    fields = {**wanted, "code": "c", **({"code_verifier": "v" * 43} if auth.pkce else {})}
    given = read_authorization(platform, fields, known=connection.settings, private=private_places(), at=now())
    known = {**connection.settings, **given.settings}
    base = "" if auth.authorize.startswith(_WHOLE) else platform.hosts.base(known)
    extra = auth.extra if known.get("environment") == "sandbox" else (*auth.extra, *auth.live_extra)
    verifier = secrets.token_urlsafe(48) if auth.pkce else ""
    state = secrets.token_urlsafe(32)
    page = replace(auth, authorize=base + auth.authorize, extra=extra)
    address = authorize_url(page, client, state=state, verifier=verifier)
    return Begun(address, state, Consent(connection.pk, wanted, verifier, now()))


def finish(consent: Consent, params: Mapping[str, str], *, actor: str) -> Connection:
    """Link the connection with what came back: ``params`` of the callback's address. One use; not in a transaction.

    Raises `BadCallback` for a refusal or a late or foreign return, and what `connectors.authorizing.authorize` raises;
    what is refused is noted in the audit trail.
    """
    try:
        return _finished(consent, params, actor)
    except (BadCallback, BadAuthorization) as refused:
        connection = Connection.objects.select_related("company").get(pk=consent.connection_id)
        audit(
            code="connection.not_completed", actor=actor, company=connection.company, subject=str(connection.public_id),
            detail={"platform": connection.platform, "reason": str(refused)[:300]},
        )  # fmt: skip
        raise


def _finished(consent: Consent, params: Mapping[str, str], actor: str) -> Connection:
    at = now()
    if at - consent.began_at >= LASTS:
        raise BadCallback("it took longer than ten minutes")
    if params.get("error"):
        raise BadCallback(f"the platform said {params['error'][:60]}")
    if not params.get("code"):
        raise BadCallback("no code came back")
    connection = Connection.objects.select_related("company").get(pk=consent.connection_id)
    platform = platform_of(connection)
    back = platform.came_back(params, client_of(platform), at)
    fields = {**consent.settings, **back, "code": params["code"]}
    if consent.verifier:
        fields["code_verifier"] = consent.verifier
    return authorize(connection=connection, secrets=fields, actor=actor)


__all__ = ["BadAuthorization", "Begun", "Consent", "asks_consent", "begin", "finish"]
