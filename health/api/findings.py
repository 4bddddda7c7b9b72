"""Findings over the API: those of a company, those of all companies of the partner, and one with its history."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync.api.errors import invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.proof.parameters import parameter
from commerce_sync.api.view import ApiView, answer, as_uuid
from health.api.finding_shapes import Finding, FindingDetail, detail_shape, finding_shape
from health.models import Finding as FindingRow
from health.models import FindingEvent as EventRow

TAG: Final = "Findings"
MOST_EVENTS: Final = 200  # of one finding
MOST_COUNTED: Final = 5_000  # of a list, beyond the page that is asked for
STATUSES: Final[dict[str, Q]] = {
    "open": Q(resolved_at=None, state__in=("open", "assigned")),
    "assigned": Q(resolved_at=None, state="assigned"),
    "ignored": Q(resolved_at=None, state="ignored"),
    "resolved": Q(resolved_at__isnull=False),
    "all": Q(),
}
FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "code": Field("code"),
    "severity": Field("severity"),
    "turn": Field("turn"),
    "companyId": Field("company__public_id", "uuid"),
    "day": Field("day", "instant"),
    "currency": Field("currency"),
    "opened": Field("opened_at", "instant"),
    "changed": Field("changed_at", "instant"),
    "resolved": Field("resolved_at", "instant"),
    "escalated": Field("escalated_at", "instant"),
}
WHICH: Final = parameter(
    "status",
    "Which: open (default; assigned ones too), assigned, ignored, resolved, or all.",
    {"type": "string", "enum": [*STATUSES], "default": "open"},
)


class FindingsView(ApiView):
    """The caller's findings: never those of the installation."""

    def findings(self) -> QuerySet[FindingRow]:
        """All of them, the newest first, with their companies."""
        return FindingRow.objects.filter(partner=self.partner).select_related("company").order_by("-pk")

    def one(self, finding_id: str) -> FindingRow:
        """The caller's finding with this id; raises `ApiError` 404."""
        row = self.findings().filter(public_id=as_uuid(finding_id, "finding")).first()
        if row is None:
            raise missing("finding", finding_id)
        if row.company is not None:
            row.company.partner = self.partner
        return row

    def page(self, rows: QuerySet[FindingRow], request: Request) -> HttpResponse:
        """The page of ``rows`` that is asked for; what is far away is not counted."""
        paging, status = read_paging(request), request.query_params.get("status", "open")
        if status not in STATUSES:
            raise invalid(f"status must be one of {', '.join(STATUSES)}.", ("status", f"{status[:40]!r} is not"))
        rows = filtered(rows.filter(STATUSES[status]), FIELDS, request, "Finding")
        found = [finding_shape(row) for row in rows[paging.offset : paging.offset + paging.size]]
        counted = rows.order_by()[: paging.offset + paging.size + MOST_COUNTED].count()
        return answer(page_of(found, counted, paging, request))


class CompanyFindings(FindingsView):
    """The findings of a company."""

    @operation("list-company-findings", "List findings of a company", tag=TAG, answers=Finding, paged=True,
               filtered=True, errors=(404,), query=(WHICH,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """What is not as it should be at a company, the newest first: in words, with what to do and whose turn it is.

        A finding goes away by itself when its cause is gone. `query` and `orderBy` know id, code, severity, turn, day,
        currency, opened, changed, resolved and escalated.
        """
        return self.page(self.findings().filter(company=self.company(companyId)), request)


class AllFindings(FindingsView):
    """The findings of all companies."""

    @operation("list-findings", "List findings", tag=TAG, answers=Finding, paged=True, filtered=True, query=(WHICH,))
    def get(self, request: Request) -> HttpResponse:
        """What is not as it should be at any of your companies, or at your webhook addresses, the newest first.

        `query` and `orderBy` know id, code, severity, turn, companyId, day, currency, opened, changed, resolved and
        escalated. `totalResults` counts 5,000 beyond the page that is asked for, and no further.
        """
        return self.page(self.findings(), request)


class OneFinding(FindingsView):
    """One finding."""

    @operation("get-finding", "Get finding", tag=TAG, answers=FindingDetail, errors=(404,))
    def get(self, request: Request, findingId: str) -> HttpResponse:
        """A finding with the documents, records and entries that cause it, and what was done with it."""
        row = self.one(findingId)
        events = EventRow.objects.filter(finding=row, is_internal=False).order_by("-pk")
        return answer(detail_shape(row, events[:MOST_EVENTS]))


urlpatterns = [
    path("companies/<str:companyId>/findings", CompanyFindings.as_view()),
    path("config/findings", AllFindings.as_view()),
    path("config/findings/<str:findingId>", OneFinding.as_view()),
]
