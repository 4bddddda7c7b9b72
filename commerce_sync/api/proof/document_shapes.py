"""The shapes of documents and of the records behind them. Amounts are decimals in major units of the currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from msgspec import UNSET, UnsetType

from commerce_sync.api.proof.record_shapes import DocumentRecordPage, Names
from commerce_sync.api.shape import Shape
from commerce_sync.document_lines import PostedLine
from commerce_sync.documents import Listed
from connectors import registry
from connectors.models import Binding, PushItem
from ledger.models import Document
from ledger.money import to_decimal

Day = date


class DocumentTracking(Shape):
    """One dimension of the accounting software and the option chosen in it."""

    dimension: str
    option: str


class DocumentLine(Shape):
    """One debit or credit; the other of the two is 0. ``role`` is what it is for in the mapping ("sales:food",
    "tender:card"), ``about`` the kind of event ("sale", "refund", …)."""

    account_id: str
    account_name: str
    debit: Decimal
    credit: Decimal
    description: str
    role: str | UnsetType = UNSET
    about: str | UnsetType = UNSET
    tax_code: str | UnsetType = UNSET
    tracking: list[DocumentTracking] | UnsetType = UNSET


class DocumentLink(Shape):
    """What the document is at the accounting platform. ``agrees``: whether what was read back there is what was sent;
    absent when nothing was read back."""

    connection_id: UUID
    platform: str
    remote_id: str
    pushed_at: datetime
    url: str | UnsetType = UNSET
    verified_at: datetime | UnsetType = UNSET
    agrees: bool | UnsetType = UNSET


class DocumentFailure(Shape):
    """Why the document is not where it should be. ``turn`` says whose turn it is."""

    code: str
    sentence: str
    remedy: str
    turn: str


class PostedDocument(Shape):
    """A document of the books.

    ``state``: ``pending`` (not prepared for delivery yet), ``prepared``, ``sending``, ``pushed``, ``refused``,
    ``waiting``, ``unknown`` (it may have arrived, and is being looked up), ``removed`` (somebody took it away at the
    platform), ``withdrawn`` (it never left and never will), ``voiding`` or ``voided``. ``business_day`` and ``group``
    are what was posted together; ``adjustment`` counts how often this had been posted before. ``lines`` are left out of
    a list where they are too many for it: read the document by itself then. ``record_count_is_exact`` false means that
    there are more. ``sync_id`` is absent for what no sync made: the reversals of an undo.

    ``records`` come with a document that is read by itself, a page of them: those of its whole posting.
    ``records_add_up``: all of them together are what the posting's documents hold, account by account; absent where the
    run was too large to add it up again for an answer, and records filed under its other days are then not listed.
    """

    id: UUID
    reference: str
    kind: str
    date: Day
    business_day: Day
    currency: str
    total: Decimal
    description: str
    state: str
    adjustment: int
    mapping_version: int
    created_at: datetime
    line_count: int
    record_count: int
    record_count_is_exact: bool
    group: str | UnsetType = UNSET
    sync_id: UUID | UnsetType = UNSET
    is_reversal: bool | UnsetType = UNSET
    withdrawn_at: datetime | UnsetType = UNSET
    voided_at: datetime | UnsetType = UNSET
    waits_until: datetime | UnsetType = UNSET
    failure: DocumentFailure | UnsetType = UNSET
    link: DocumentLink | UnsetType = UNSET
    lines: list[DocumentLine] | UnsetType = UNSET
    records: DocumentRecordPage | UnsetType = UNSET
    records_add_up: bool | UnsetType = UNSET


def document_shape(
    found: Listed,
    names: Names,
    syncs: Collection[UUID],
    records: DocumentRecordPage | UnsetType = UNSET,
    adds_up: bool | None = None,
) -> PostedDocument:
    """A document as it is shown. ``names``: account id → what people call it; ``syncs``: ids known to be of syncs."""
    row: Document = found.row
    posting = row.posting
    item: PushItem | None = getattr(row, "push_item", None)
    return PostedDocument(
        id=row.public_id,
        reference=row.reference,
        kind=row.kind,
        date=row.date,
        business_day=posting.day,
        currency=row.currency,
        total=to_decimal(row.total, row.currency),
        description=row.narration,
        state=found.state,
        adjustment=posting.revision,
        mapping_version=posting.book_version.number,
        created_at=row.created_at,
        line_count=found.line_count,
        record_count=found.records.number,
        record_count_is_exact=found.records.is_exact,
        group=posting.label or UNSET,
        sync_id=posting.act if posting.act in syncs else UNSET,
        is_reversal=True if posting.reverses_id else UNSET,
        withdrawn_at=row.withdrawn_at or UNSET,
        voided_at=row.voided_at or UNSET,
        waits_until=(item.waits_until if item else None) or UNSET,
        failure=_failure(item),
        link=_link(item),
        lines=UNSET if found.lines is None else lines_shape(found.lines, row.currency, names),
        records=records,
        records_add_up=UNSET if adds_up is None else adds_up,
    )


def lines_shape(lines: Sequence[PostedLine], currency: str, names: Names) -> list[DocumentLine]:
    """The lines of a document in `currency`."""
    return [
        DocumentLine(
            account_id=line.account,
            account_name=names.get(line.account, line.account),
            debit=to_decimal(line.debit, currency),
            credit=to_decimal(line.credit, currency),
            description=line.description,
            role=line.role or UNSET,
            about=line.about or UNSET,
            tax_code=line.tax_code or UNSET,
            tracking=[DocumentTracking(dimension=name, option=chosen) for name, chosen in line.tracking] or UNSET,
        )
        for line in lines
    ]


def _failure(item: PushItem | None) -> DocumentFailure | UnsetType:
    if item is None or not item.failure_code:
        return UNSET
    return DocumentFailure(
        code=item.failure_code,
        sentence=item.failure_sentence,
        remedy=item.failure_remedy,
        turn=item.failure_turn,
    )


def _link(item: PushItem | None) -> DocumentLink | UnsetType:
    binding: Binding | None = item.binding if item else None
    if item is None or binding is None:
        return UNSET
    platform = registry.named(item.connection.platform)
    return DocumentLink(
        connection_id=item.connection.public_id,
        platform=platform.slug if platform else item.connection.platform,
        remote_id=binding.remote_id,
        pushed_at=binding.bound_at,
        url=binding.url or UNSET,
        verified_at=UNSET if binding.agrees is None else binding.verified_at or UNSET,
        agrees=UNSET if binding.agrees is None else binding.agrees,
    )
