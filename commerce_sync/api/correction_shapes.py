"""The shapes of plans and undos. Amounts are decimals in major units of their currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.proof.record_shapes import AccountAmount, account_amounts
from commerce_sync.api.shape import Input, Shape
from commerce_sync.models import Undo
from commerce_sync.undo_plan import Plan, PlannedDocument, PlannedPosting
from ledger.money import to_decimal

Day = date


class RetriedDocuments(Shape):
    """How many documents go again."""

    documents: int


class DoUndo(Input):
    """The ``digest`` of the plan that is agreed to."""

    plan_digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class UndoneDocument(Shape):
    """A document that an undo is about; ``state`` is that of its delivery."""

    reference: str
    kind: str
    date: Day
    currency: str
    amount: Decimal
    state: str


class UndonePosting(Shape):
    """A posting and how it is taken back: withdraw, void, reverse; ``wait`` when that cannot be said yet.

    ``accounts`` is what taking it back does to each account: debits less credits.
    """

    business_day: Day
    currency: str
    way: str
    reason: str
    documents: list[UndoneDocument]
    accounts: list[AccountAmount]


class UndoPlan(Shape):
    """What an undo would do. ``digest`` is what agreeing to it takes; of a blocked one the sentences say why."""

    digest: str
    blocked: bool
    sentences: list[str]
    records: int
    undo_first: list[str]
    postings: list[UndonePosting]


class UndoRun(Shape):
    """An undo: of a sync, or (without ``syncId``) of a document. ``runId`` is the run that carries it out."""

    id: UUID
    state: str
    requested_at: datetime
    requested_by: str
    run_id: UUID
    sentences: list[str]
    records: int
    sync_id: UUID | UnsetType = UNSET
    finished_at: datetime | UnsetType = UNSET
    error_message: str | UnsetType = UNSET
    redone_at: datetime | UnsetType = UNSET
    redone_by: str | UnsetType = UNSET
    redo_run_id: UUID | UnsetType = UNSET


def plan_shape(plan: Plan, names: Mapping[str, str]) -> UndoPlan:
    """A plan as it is shown."""
    return UndoPlan(
        digest=plan.digest,
        blocked=plan.blocked,
        sentences=list(plan.sentences),
        records=plan.records,
        undo_first=list(plan.undo_first),
        postings=[_posting(posting, names) for posting in plan.postings],
    )


def undo_shape(undo: Undo) -> UndoRun:
    """An undo as it is shown."""
    return UndoRun(
        id=undo.public_id,
        state=undo.state,
        requested_at=undo.requested_at,
        requested_by=undo.actor,
        run_id=undo.run.public_id,
        sentences=list(undo.plan["sentences"]),
        records=undo.plan["records"],
        sync_id=undo.sync.public_id if undo.sync else UNSET,
        finished_at=undo.finished_at or UNSET,
        error_message=f"{undo.failure_sentence} {undo.failure_remedy}".strip() or UNSET,
        redone_at=undo.redone_at or UNSET,
        redone_by=undo.redone_by or UNSET,
        redo_run_id=undo.redo_run.public_id if undo.redo_run else UNSET,
    )


def _posting(posting: PlannedPosting, names: Mapping[str, str]) -> UndonePosting:
    return UndonePosting(
        business_day=posting.day,
        currency=posting.currency,
        way=posting.way,
        reason=posting.reason,
        documents=[_document(document) for document in posting.documents],
        accounts=account_amounts(posting.effect, posting.currency, names),
    )


def _document(document: PlannedDocument) -> UndoneDocument:
    return UndoneDocument(
        reference=document.reference,
        kind=document.kind,
        date=document.date,
        currency=document.currency,
        amount=to_decimal(document.amount, document.currency),
        state=document.state,
    )
