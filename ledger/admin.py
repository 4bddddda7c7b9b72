"""The console's view of the ledger: to look things up. Money is never edited; what changes, changes by its services."""

from __future__ import annotations

import json
from uuid import UUID

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ledger.admin_base import ReadOnly, Rows
from ledger.admin_filters import OfCompany, OfPartner
from ledger.admin_lists import (
    AuditCode,
    AuditDays,
    DocumentDays,
    DocumentKind,
    PartnerOfRow,
    ProblemCode,
    ProblemState,
    RecordId,
    RecordKind,
    RecordsOfCompany,
    Versions,
)
from ledger.company_search import companies_said
from ledger.models import (
    AuditEntry,
    BookVersion,
    Company,
    Document,
    DocumentLine,
    Partner,
    Posting,
    ProblemRow,
    RecordRow,
    Source,
)
from ledger.models.document import PUBLIC_ID
from ledger.money import format_minor
from ledger.render import render


@admin.register(Partner)
class PartnerAdmin(ReadOnly):
    partner_path = "pk"
    list_display = ("name", "public_id", "created_at")
    search_fields = ("name", "=public_id")
    ordering = ("name",)


@admin.register(Company)
class CompanyAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("name", "partner", "currency", "zone", "public_id", "created_at")
    list_filter = (PartnerOfRow,)
    list_select_related = ("partner",)
    search_fields = ("name",)
    search_help_text = "Beginnings of words of the name, or the id"
    ordering = ("name", "pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Company], search_term: str
    ) -> tuple[QuerySet[Company], bool]:
        """By words of the name or by the id, from an index."""
        return (companies_said(search_term, queryset) if search_term.strip() else queryset), False


@admin.register(Source)
class SourceAdmin(ReadOnly):
    list_display = ("label", "company", "created_at")
    list_filter = (OfCompany,)
    list_select_related = ("company",)


@admin.register(BookVersion)
class BookVersionAdmin(ReadOnly):
    list_display = ("company", "number", "author", "reason", "created_at")
    list_filter = (OfCompany,)
    list_select_related = ("company",)
    exclude = ("body",)
    readonly_fields = ("as_text",)

    @admin.display(description="Book")
    def as_text(self, version: BookVersion) -> str:
        """The book as readable JSON."""
        return _pretty(bytes(version.body))


@admin.register(RecordRow)
class RecordRowAdmin(ReadOnly):
    partner_path = "source__company__partner"
    list_display = ("external_id", "kind", "revision", "amount", "happened_at", "superseded", "deleted", "source")
    list_filter = (RecordsOfCompany, RecordId, RecordKind, Versions)
    list_select_related = ("source",)
    exclude = ("body", "digest", "raw_digest")
    readonly_fields = ("amount", "as_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecordRow]:
        """Without the bodies, which only the page of one record shows."""
        return super().get_queryset(request).defer("body")

    @admin.display(description="Effect")
    def amount(self, row: RecordRow) -> str:
        """What it changes of what is owed."""
        return f"{row.currency} {format_minor(row.total, row.currency)}"

    @admin.display(description="Canonical record")
    def as_text(self, row: RecordRow) -> str:
        """The canonical record as readable JSON."""
        return _pretty(bytes(row.body))


@admin.register(Posting)
class PostingAdmin(ReadOnly):
    list_display = ("day", "currency", "label", "revision", "company", "act", "created_at", "withdrawn_at")
    list_filter = (OfCompany,)
    list_select_related = ("company",)
    looked_up = ("act",)
    search_help_text = "The id of a sync"


class _Lines(Rows):
    model = DocumentLine
    fields = ("position", "account", "debits", "credits")
    readonly_fields = ("debits", "credits")
    ordering = ("position",)

    @admin.display(description="Debit")
    def debits(self, line: DocumentLine) -> str:
        """In the document's currency."""
        return format_minor(line.debit, line.document.currency) if line.debit else ""

    @admin.display(description="Credit")
    def credits(self, line: DocumentLine) -> str:
        """In the document's currency."""
        return format_minor(line.credit, line.document.currency) if line.credit else ""


@admin.register(Document)
class DocumentAdmin(ReadOnly):
    list_display = (
        *("reference", "kind", "date", "amount", "narration", "company"),
        *("pushed_at", "withdrawn_at", "voided_at"),
    )
    list_filter = (OfCompany, DocumentDays, DocumentKind)
    list_select_related = ("company",)
    looked_up = ("reference",)
    search_help_text = "Reference or id"
    exclude = ("body", "total")
    readonly_fields = ("amount", "as_text")
    inlines = (_Lines,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """Without the bodies, which only the page of one document shows."""
        return super().get_queryset(request).defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """By the reference, or by the id under which the API knows it."""
        try:
            public_id = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.alias(public=PUBLIC_ID).filter(public=public_id), False

    @admin.display(description="Total")
    def amount(self, document: Document) -> str:
        """With its currency."""
        return f"{document.currency} {format_minor(document.total, document.currency)}"

    @admin.display(description="As an accountant writes it")
    def as_text(self, document: Document) -> str:
        """T-accounts."""
        return render(document.document)


@admin.register(ProblemRow)
class ProblemRowAdmin(ReadOnly):
    list_display = ("subject", "code", "sentence", "company", "opened_at", "resolved_at")
    list_filter = (OfPartner, OfCompany, ProblemState, ProblemCode)
    list_select_related = ("company",)
    readonly_fields = ("sentence", "remedy")

    @admin.display(description="What happened")
    def sentence(self, row: ProblemRow) -> str:
        """In plain words."""
        return row.problem.sentence

    @admin.display(description="What to do")
    def remedy(self, row: ProblemRow) -> str:
        """In plain words."""
        return row.problem.remedy


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("at", "code", "subject", "actor", "company", "partner")
    list_filter = (OfCompany, AuditCode, AuditDays)
    list_select_related = ("company", "partner")
    looked_up = ("subject",)
    search_help_text = "What it is about: an id or a reference"


def _pretty(body: bytes) -> str:
    return json.dumps(msgspec.json.decode(body), indent=2, ensure_ascii=False)
