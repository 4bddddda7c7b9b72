"""The evidence of a document, as JSON and as a text to be filed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.operation import operation
from commerce_sync.api.paging import Page, Paging, page_of, read_paging
from commerce_sync.api.proof.document_shapes import PostedDocument, document_shape
from commerce_sync.api.proof.documents import TAG, one_document, sync_ids
from commerce_sync.api.proof.parameters import page_parameters
from commerce_sync.api.proof.record_shapes import DocumentRecord, record_shape
from commerce_sync.api.shape import Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.evidence import Evidence, EvidenceRecord, evidence_of
from commerce_sync.evidence_text import evidence_text

RECORDS: Final = 25  # inlined with their raw rows, by default
MOST_RECORDS: Final = 100


class EvidenceField(Shape):
    """A choice of the mapping and the roles of the document's lines for which it decided."""

    field: str
    value: str
    roles: list[str]


class EvidenceMapping(Shape):
    """The version of the mapping under which the document was made. ``policy``: the switches that are not default."""

    number: int
    author: str
    reason: str
    created_at: datetime
    mode: str
    fields: list[EvidenceField]
    policy: dict[str, Any]


class EvidenceSibling(Shape):
    """Another document of the same posting: they stand and fall together."""

    id: UUID
    reference: str
    kind: str


class EvidenceEvent(Shape):
    """What the audit trail tells of the document."""

    at: datetime
    code: str
    actor: str
    detail: dict[str, Any]


class EvidenceDelivery(Shape):
    """How the document was delivered. ``answer`` is what the accounting platform said."""

    state: str
    attempts: int
    updated_at: datetime
    answer: dict[str, Any]


class EvidenceRow(Shape):
    """The row that a record was made of, as it was sent; ``absent`` says why it is not here."""

    payload: Any | UnsetType = UNSET
    dataset: str | UnsetType = UNSET
    received_at: datetime | UnsetType = UNSET
    row: int | UnsetType = UNSET
    absent: str | UnsetType = UNSET


class EvidencePart(Shape):
    """A record, how it was understood (``canonical``, amounts in minor units; ``digest`` is its hash) and its row.

    ``erased`` is when a person was taken out of it; the digest is that of what was received.
    """

    record: DocumentRecord
    received_at: datetime
    digest: str
    raw: EvidenceRow
    canonical: Any | UnsetType = UNSET
    erased: datetime | UnsetType = UNSET


class EvidencePartPage(Page[EvidencePart]):
    """Some of the records behind a document, with their rows."""


class DocumentEvidence(Shape):
    """All that proves a document. Every amount of its lines leads to records, and each record to the row that was sent.

    ``records_add_up`` is absent where the run is too large to add it up again for an answer.
    """

    made_at: datetime
    company_id: UUID
    company_name: str
    key: str
    document: PostedDocument
    posted_together: list[EvidenceSibling]
    mapping: EvidenceMapping
    events: list[EvidenceEvent]
    records: EvidencePartPage
    records_add_up: bool | UnsetType = UNSET
    delivery: EvidenceDelivery | UnsetType = UNSET


class _EvidenceView(ApiView):
    def gather(self, company_id: str, document_id: str, paging: Paging) -> Evidence:
        """The evidence that is asked for; raises `ApiError` 404."""
        company = self.company(company_id)
        return evidence_of(company, one_document(company, document_id), paging.offset, paging.size)


class EvidenceJson(_EvidenceView):
    """The evidence as JSON."""

    @operation("get-document-evidence", "Get evidence of a document", tag=TAG, answers=DocumentEvidence, errors=(404,),
               query=page_parameters(RECORDS, MOST_RECORDS))  # fmt: skip
    def get(self, request: Request, companyId: str, documentId: str) -> HttpResponse:
        """A document with its delivery, the mapping that decided about it, and its records with the rows as sent."""
        paging = read_paging(request, RECORDS, MOST_RECORDS)
        return answer(_shape(self.gather(companyId, documentId, paging), paging, request))


class EvidenceText(_EvidenceView):
    """The evidence as text."""

    @operation("get-document-evidence-text", "Get evidence of a document as text", tag=TAG, answers=str, errors=(404,),
               media="text/plain", query=page_parameters(RECORDS, MOST_RECORDS))  # fmt: skip
    def get(self, request: Request, companyId: str, documentId: str) -> HttpResponse:
        """The same evidence for people: plain text, as a file."""
        paging = read_paging(request, RECORDS, MOST_RECORDS)
        evidence = self.gather(companyId, documentId, paging)
        name = f"evidence-{evidence.document.row.reference}.txt"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(evidence_text(evidence), content_type="text/plain; charset=utf-8", headers=headers)


def _shape(evidence: Evidence, paging: Paging, request: Request) -> DocumentEvidence:
    row, version, item = evidence.document.row, evidence.mapping, evidence.item
    syncs = sync_ids(evidence.company, [row.posting.act])
    parts = [_part(found, evidence.names) for found in evidence.records]
    page = page_of(parts, evidence.part.total, paging, request)
    return DocumentEvidence(
        made_at=evidence.made_at,
        company_id=evidence.company.public_id,
        company_name=evidence.company.name,
        key=row.key,
        document=document_shape(evidence.document, evidence.names, syncs),
        posted_together=[
            EvidenceSibling(id=each.public_id, reference=each.reference, kind=each.kind) for each in evidence.siblings
        ],
        mapping=EvidenceMapping(
            number=version.number,
            author=version.author,
            reason=version.reason,
            created_at=version.created_at,
            mode=version.book.mode,
            fields=[
                EvidenceField(field=each.field, value=each.value, roles=list(each.roles)) for each in evidence.fields
            ],
            policy=msgspec.to_builtins(version.book.policy),
        ),
        events=[
            EvidenceEvent(at=each.at, code=each.code, actor=each.actor, detail=each.detail) for each in evidence.events
        ],
        records=EvidencePartPage(**{name: getattr(page, name) for name in page.__struct_fields__}),
        records_add_up=UNSET if evidence.part.adds_up is None else evidence.part.adds_up,
        delivery=UNSET
        if item is None
        else EvidenceDelivery(
            state=item.state, attempts=item.attempts, updated_at=item.updated_at, answer=evidence.answer
        ),
    )


def _part(found: EvidenceRecord, names: dict[str, str]) -> EvidencePart:
    raw = found.raw
    return EvidencePart(
        record=record_shape(found.record, names),
        received_at=found.record.received_at,
        digest=found.record.digest,
        canonical=UNSET if found.left_out else found.record.canonical,
        erased=found.record.erased_at or UNSET,
        raw=EvidenceRow(
            payload=UNSET if raw.absent else raw.payload,
            dataset=raw.dataset or UNSET,
            received_at=raw.received_at or UNSET,
            row=UNSET if raw.row is None else raw.row,
            absent=raw.absent or UNSET,
        ),
    )


_ROOT: Final = "companies/<str:companyId>/documents/<str:documentId>"
urlpatterns = [path(f"{_ROOT}/evidence", EvidenceJson.as_view()), path(f"{_ROOT}/evidence.txt", EvidenceText.as_view())]
