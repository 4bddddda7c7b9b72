"""Connections: one that has lost its access or soon will, one through which nothing comes, one that is silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Final, LiteralString

from commerce_sync.selectors import is_pulled
from connectors import registry
from connectors.credentials import UnreadableCredential, unseal
from connectors.declare import OAuth2
from health.doctor_bells import silent
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.wording import instant, some_of, steady
from health.webhooks.expiring import BEFORE, SHORT_LIFE
from ledger import sql

STALE_AFTER: Final = timedelta(days=3)  # a daily pull that failed twice has its own finding; this one tells nobody

# One that waits to be authorized anew (its server moved) is left out by syncs without a word. Where another one to the
# books is linked, the former one has been replaced.
_LOST: Final[LiteralString] = """
    SELECT link.company_id, link.public_id::text, link.platform, link.name, link.linked_at, told.at, told.reason,
        link.status
    FROM connectors_connection link
    LEFT JOIN LATERAL (
        SELECT entry.at, entry.detail ->> 'reason' AS reason FROM ledger_auditentry entry
        WHERE entry.company_id = link.company_id AND entry.subject = link.public_id::text
            AND entry.code IN ('connection.deauthorized', 'connection.moved')
        ORDER BY entry.id DESC LIMIT 1) told ON true
    WHERE link.company_id = ANY(%s)
        AND (link.status = 'Deauthorized' OR link.status = 'PendingAuth' AND link.linked_at IS NOT NULL)
        AND NOT (link.kind = 'accounting' AND EXISTS (SELECT FROM connectors_connection other
            WHERE other.company_id = link.company_id AND other.kind = 'accounting' AND other.status = 'Linked'))
    ORDER BY link.company_id, link.id
"""
# Access that lives no longer than a day is renewed by us; whether other access is, only the sealed secrets tell, of the
# few that end soon.
_ENDING: Final[LiteralString] = """
    SELECT link.company_id, link.id, link.public_id::text, link.platform, link.name, credential.expires_at,
        credential.ciphertext
    FROM connectors_connection link JOIN connectors_credential credential ON credential.connection_id = link.id
    WHERE link.company_id = ANY(%s) AND link.status = 'Linked' AND credential.expires_at <= %s
        AND credential.expires_at - credential.updated_at > %s
    ORDER BY link.company_id, link.id
"""
# What we renew ends as well, where the platform lets it: with the token by which it is renewed.
_RENEWED: Final[LiteralString] = """
    SELECT link.company_id, link.id, link.public_id::text, link.platform, link.name, credential.ciphertext
    FROM connectors_connection link JOIN connectors_credential credential ON credential.connection_id = link.id
    WHERE link.company_id = ANY(%s) AND link.status = 'Linked' AND link.platform = ANY(%s)
    ORDER BY link.company_id, link.id
"""
# Only where syncs run and end well: else what keeps them is the finding.
_STALE: Final[LiteralString] = """
    SELECT link.company_id, link.public_id::text, link.platform, link.name, coalesce(pulled.at, link.linked_at)
    FROM connectors_connection link
    JOIN commerce_sync_schedule schedule ON schedule.company_id = link.company_id AND schedule.enabled
        AND schedule.paused_at IS NULL AND schedule.frequency IN ('daily', 'hourly')
    LEFT JOIN LATERAL (SELECT max(mark.pulled_at) AS at FROM connectors_watermark mark
                       WHERE mark.connection_id = link.id) pulled ON true
    WHERE link.company_id = ANY(%s) AND link.kind = 'commerce' AND link.status = 'Linked' AND link.platform = ANY(%s)
        AND coalesce(pulled.at, link.linked_at) < %s
        AND EXISTS (SELECT FROM ledger_record record WHERE record.source_id = link.source_id)
        AND (SELECT sync.code FROM commerce_sync_sync sync WHERE sync.company_id = link.company_id
             AND sync.finished_at IS NOT NULL ORDER BY sync.id DESC LIMIT 1) IN (2000, 2040)
    ORDER BY link.company_id, link.id
"""


def look(scope: Scope) -> Looked:
    """All connections of these companies."""
    return Looked([*_lost(scope), *_ending(scope), *_ending_for_good(scope), *_stale(scope), *_silent(scope)])


def _lost(scope: Scope) -> Iterator[Seen]:
    for company_id, link, platform, name, linked_at, at, reason, status in sql.rows(_LOST, (list(scope.company_ids),)):
        said = steady(reason or "it no longer accepts our access.")
        if status == "PendingAuth":
            said = "its address was changed, and nobody has logged in there since."
        facts = {"platform": name or platform, "since": instant(at or linked_at), "said": said}
        yield Seen("connection_lost", company_id, link, facts, causes=(_cause(link, name, platform),))


def _ending(scope: Scope) -> Iterator[Seen]:
    rows = sql.rows(_ENDING, (list(scope.company_ids), scope.at + BEFORE, SHORT_LIFE))
    for company_id, link_id, link, platform, name, expires_at, sealed in rows:
        if not _is_renewed(link_id, bytes(sealed)):
            facts = {"platform": name or platform, "day": expires_at.date().isoformat()}
            yield Seen("connection_expiring", company_id, link, facts, causes=(_cause(link, name, platform),))


def _ending_for_good(scope: Scope) -> Iterator[Seen]:
    rows = sql.rows(_RENEWED, (list(scope.company_ids), list(_renewed())))
    for company_id, link_id, link, platform, name, sealed in rows:
        try:
            ends_at = unseal(link_id, bytes(sealed)).refresh_expires_at
        except UnreadableCredential:
            continue
        if ends_at is not None and ends_at <= scope.at + BEFORE:
            facts = {"platform": name or platform, "day": ends_at.date().isoformat()}
            yield Seen("connection_expiring", company_id, link, facts, causes=(_cause(link, name, platform),))


@cache
def _renewed() -> tuple[str, ...]:
    """The platforms whose access we renew."""
    return tuple(each.key for each in registry.platforms() if isinstance(each.auth, OAuth2) and not each.auth.endless)


def _is_renewed(link_id: int, sealed: bytes) -> bool:
    """Whether we renew it. What cannot be read is told of by the doctor."""
    try:
        return bool(unseal(link_id, sealed).refresh_token)
    except UnreadableCredential:
        return True


def _stale(scope: Scope) -> Iterator[Seen]:
    rows = sql.rows(_STALE, (list(scope.company_ids), list(_pulled()), scope.at - STALE_AFTER))
    for company_id, link, platform, name, since in rows:
        facts = {"platform": name or platform, "since": instant(since)}
        yield Seen(
            "connection_stale", company_id, link, facts, root=f"nothing comes from {platform}",
            causes=(_cause(link, name, platform),),
        )  # fmt: skip


def _silent(scope: Scope) -> Iterator[Seen]:
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for each in silent(scope.company_ids):
        found.setdefault((each.company_id, each.connection, each.platform, each.name), []).append(each.bell)
    for (company_id, link, platform, name), names in found.items():
        bells = some_of(f"“{bell}”" for bell in names)
        facts = {"platform": name or platform, "names": bells, "count": len(names)}
        yield Seen("webhooks_off", company_id, link, facts, count=len(names), causes=(_cause(link, name, platform),))


@cache
def _pulled() -> tuple[str, ...]:
    """The platforms that are asked; the others push to us."""
    return tuple(key for key in registry.commerce_keys() if is_pulled(registry.commerce(key)))


def _cause(link: str, name: str, platform: str) -> Cause:
    return Cause("connection", link, name or platform)


WATCHES: Final = (
    Watch(
        "connections",
        frozenset({"connection_lost", "connection_expiring", "connection_stale", "webhooks_off"}),
        look,
    ),
)
