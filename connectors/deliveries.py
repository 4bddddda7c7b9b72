"""Webhooks that came in: whose they are, whether they are believed, and that each counts once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from connectors import registry
from connectors.clients import client_of
from connectors.credentials import load
from connectors.declare import OAuth2
from connectors.errors import Failure, MisconfiguredPlatform
from connectors.models import Connection, Credential, IncomingWebhook
from connectors.platform import Platform
from connectors.signatures import Arrived, BadSignature, Declared, identity, read_all, verify
from connectors.webhooks import HmacSha256
from ledger import sql
from ledger.services import audit

KEPT_BYTES: Final = 16 * 1024  # of a body, for support
KEPT_FOR: Final = timedelta(days=30)  # longer than any platform repeats a delivery
LONGEST_EVENT: Final = 100
MOST_ACCOUNTS: Final = 1_000  # in one delivery


def declared_by(slug: str) -> tuple[Platform, Declared] | None:
    """The platform of that name with how it signs; None for one that we do not know, or that sends nothing."""
    platform = registry.named(slug)
    if platform is None or platform.published_key == slug or platform.webhooks is None:
        return None
    return platform, platform.webhooks


def addressed(platform: Platform, public_id: UUID) -> Connection | None:
    """The connection that a delivery is addressed to."""
    return Connection.objects.filter(platform=platform.key, public_id=public_id).select_related("company").first()


def concerned(platform: Platform, declared: Declared, arrived: Arrived) -> list[Connection]:
    """The connections whose account a delivery to the address of the whole app names."""
    facts = declared.facts
    told = [each for each in read_all(facts.accounts, arrived) if isinstance(each, str) and each]
    if not told:
        return []
    accounts = [account.removesuffix(facts.account_suffix) for account in told[:MOST_ACCOUNTS]]
    found = Connection.objects.filter(platform=platform.key, **{f"settings__{facts.account_setting}__in": accounts})
    # A person's privacy, or a shop that is to be forgotten, is about what is kept of former connections, too.
    if not {*read_all(facts.events, arrived)} & {*facts.personal, *facts.erased}:
        found = found.filter(status=Connection.Status.LINKED)
    return list(found.select_related("company").order_by("pk"))


def believe(
    platform: Platform, declared: Declared, arrived: Arrived, connection: Connection | None, at: datetime
) -> None:
    """Raise `BadSignature` unless the platform sent it: under a secret of the connection, or of our app."""
    webhook_id = str(connection.settings.get("webhook_id", "")) if connection is not None else ""
    verify(declared, arrived, _secrets(platform, declared, connection), at, webhook_id)


def _secrets(platform: Platform, declared: Declared, connection: Connection | None) -> list[str]:
    found: list[str] = []
    if connection is not None:
        try:
            found += load(connection.pk).webhook_secrets
        except Failure:
            found += ()  # the app's may do
    if isinstance(platform.auth, OAuth2) or declared.facts.account:  # an app of ours, or an address for all of its own
        try:
            client = client_of(platform)
        except MisconfiguredPlatform:
            return found
        found += client.webhook_secrets
        if isinstance(declared, HmacSha256) and declared.by_client:
            found.append(client.client_secret)
    return found


def note(connection: Connection, declared: Declared, arrived: Arrived, at: datetime) -> str | None:
    """Keep the delivery; what happened, or None when it has come before. Joins the caller's transaction."""
    said = next(iter(read_all(declared.facts.events, arrived)), None)
    event = said.replace("\x00", "")[:LONGEST_EVENT] if isinstance(said, str) else ""
    is_private = event in (*declared.facts.personal, *declared.facts.erased)
    kept = b"" if is_private else arrived.body[:KEPT_BYTES]
    is_new = sql.execute(
        """INSERT INTO connectors_incomingwebhook (connection_id, delivery_id, event, body, body_bytes, received_at)
           VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (connection_id, delivery_id) DO NOTHING""",
        (connection.pk, identity(declared, arrived), event, kept, len(arrived.body), at),
    )
    return event if is_new else None


def erase(connection: Connection, declared: Declared, event: str) -> bool:
    """Delete what `event` asks us to keep no longer; False when it asks for nothing. Joins the caller's transaction.

    Of people we keep what deliveries say of them. What is in the books stays: the law wants it kept.
    """
    is_erased = event in declared.facts.erased
    if not is_erased and event not in declared.facts.personal:
        return False
    IncomingWebhook.objects.filter(connection=connection).exclude(body=b"").update(body=b"")
    if is_erased and connection.status != Connection.Status.LINKED:  # else it was linked again since
        Credential.objects.filter(connection=connection).delete()
    audit(
        code="connection.privacy_request", actor="webhook", company=connection.company,
        subject=str(connection.public_id), detail={"platform": connection.platform, "event": event},
    )  # fmt: skip
    return True


def forget(*, at: datetime) -> int:
    """Delete the deliveries that are older than anybody asks for; how many."""
    return IncomingWebhook.objects.filter(received_at__lt=at - KEPT_FOR).delete()[0]


__all__ = ["BadSignature", "addressed", "believe", "concerned", "declared_by", "erase", "forget", "note"]
