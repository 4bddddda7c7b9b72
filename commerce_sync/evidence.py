"""The evidence of a document: everything that an auditor asks for, from the raw rows to the platform's answer.

Bounded: records come a page at a time, each page of raw rows is read once, and rows that are too large together are
left out by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, structs

from commerce_sync.document_lines import PostedLine
from commerce_sync.document_records import BehindDocument, RecordPart, records_of
from commerce_sync.documents import Listed, whole
from commerce_sync.explain_chain import RawRow, row_of
from commerce_sync.explain_documents import account_names
from commerce_sync.raw_rows import raw_page
from connectors.models import PushItem
from ledger.book import Book, role_path
from ledger.models import AuditEntry, BookVersion, Company, Document
from ledger.services import now

MOST_ROW_BYTES: Final = 8_000_000  # of raw rows and records in one answer
MOST_EVENTS: Final = 200


class FieldUsed(Struct, frozen=True):
    """One choice of the mapping that decided about the document, and the roles of the lines for which it did."""

    field: str
    value: str
    roles: tuple[str, ...]


class EvidenceRecord(Struct, frozen=True):
    """A record with the row that it was made of; ``left_out`` says why its canonical form is not here ("": it is)."""

    record: BehindDocument
    raw: RawRow
    left_out: str = ""


class Event(Struct, frozen=True):
    """What the audit trail tells about the document."""

    at: datetime
    code: str
    actor: str
    detail: dict[str, Any]


class Evidence(Struct, frozen=True):
    """All of it. ``names``: account id → what people call it; ``answer``: what the platform said to the delivery."""

    company: Company
    made_at: datetime
    document: Listed
    siblings: tuple[Document, ...]
    mapping: BookVersion
    fields: tuple[FieldUsed, ...]
    part: RecordPart
    records: tuple[EvidenceRecord, ...]
    item: PushItem | None
    answer: dict[str, Any]
    events: tuple[Event, ...]
    names: dict[str, str]


def evidence_of(company: Company, row: Document, offset: int, limit: int) -> Evidence:
    """The evidence of a document of `company`, with its records from `offset` on, at most `limit` of them."""
    document = whole(row)
    mapping = row.posting.book_version
    part = records_of(row.posting_id, offset, limit)
    item: PushItem | None = getattr(row, "push_item", None)
    siblings = Document.objects.filter(posting_id=row.posting_id).exclude(pk=row.pk).defer("body").order_by("pk")
    return Evidence(
        company=company,
        made_at=now(),
        document=document,
        siblings=tuple(siblings[:MOST_EVENTS]),
        mapping=mapping,
        fields=tuple(fields_used(mapping.book, document.lines or (), row.currency)),
        part=part,
        records=tuple(_with_rows(part.records)),
        item=item,
        answer=item.binding.answer if item and item.binding else {},
        events=_events(company, row.reference),
        names=account_names(company.pk),
    )


def fields_used(book: Book, lines: Iterable[PostedLine], currency: str) -> Iterator[FieldUsed]:
    """The choices of `book` that put `lines` on their accounts, in the order of their names."""
    used: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        role = line.role or "(balance)"
        used.setdefault((_account_field(book, line, currency), line.account), set()).add(role)
        for code in book.tax_codes:
            if line.tax_code and code.code == line.tax_code:
                used.setdefault((f"taxCodes.{code.tax}", code.code), set()).add(role)
        for tracking in book.tracking:
            for dimension, option in line.tracking:
                if dimension == tracking.dimension:
                    used.setdefault((f"tracking.{dimension}", option), set()).add(role)
    for (field, value), roles in sorted(used.items()):
        yield FieldUsed(field, value, tuple(sorted(roles)))


def _account_field(book: Book, line: PostedLine, currency: str) -> str:
    """The entry of the mapping that led to the line's account: the most special one of its role that names it."""
    paths = list(role_path(line.role))
    exact = [f"{path}@{currency}" for path in paths] + paths
    head = paths[-1] if paths else ""
    near = [name for name in sorted(book.accounts) if name.partition("@")[0].partition(":")[0] == head or not head]
    for name in [*exact, *near]:
        if book.accounts.get(name) == line.account:
            return f"accounts.{name}"
    return "suspense" if line.account == book.suspense else "(an earlier mapping)"


def _with_rows(records: Sequence[BehindDocument]) -> list[EvidenceRecord]:
    """The records with their raw rows: pages one after the other, each read once."""
    raw: dict[int, RawRow] = {}
    for page_id in sorted({record.page for record in records if record.page is not None}):
        page = raw_page(page_id)
        for record in records:
            if record.page == page_id:
                raw[record.number] = row_of(page, page_id, record.page_row)
    room, found = MOST_ROW_BYTES, []
    for record in records:
        own = raw.get(record.number) or row_of(None, None, None)
        size = len(memoryview(own.payload)) + len(memoryview(record.canonical))
        room -= size
        left_out = "" if room >= 0 else f"left out for its size of {size:,} bytes: ask for a page of fewer records"
        if left_out:
            own = RawRow(own.page, own.row, own.dataset, own.received_at, absent=left_out)
        kept = structs.replace(record, canonical=own.payload) if left_out else record
        found.append(EvidenceRecord(kept, own, left_out))
    return found


def _events(company: Company, reference: str) -> tuple[Event, ...]:
    found = AuditEntry.objects.filter(company=company, subject=reference).order_by("id")[:MOST_EVENTS]
    return tuple(Event(entry.at, entry.code, entry.actor, entry.detail) for entry in found)
