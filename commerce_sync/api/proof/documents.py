"""Documents: of one sync, of a company, and one by itself with the records behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync.api.errors import missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.proof.document_shapes import PostedDocument, document_shape
from commerce_sync.api.proof.parameters import page_parameters
from commerce_sync.api.proof.record_shapes import records_page
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.document_records import records_of
from commerce_sync.documents import document_named, documents_of, listed, whole
from commerce_sync.explain_documents import account_names
from commerce_sync.models import Sync
from ledger.models import Company, Document

TAG: Final = "Documents"
RECORDS: Final = 100  # of the records behind a document, in a page of them
MOST_RECORDS: Final = 1_000
FIELDS: Final = {
    "id": Field("uuid", "uuid"),
    "reference": Field("reference"),
    "kind": Field("kind"),
    "state": Field("state"),
    "date": Field("date", "instant"),
    "businessDay": Field("posting__day", "instant"),
    "currency": Field("currency"),
    "syncId": Field("posting__act", "uuid"),
    "mappingVersion": Field("posting__book_version__number", "number"),
    "createdAt": Field("created_at", "instant"),
}


class _DocumentsView(ApiView):
    def page(self, company: Company, rows: QuerySet[Document], request: Request) -> HttpResponse:
        """The page of `rows` that is asked for."""
        paging = read_paging(request)
        rows = filtered(rows, FIELDS, request, "Document")
        found = listed(rows, paging.offset, paging.size)
        names, syncs = account_names(company.pk), sync_ids(company, [each.row.posting.act for each in found])
        results = [document_shape(each, names, syncs) for each in found]
        return answer(page_of(results, rows.count(), paging, request))


class CompanyDocuments(_DocumentsView):
    """All documents of a company."""

    @operation("list-documents", "List documents", tag=TAG, answers=PostedDocument, paged=True, filtered=True,
               errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The documents of a company with their lines, newest day first, whatever became of them.

        `query` and `orderBy` know id, reference, kind, state, date, businessDay, currency, syncId, mappingVersion and
        createdAt.
        """
        company = self.company(companyId)
        return self.page(company, documents_of(company), request)


class SyncDocuments(_DocumentsView):
    """The documents of a sync."""

    @operation("list-sync-documents", "List documents of a sync", tag=TAG, answers=PostedDocument, paged=True,
               filtered=True, errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str, syncId: str) -> HttpResponse:
        """The documents that one sync made, with their lines; `query` and `orderBy` as for all documents."""
        company = self.company(companyId)
        sync = Sync.objects.filter(company=company, public_id=as_uuid(syncId, "sync")).first()
        if sync is None:
            raise missing("sync", syncId)
        return self.page(company, documents_of(company).filter(posting__act=sync.public_id), request)


class DocumentById(ApiView):
    """One document."""

    @operation("get-document", "Get document", tag=TAG, answers=PostedDocument, errors=(404,),
               query=page_parameters(RECORDS, MOST_RECORDS))  # fmt: skip
    def get(self, request: Request, companyId: str, documentId: str) -> HttpResponse:
        """A document, by its id or its reference, with its lines and the records of its posting, a page at a time."""
        company, paging = self.company(companyId), read_paging(request, RECORDS, MOST_RECORDS)
        found = whole(one_document(company, documentId))
        part = records_of(found.row.posting_id, paging.offset, paging.size)
        names, syncs = account_names(company.pk), sync_ids(company, [found.row.posting.act])
        records = records_page(part, names, paging, request)
        return answer(document_shape(found, names, syncs, records, part.adds_up))


def one_document(company: Company, document_id: str) -> Document:
    """The document of `company` with this id or reference; raises `ApiError` 404."""
    row = document_named(company, document_id)
    if row is None:
        raise missing("document", document_id[:100])
    return row


def sync_ids(company: Company, acts: Iterable[UUID]) -> set[UUID]:
    """Those of `acts` that are syncs of `company`."""
    return set(Sync.objects.filter(company=company, public_id__in=set(acts)).values_list("public_id", flat=True))


_ROOT: Final = "companies/<str:companyId>"
urlpatterns = [
    path(f"{_ROOT}/sync/commerce/syncs/<str:syncId>/documents", SyncDocuments.as_view()),
    path(f"{_ROOT}/documents", CompanyDocuments.as_view()),
    path(f"{_ROOT}/documents/<str:documentId>", DocumentById.as_view()),
]
