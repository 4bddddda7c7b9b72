"""Erasures over the API: forget a customer, or all persons of a company that left; and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.models import Erasure as ErasureRow
from health.personal.erasing import LONGEST_TEXT, MOST_TEXTS, BadErasure, request_erasure

TAG: Final = "Erasures"


class Erasure(Shape):
    """What was asked to be forgotten. By what the person was known is not repeated, and gone once it is done.

    ``rows`` counts raw payloads, ``records`` what was made of them, ``names`` customers that the sales system named.
    """

    id: UUID
    kind: str
    reason: str
    requested_by: str
    requested: datetime
    rows: int
    records: int
    names: int
    finished: datetime | UnsetType = UNSET


class RequestErasure(Input):
    """Either ``person``: by what a customer of the company is known (the id at the sales system, e-mail, name), or
    ``companyName``: the name of the company, letter by letter, so that nobody erases another one by mistake."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    person: Annotated[list[Annotated[str, Meta(max_length=LONGEST_TEXT)]], Meta(max_length=MOST_TEXTS)] | UnsetType = (
        UNSET
    )
    company_name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class ErasureList(ApiView):
    """The erasures of a company."""

    @operation("list-erasures", "List erasures", tag=TAG, answers=Erasure, paged=True, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """What was asked to be forgotten, the newest first."""
        paging = read_paging(request)
        rows = ErasureRow.objects.filter(company=self.company(companyId)).order_by("-pk")
        found = rows[paging.offset : paging.offset + paging.size]
        return answer(page_of([_shape(row) for row in found], rows.count(), paging, request))

    @operation("request-erasure", "Forget a person, or all of a company", tag=TAG, answers=Erasure,
               body=RequestErasure, errors=(404,))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """Forget a customer, or all persons of a company that left, which is unlinked from everything at once. It is
        carried out within minutes and cannot be undone. Documents, amounts and what proves them stay."""
        company, said = self.company(companyId), self.body(RequestErasure)
        person = said.person or []
        if bool(person) == bool(said.company_name):
            raise invalid("Say either person or companyName.", ("person", "either this or companyName"))
        if said.company_name and said.company_name != company.name:
            raise invalid("This is not the name of the company.", ("companyName", "not its name, letter by letter"))
        try:
            row = request_erasure(company=company, texts=person, reason=said.reason, actor=self.actor)
        except BadErasure as error:
            raise invalid(str(error), ("person", "cannot be looked for")) from None
        return answer(_shape(row))


def _shape(row: ErasureRow) -> Erasure:
    return Erasure(
        id=row.public_id, kind=row.kind, reason=row.reason, requested_by=row.actor, requested=row.requested_at,
        rows=row.counts.get("rows", 0), records=row.counts.get("records", 0), names=row.counts.get("names", 0),
        finished=row.finished_at or UNSET,
    )  # fmt: skip


urlpatterns = [path("companies/<str:companyId>/erasures", ErasureList.as_view())]
