"""From what was heard to what is told: the events of audit entries and of syncs that began.

Everything is read in a few queries per batch, whatever its size. What is not there any more is not told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest
from msgspec import UNSET, UnsetType, structs

from commerce_sync import status
from commerce_sync.api.connection_shapes import connection_shape
from commerce_sync.api.sync_shapes import company_sync_status
from commerce_sync.models import Schedule, Sync
from connectors.models import Connection
from health.webhooks.event_types import TYPE_OF_CODE
from health.webhooks.payloads import (
    MOST_LISTED,
    PUBLISHED_TYPES,
    AccountDifference,
    CompanyReference,
    ConnectionPayload,
    ConnectionWebhook,
    Webhook,
    WebhookConfiguration,
    WebhookConnection,
    WebhookDifference,
    WebhookPause,
    WebhookSync,
)
from ledger.models import AuditEntry, Company, Document
from ledger.money import to_decimal

_STATUS_AFTER: Final = {
    "connection.linked": "Linked",
    "connection.unlinked": "Unlinked",
    "connection.deauthorized": "Deauthorized",
    "connection.deleted": "Unlinked",
}


class Fact(NamedTuple):
    """One event to be: whose it is, what it says, and under which id it is sent."""

    public_id: UUID
    partner_id: int
    company_id: int | None
    webhook: Webhook | ConnectionWebhook


def of_audit(entry_ids: Sequence[int]) -> Iterator[Fact]:
    """The events that these audit entries are; entries that are none are passed over."""
    found = AuditEntry.objects.filter(pk__in=entry_ids, code__in=TYPE_OF_CODE, company__isnull=False)
    entries = list(found.select_related("company").order_by("pk"))
    known = _Known.for_entries(entries)
    for entry in entries:
        webhook = _webhook(entry, known)
        if webhook is not None:
            public_id = webhook.id if isinstance(webhook, ConnectionWebhook) else uuid4()
            yield Fact(public_id, entry.company.partner_id, entry.company_id, webhook)  # type: ignore[union-attr]


def of_syncs(sync_ids: Sequence[int]) -> Iterator[Fact]:
    """`sync.started` of each: as it was when it began, also when it has ended since."""
    for sync in Sync.objects.filter(pk__in=sync_ids).select_related("company").order_by("pk"):
        told = structs.replace(
            _sync(sync, sync.company),
            sync_status_code=status.IN_PROGRESS,
            sync_status="Started",
            error_message="",
            data_pushed=False,
            through_date=UNSET,
        )
        webhook = Webhook(type="sync.started", timestamp=_utc(sync.started_at), data=told)
        yield Fact(uuid4(), sync.company.partner_id, sync.company_id, webhook)


class _Known(NamedTuple):
    """What the entries speak of, by what they call it."""

    connections: Mapping[str, Connection]
    syncs: Mapping[str, Sync]
    pauses: Mapping[int, str]
    currencies: Mapping[tuple[int, str], str]

    @classmethod
    def for_entries(cls, entries: Sequence[AuditEntry]) -> _Known:
        """Read it all, one query for each kind that there is."""
        said: dict[str, list[AuditEntry]] = {}
        for entry in entries:
            said.setdefault(TYPE_OF_CODE[entry.code].partition(".")[0], []).append(entry)
        links, runs = _uuids(said.get("connection", [])), _uuids(said.get("sync", []))
        paused = [entry.company_id for entry in entries if entry.company_id and entry.code == "sync.paused"]
        differing = said.get("reconciliation", [])
        documents = Document.objects.filter(
            company_id__in={entry.company_id for entry in differing}, reference__in={e.subject for e in differing}
        )
        found = Connection.objects.filter(public_id__in=links).select_related("company") if links else ()
        return cls(
            {str(each.public_id): each for each in found},
            {str(each.public_id): each for each in (Sync.objects.filter(public_id__in=runs) if runs else ())},
            dict(Schedule.objects.filter(company_id__in=paused).values_list("company_id", "pause_reason")),
            {(c, r): currency for c, r, currency in documents.values_list("company_id", "reference", "currency")}
            if differing
            else {},
        )


def _webhook(entry: AuditEntry, known: _Known) -> Webhook | ConnectionWebhook | None:
    """The body of one entry's event; None where there is nothing to say any more."""
    event_type, company = TYPE_OF_CODE[entry.code], entry.company
    assert company is not None  # noqa: S101  # only entries of companies are asked for
    data: Any
    match event_type:
        case "connection.linked" | "connection.unlinked" | "connection.expiring" | "connection.deleted":
            return _connection(event_type, entry, company, known.connections.get(entry.subject))
        case "configuration.changed":
            data = _configuration(entry, company)
        case "sync.completed" | "sync.failed":
            sync = known.syncs.get(entry.subject)
            data = _sync(sync, company) if sync else None
        case "sync.paused":
            reason = known.pauses.get(company.pk) or "The syncs of this company were paused."
            data = WebhookPause(company_id=company.public_id, reason=reason, correlation_id=str(entry.public_id))
        case _:
            data = _difference(entry, company, known.currencies.get((company.pk, entry.subject)))
    return Webhook(type=event_type, timestamp=_utc(entry.at), data=data) if data is not None else None


def _connection(
    event_type: str, entry: AuditEntry, company: Company, row: Connection | None
) -> Webhook | ConnectionWebhook | None:
    if row is None and not _uuids([entry]):
        return None
    shown = connection_shape(row, company.public_id, _as_if_asked()) if row else None
    after = _STATUS_AFTER.get(entry.code) or (shown.status if shown else "Unlinked")
    data = WebhookConnection(
        company_id=company.public_id,
        connection_id=UUID(entry.subject),
        status=after,
        correlation_id=str(entry.public_id),
        reason=str(entry.detail.get("reason", ""))[:300] or UNSET,
        expires=_instant(entry.detail.get("expires")),
    )
    if shown is None:
        return Webhook(type=event_type, timestamp=_utc(entry.at), data=data)
    return ConnectionWebhook(
        type=event_type,
        timestamp=_utc(entry.at),
        data=data,
        id=uuid4(),
        event_type=PUBLISHED_TYPES[event_type],
        generated_date=_utc(entry.at),
        payload=ConnectionPayload(
            reference_company=CompanyReference(id=company.public_id, name=company.name),
            connection=structs.replace(shown, status=after),
        ),
    )


def _configuration(entry: AuditEntry, company: Company) -> WebhookConfiguration:
    fields = entry.detail.get("fields")
    return WebhookConfiguration(
        company_id=company.public_id,
        changed="mapping" if entry.code == "book.changed" else "schedule",
        changed_by=entry.actor if entry.actor.startswith("api:") else "console",
        correlation_id=str(entry.public_id),
        fields=[str(each)[:100] for each in fields[:MOST_LISTED]] if isinstance(fields, list) else UNSET,
    )


def _sync(sync: Sync, company: Company) -> WebhookSync:
    shown = company_sync_status(sync, company, sync.finished_at or sync.started_at)
    return WebhookSync(
        company_id=company.public_id,
        sync_id=sync.public_id,
        sync_status_code=shown.sync_status_code,
        sync_status=shown.sync_status,
        error_message=shown.error_message,
        sync_utc=_utc(shown.sync_utc),
        data_pushed=shown.data_pushed,
        correlation_id=sync.correlation or str(sync.public_id),
        through_date=sync.through_day or UNSET,
    )


def _difference(entry: AuditEntry, company: Company, currency: str | None) -> WebhookDifference | None:
    if currency is None:
        return None
    ours, theirs = entry.detail.get("ours") or {}, entry.detail.get("theirs") or {}
    return WebhookDifference(
        company_id=company.public_id,
        reference=entry.subject,
        difference="removed" if entry.code == "document.removed" else "changed",
        currency=currency,
        accounts=[
            AccountDifference(
                account=account,
                ours=to_decimal(ours.get(account, 0), currency),
                theirs=to_decimal(theirs.get(account, 0), currency),
            )
            for account in sorted({*ours, *theirs})
            if ours.get(account, 0) != theirs.get(account, 0)
        ][:MOST_LISTED],
        correlation_id=str(entry.public_id),
    )


def _uuids(entries: Sequence[AuditEntry]) -> list[UUID]:
    """The subjects that are ids."""
    found = []
    for entry in entries:
        try:
            found.append(UUID(entry.subject))
        except ValueError:
            continue
    return found


def _instant(text: object) -> datetime | UnsetType:
    return _utc(datetime.fromisoformat(text)) if isinstance(text, str) else UNSET


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _as_if_asked() -> HttpRequest:
    """A request to this installation, for the links of what nobody asked for: used only without a public address."""
    request = HttpRequest()
    host = next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "localhost")
    request.META = {"SERVER_NAME": host, "SERVER_PORT": "80"}
    return request
