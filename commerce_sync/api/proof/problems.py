"""Problems: why something is not in the books, or should be looked at, and what to do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.proof.parameters import parameter
from commerce_sync.api.proof.problem_shapes import ProblemReason, reason_shape
from commerce_sync.api.shape import Shape
from commerce_sync.api.view import ApiView, answer
from ledger.models import Company, ProblemRow

STATUSES: Final = ("open", "resolved", "all")
FIELDS: Final = {
    "code": Field("code"),
    "subject": Field("subject"),
    "since": Field("opened_at", "instant"),
    "resolvedAt": Field("resolved_at", "instant"),
    "recordId": Field("record__external_id"),
    "recordKind": Field("record__kind"),
    "connectionId": Field("source__connection__public_id", "uuid"),
}


class OpenProblem(Shape):
    """A problem. ``subject`` says what it is about: a record, a role, or a day. ``record_id`` is the platform's, and
    absent for a row that never became a record and for what concerns a whole group."""

    id: UUID
    subject: str
    since: datetime
    reason: ProblemReason
    record_id: str | UnsetType = UNSET
    record_kind: str | UnsetType = UNSET
    connection_id: UUID | UnsetType = UNSET
    resolved_at: datetime | UnsetType = UNSET


class Problems(ApiView):
    """The problems of a company."""

    @operation(
        "list-problems", "List problems", tag="Problems", answers=OpenProblem, paged=True, filtered=True, errors=(404,),
        query=(parameter("status", "Which: open (default), resolved, or all.",
                         {"type": "string", "enum": [*STATUSES], "default": "open"}),),
    )  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """What keeps records of a company out of its books, or should be looked at: in words, with what to do and whose
        turn it is. Newest first. A problem goes away by itself when a later version of the record, or of the mapping,
        cures it.

        `query` and `orderBy` know code, subject, since, resolvedAt, recordId, recordKind and connectionId.
        """
        company, paging = self.company(companyId), read_paging(request)
        status = request.query_params.get("status", "open")
        if status not in STATUSES:
            raise invalid(f"status must be one of {', '.join(STATUSES)}.", ("status", f"{status[:40]!r} is not"))
        rows = ProblemRow.objects.filter(company=company).select_related("record", "source__connection")
        rows = rows.defer("record__body", "source__connection__settings").order_by("-opened_at", "-pk")
        if status != "all":
            rows = rows.filter(resolved_at__isnull=status == "open")
        rows = filtered(rows, FIELDS, request, "Problem")
        results = [_shape(row, company) for row in rows[paging.offset : paging.offset + paging.size]]
        return answer(page_of(results, rows.count(), paging, request))


def _shape(row: ProblemRow, company: Company) -> OpenProblem:
    connection = getattr(row.source, "connection", None)
    return OpenProblem(
        id=uuid5(company.public_id, f"problem {row.pk}"),
        subject=row.subject,
        since=row.opened_at,
        reason=reason_shape(row.problem),
        record_id=row.record.external_id if row.record else UNSET,
        record_kind=row.record.kind if row.record else UNSET,
        connection_id=connection.public_id if connection else UNSET,
        resolved_at=row.resolved_at or UNSET,
    )


urlpatterns = [path("companies/<str:companyId>/problems", Problems.as_view())]
