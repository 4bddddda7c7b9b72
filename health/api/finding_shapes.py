"""The published shapes of findings: what a partner may know of them, and what it can say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.shape import Input, Shape
from health.findings.settle import GONE
from health.findings.working import MOST_REASON, MOST_WORDS
from health.models import Finding as FindingRow
from health.models import FindingEvent as EventRow
from ledger.models import Document, RecordRow
from ledger.models.document import PUBLIC_ID
from ledger.money import to_decimal

_SAID: Final = r"^[^\x00]*[^\x00\s][^\x00]*$"
Words = Annotated[str, Meta(min_length=1, max_length=MOST_WORDS, pattern=_SAID)]
Reason = Annotated[str, Meta(min_length=1, max_length=MOST_REASON, pattern=_SAID)]
Name = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$")
]
Day = date

_OURS: Final = "console"  # whoever of our people it was
_THEIR_WORDS: Final = frozenset({"commented", "resolved", "ignored", "reopened", "retried"})


class Finding(Shape):
    """Something about a company that somebody should look at; docs/runbook.md has the codes.

    ``status``: ``open``, ``assigned`` (to ``assigned_to``), ``ignored`` (until its facts change, or until a day), or
    ``resolved``. ``turn`` says who can do something: ``merchant``, ``partner``, ``support`` or ``nobody``. ``amount``
    is by how much the books are off, or what is at stake. ``mended_by``: ``retry`` or ``sync``, where that helps once
    the cause is gone.
    """

    id: UUID
    code: str
    title: str
    sentence: str
    remedy: str
    area: str
    severity: str
    turn: str
    status: str
    count: int
    opened: datetime
    changed: datetime
    company_id: UUID | UnsetType = UNSET
    company_name: str | UnsetType = UNSET
    day: Day | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    amount: Decimal | UnsetType = UNSET
    mended_by: str | UnsetType = UNSET
    assigned_to: str | UnsetType = UNSET
    escalated: datetime | UnsetType = UNSET
    retried: datetime | UnsetType = UNSET
    ignored_until: Day | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    resolved: datetime | UnsetType = UNSET
    resolved_by: str | UnsetType = UNSET


class FindingCause(Shape):
    """One thing that makes a finding. ``id`` is that of the API for a `document`, `sync` or `connection`, the sales
    system's for a `record` (of ``record_kind``), the accounting software's for an `entry`."""

    kind: str
    label: str
    id: str | UnsetType = UNSET
    record_kind: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    amount: Decimal | UnsetType = UNSET


class FindingEvent(Shape):
    """What was done with it: by one of your keys (`api:…`), by `console`, or by `the watch`."""

    at: datetime
    what: str
    actor: str
    words: str | UnsetType = UNSET


class FindingDetail(Shape):
    """A finding with what causes it, the gravest first, and its history, the latest first."""

    finding: Finding
    causes: list[FindingCause]
    history: list[FindingEvent]


class AssignFinding(Input):
    """Who works on it, as your people know them."""

    assignee: Name


class CommentOnFinding(Input):
    """What there is to say; our people read it."""

    text: Words


class EscalateFinding(Input):
    """Why somebody should look at it soon."""

    reason: Reason


class ResolveFinding(Input):
    """How it was resolved."""

    reason: Reason


class IgnoreFinding(Input):
    """Why it can be ignored; ``until`` is the day on which it comes back, absent: when its facts change."""

    reason: Reason
    until: Day | UnsetType = UNSET


class RetriedFinding(Shape):
    """What was done: documents that go again, or a sync that was asked for."""

    documents: int
    sync_requested: bool


def finding_shape(row: FindingRow) -> Finding:
    """A finding as it is published; its company must be at hand."""
    return Finding(
        id=row.public_id,
        code=row.code,
        title=row.kind.title,
        sentence=row.sentence,
        remedy=row.remedy,
        area=row.kind.area,
        severity=row.severity,
        turn=row.turn,
        status=row.state,
        count=row.count,
        opened=row.opened_at,
        changed=row.changed_at,
        company_id=row.company.public_id if row.company else UNSET,
        company_name=row.company.name if row.company else UNSET,
        day=row.day or UNSET,
        currency=row.currency or UNSET,
        amount=_amount(row.amount, row.currency),
        mended_by=row.kind.fix or UNSET,
        assigned_to=(_OURS if row.assignee_id else row.assigned_to) or UNSET,
        escalated=row.escalated_at or UNSET,
        retried=row.retried_at or UNSET,
        ignored_until=row.ignored_until or UNSET,
        reason=row.reason or UNSET,
        resolved=row.resolved_at or UNSET,
        resolved_by=_who(row.resolved_by) or UNSET,
    )


def detail_shape(row: FindingRow, events: Iterable[EventRow]) -> FindingDetail:
    """A finding with its causes and history. Two queries at most."""
    return FindingDetail(finding=finding_shape(row), causes=_causes(row), history=[_event(each) for each in events])


def _event(row: EventRow) -> FindingEvent:
    """Names of our people, and what they say to each other when they pass it on, stay here."""
    who = _who(row.actor)
    words = row.words if who != _OURS or row.what in _THEIR_WORDS else ""
    return FindingEvent(at=row.at, what=row.what, actor=who, words=words or UNSET)


def _who(actor: str) -> str:
    return actor if not actor or actor == GONE or actor.startswith("api:") else _OURS


def _amount(amount: int | None, currency: str) -> Decimal | UnsetType:
    return to_decimal(amount, currency) if amount is not None and currency else UNSET


def _causes(row: FindingRow) -> list[FindingCause]:
    documents = _documents(row, _ids(row.causes, "document"))
    records = _records(row, _ids(row.causes, "record"))
    found = []
    for cause in row.causes:
        kind, identity, record_kind = cause["kind"], cause["id"], ""
        if kind == "document":
            identity = documents.get(identity, "")
        elif kind == "record":
            record_kind, identity = records.get(identity, ("", ""))
        shape = FindingCause(
            kind=kind,
            label=cause["label"],
            id=identity or UNSET,
            record_kind=record_kind or UNSET,
            reason=cause.get("reason") or UNSET,
            amount=_amount(cause.get("amount"), row.currency),
        )
        found.append(shape)
    return found


def _ids(causes: Sequence[dict[str, Any]], kind: str) -> list[int]:
    return [int(each["id"]) for each in causes if each["kind"] == kind and each["id"].isdecimal()]


def _documents(row: FindingRow, ids: Sequence[int]) -> dict[str, str]:
    """Row id → public id, of the finding's own company."""
    if not ids:
        return {}
    rows = Document.objects.filter(pk__in=ids, company=row.company).annotate(uuid=PUBLIC_ID)
    return {str(pk): str(uuid) for pk, uuid in rows.values_list("pk", "uuid")}


def _records(row: FindingRow, ids: Sequence[int]) -> dict[str, tuple[str, str]]:
    """Row id → (kind, the sales system's id), of the finding's own company."""
    if not ids:
        return {}
    rows = RecordRow.objects.filter(pk__in=ids, source__company=row.company)
    return {str(pk): (kind, theirs) for pk, kind, theirs in rows.values_list("pk", "kind", "external_id")}
