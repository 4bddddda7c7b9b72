"""Giving an access back: the platform is told that we use it no longer. A failure is audited and never raised."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db import transaction

from connectors.auth import Client, Secrets, must_renew, read_tokens, refresh_request
from connectors.clients import client_of
from connectors.credentials import Exchange, load
from connectors.declare import OAuth2
from connectors.errors import Failure
from connectors.http import Door
from connectors.limits import Limits
from connectors.models import Connection
from connectors.platform import Platform
from connectors.revocation import revoke_request
from connectors.services import platform_of
from connectors.session import Session
from connectors.wire import Response
from ledger.services import audit, now

# Somebody waits for the answer of the unlinking.
LIMITS: Final = Limits(connect_seconds=3, read_seconds=5, total_seconds=8, patience_seconds=1)


def give_back_later(connection: Connection, *, actor: str) -> None:
    """Tell the platform of ``connection`` once the caller's transaction is committed; not when it is rolled back.

    To be called before the secrets are deleted. Nothing is told where the platform has no such call, or while another
    linked connection is of the same account: platforms take back all that an app has of an account.
    """
    try:
        platform = platform_of(connection)
        auth = platform.auth
        if not isinstance(auth, OAuth2) or not _is_told(platform, auth) or _is_shared(connection, platform):
            return
        secrets = load(connection.pk)
    except Failure as failure:
        _audit_failure(connection, actor, failure)
        return
    transaction.on_commit(partial(_give_back, connection, platform, auth, secrets, actor), robust=True)


class _LastKeys:
    """Secrets that are kept nowhere any more, renewed for the last calls with them."""

    def __init__(self, auth: OAuth2, secrets: Secrets) -> None:
        self.auth, self.secrets = auth, secrets
        self.client = Client(client_id="")

    def current(self, exchange: Exchange) -> Secrets:
        if must_renew(self.auth, self.secrets, now()):
            return self.renewed(self.secrets, exchange)
        return self.secrets

    def renewed(self, stale: Secrets, exchange: Exchange) -> Secrets:
        response = exchange(refresh_request(self.auth, self.client, self.secrets))
        self.secrets = read_tokens(response, self.secrets, now())
        return self.secrets


def _give_back(connection: Connection, platform: Platform, auth: OAuth2, secrets: Secrets, actor: str) -> None:
    response: Response | None = None
    keys = _LastKeys(auth, secrets)
    try:
        client = keys.client = client_of(platform)
        with Door(platform, connection.pk, keys, settings=connection.settings, limits=LIMITS) as door:
            is_used = platform.leave(Session(connection.pk, connection.company_id, connection.settings, door))
            account = _account(connection, platform)
            request = None if is_used else revoke_request(auth, client, keys.secrets, account)
            response = door.exchange(request) if request else None
    except Failure as failure:
        failure.conceal({*secrets.values(), *keys.secrets.values()})
        _audit_failure(connection, actor, failure)
        return
    if response is not None and not response.ok:
        # The platform's own words are not repeated: they may hold the token.
        _audit_failure(connection, actor, Failure(f"status {response.status}", status=response.status))


def _is_told(platform: Platform, auth: OAuth2) -> bool:
    return auth.revoke is not None or type(platform).leave is not Platform.leave


def _is_shared(connection: Connection, platform: Platform) -> bool:
    account = _account(connection, platform)
    if not account:
        return False
    name = _account_setting(platform)
    linked = Connection.objects.filter(platform=connection.platform, status=Connection.Status.LINKED)
    return linked.filter(**{f"settings__{name}": account}).exclude(pk=connection.pk).exists()


def _account(connection: Connection, platform: Platform) -> str:
    """The merchant's account at the platform, empty when it is not known."""
    return str(connection.settings.get(_account_setting(platform)) or "")


def _account_setting(platform: Platform) -> str:
    declared = platform.webhooks
    return declared.facts.account_setting if declared is not None else ""


def _audit_failure(connection: Connection, actor: str, failure: Failure) -> None:
    audit(
        code="connection.access_not_returned", actor=actor, company=connection.company,
        subject=str(connection.public_id),
        detail={"platform": connection.platform, "failure": type(failure).__name__, "reason": failure.detail[:300]},
    )  # fmt: skip
