"""From what was heard to what is told, where it comes by the thousand: documents and findings, one event for many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from msgspec import UNSET

from commerce_sync.models import Sync
from connectors.models import PushItem
from health.models import Finding
from health.webhooks.facts import Fact
from health.webhooks.payloads import (
    MOST_LISTED,
    Webhook,
    WebhookDocument,
    WebhookDocuments,
    WebhookFinding,
    WebhookFindings,
)
from ledger.models import Company, Document, RecordRow
from ledger.models.document import PUBLIC_ID
from ledger.money import to_decimal


class Group(NamedTuple):
    """What was heard of one kind about one company, to be told as one: ids of rows, in order."""

    company_id: int
    kind: str
    ids: Sequence[int]
    at: datetime


def of_groups(groups: Sequence[Group]) -> Iterator[Fact]:
    """One event for each group."""
    companies = Company.objects.in_bulk({group.company_id for group in groups})
    syncs = _latest_syncs(list(companies))
    documents = _documents([n for g in groups if g.kind.startswith("document.") for n in g.ids[:MOST_LISTED]])
    findings = _findings([n for g in groups if g.kind.startswith("finding.") for n in g.ids[:MOST_LISTED]])
    for group in groups:
        company = companies[group.company_id]
        correlation = str(syncs.get(company.pk, company.public_id))
        data: WebhookDocuments | WebhookFindings
        if group.kind.startswith("document."):
            listed = [documents[n] for n in group.ids[:MOST_LISTED] if n in documents]
            data = WebhookDocuments(
                company_id=company.public_id, count=len(group.ids), documents=listed, correlation_id=correlation
            )
        else:
            found = [findings[n] for n in group.ids[:MOST_LISTED] if n in findings]
            data = WebhookFindings(
                company_id=company.public_id, count=len(group.ids), findings=found, correlation_id=correlation
            )
        webhook = Webhook(type=group.kind, timestamp=group.at.astimezone(UTC), data=data)
        yield Fact(uuid4(), company.partner_id, company.pk, webhook)


def _latest_syncs(company_ids: Sequence[int]) -> dict[int, UUID]:
    """Company → its latest sync: what most of this came by, and where to begin looking."""
    found = Sync.objects.filter(company_id__in=company_ids).order_by("company_id", "-id").distinct("company_id")
    return dict(found.values_list("company_id", "public_id"))


def _documents(ids: Sequence[int]) -> dict[int, WebhookDocument]:
    if not ids:
        return {}
    rows = Document.objects.filter(pk__in=ids).annotate(uuid=PUBLIC_ID)
    rows = rows.select_related("posting", "push_item__binding").defer("body", "push_item__binding__answer")
    return {row.pk: _document(row, getattr(row, "push_item", None)) for row in rows}


def _document(row: Document, item: PushItem | None) -> WebhookDocument:
    refused = item is not None and item.state == PushItem.State.REFUSED
    return WebhookDocument(
        id=row.uuid,  # type: ignore[attr-defined]
        reference=row.reference,
        kind=row.kind,
        date=row.date,
        currency=row.currency,
        total_amount=to_decimal(row.total, row.currency),
        sync_id=row.posting.act,
        url=(item.binding.url if item and item.binding else "") or UNSET,
        failure_code=item.failure_code if item and refused else UNSET,
        failure_turn=item.failure_turn if item and refused else UNSET,
    )


def _findings(ids: Sequence[int]) -> dict[int, WebhookFinding]:
    if not ids:
        return {}
    rows = list(Finding.objects.filter(pk__in=ids))
    first = {row.pk: _first_record(row) for row in rows}
    records = RecordRow.objects.filter(pk__in=[each for each in first.values() if each]).only("kind", "external_id")
    known = {each.pk: each for each in records}
    return {row.pk: _finding(row, known.get(first[row.pk] or 0)) for row in rows}


def _first_record(row: Finding) -> int | None:
    """The row id of the first record among the causes."""
    ids = (cause["id"] for cause in row.causes if cause["kind"] == "record")
    return next((int(each) for each in ids if each.isdecimal()), None)


def _finding(row: Finding, record: RecordRow | None) -> WebhookFinding:
    return WebhookFinding(
        id=row.public_id,
        code=row.code,
        title=row.kind.title,
        sentence=row.sentence,
        remedy=row.remedy,
        severity=row.severity,
        turn=row.turn,
        blocks=row.severity == "error",
        found_utc=row.opened_at.astimezone(UTC),
        count=row.count,
        day=row.day or UNSET,
        currency=row.currency or UNSET,
        amount=to_decimal(row.amount, row.currency) if row.amount is not None and row.currency else UNSET,
        resolved_utc=row.resolved_at.astimezone(UTC) if row.resolved_at else UNSET,
        record_kind=record.kind if record else UNSET,
        record_id=record.external_id if record else UNSET,
    )
