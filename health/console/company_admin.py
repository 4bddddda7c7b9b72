"""The lists of companies, documents and records, each row of which opens the console's own page of it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ledger.admin import CompanyAdmin, DocumentAdmin, RecordRowAdmin
from ledger.admin_base import Scoped
from ledger.models import Company, Document, RecordRow

for model in (Company, Document, RecordRow):
    admin.site.unregister(model)


class Opens(Scoped):
    """A list whose rows open the page ``opens``, named by ``named_by`` of the row."""

    opens: ClassVar[str]
    named_by: ClassVar[str] = "pk"

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """On to the page, for whoever may look at the row; else what Django answers to that."""
        row = self.get_object(request, object_id)
        if request.method in ("GET", "HEAD") and row is not None and self.has_view_permission(request, row):
            return redirect(f"admin:{self.opens}", getattr(row, self.named_by))
        answer: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        return answer


@admin.register(Company)
class ConsoleCompanyAdmin(Opens, CompanyAdmin):
    opens = "console-company"
    named_by = "public_id"
    search_help_text = "The beginning of its name, or its id"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By id, or by how the name begins: what an index answers."""
        said = " ".join(search_term.replace("\0", " ").split())
        try:
            return queryset.filter(public_id=UUID(said)), False
        except ValueError:
            rows = queryset.alias(lower=Lower("name")).filter(lower__startswith=said.lower()) if said else queryset
            return rows, False


@admin.register(Document)
class ConsoleDocumentAdmin(Opens, DocumentAdmin):
    opens = "console-document"


@admin.register(RecordRow)
class ConsoleRecordRowAdmin(Opens, RecordRowAdmin):
    opens = "console-record"
