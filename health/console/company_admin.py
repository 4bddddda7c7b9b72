"""The lists of companies, partners, keys, documents and records, whose rows open the console's own pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from commerce_sync.admin import ApiKeyAdmin
from commerce_sync.models import ApiKey
from ledger.admin import CompanyAdmin, DocumentAdmin, PartnerAdmin, RecordRowAdmin
from ledger.admin_base import Scoped
from ledger.models import Company, Document, Partner, RecordRow

for model in (ApiKey, Company, Document, Partner, RecordRow):
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


@admin.register(Document)
class ConsoleDocumentAdmin(Opens, DocumentAdmin):
    opens = "console-document"


@admin.register(RecordRow)
class ConsoleRecordRowAdmin(Opens, RecordRowAdmin):
    opens = "console-record"


@admin.register(Partner)
class ConsolePartnerAdmin(Opens, PartnerAdmin):
    opens = "console-partner"


@admin.register(ApiKey)
class ConsoleApiKeyAdmin(Opens, ApiKeyAdmin):
    opens = "console-partner"
    named_by = "partner_id"
