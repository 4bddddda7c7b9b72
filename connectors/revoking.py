"""Giving an access back: the platform is told that we use it no longer. A failure is audited and never raised."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db import transaction

from connectors.auth import Secrets
from connectors.clients import client_of
from connectors.credentials import FixedKeys, load
from connectors.declare import OAuth2
from connectors.errors import Failure
from connectors.giving_back import revoke_request
from connectors.http import Door
from connectors.limits import Limits
from connectors.models import Connection
from connectors.platform import Platform
from connectors.services import platform_of
from ledger.services import audit

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
        if not isinstance(auth, OAuth2) or auth.revoke is None or _is_shared(connection, platform):
            return
        secrets = load(connection.pk)
    except Failure as failure:
        _audit_failure(connection, actor, failure)
        return
    transaction.on_commit(partial(_give_back, connection, platform, auth, secrets, actor), robust=True)


def _give_back(connection: Connection, platform: Platform, auth: OAuth2, secrets: Secrets, actor: str) -> None:
    try:
        client = client_of(platform)
        request = revoke_request(auth, client, secrets, _account(connection, platform))
        if request is None:
            return
        with Door(platform, connection.pk, FixedKeys(), settings=connection.settings, limits=LIMITS) as door:
            response = door.exchange(request)
    except Failure as failure:
        failure.conceal(secrets.values())
        _audit_failure(connection, actor, failure)
        return
    if not response.ok:
        # The platform's own words are not repeated: they may hold the token.
        _audit_failure(connection, actor, Failure(f"status {response.status}", status=response.status))


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
