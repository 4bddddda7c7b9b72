"""The web origins to which merchants may be sent back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from msgspec import Meta
from rest_framework.request import Request

from commerce_sync.api.errors import conflict, invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.settings.branding import PUBLISHED
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.models import RegisteredOrigin
from commerce_sync.origins import MOST_ORIGINS, OriginInUse, TooManyOrigins, register_origin, remove_origin
from commerce_sync.web_origin import LONGEST_ORIGIN
from connectors.addresses import BadAddress

FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "origin": Field("origin", "text"),
    "created": Field("created_at", "instant"),
}


class Origin(Shape):
    """A web origin of yours: scheme, host, and port if it is not the scheme's own."""

    id: UUID
    origin: str
    created: datetime


class RegisterOrigin(Input):
    """An origin, such as ``https://shop.example.com``."""

    origin: Annotated[str, Meta(max_length=LONGEST_ORIGIN)]


class OriginList(ApiView):
    """The caller's origins."""

    @operation("list-origins", "List origins", tag="Origins", answers=Origin, paged=True, filtered=True)
    def get(self, request: Request) -> HttpResponse:
        """Your origins, oldest first."""
        paging = read_paging(request)
        rows = filtered(RegisteredOrigin.objects.filter(partner=self.partner), FIELDS, request, "Origin")
        found = rows[paging.offset : paging.offset + paging.size]
        return answer(page_of([_shape(row) for row in found], rows.count(), paging, request))

    @operation("register-origin", "Register origin", tag="Origins", answers=Origin, body=RegisterOrigin, errors=(409,))
    def post(self, request: Request) -> HttpResponse:
        """Register an origin; one that you have already is answered as it is.

        https only; outside of production also http on localhost.
        """
        said = self.body(RegisterOrigin)
        try:
            row = register_origin(partner=self.partner, text=said.origin.strip(), actor=self.actor)
        except BadAddress as error:
            raise invalid("This cannot be an origin.", ("origin", str(error))) from None
        except TooManyOrigins:
            words = f"You have {MOST_ORIGINS} origins, as many as you may have. Delete one that you no longer need."
            raise conflict(words) from None
        return answer(_shape(row))


class OriginDetail(ApiView):
    """One origin."""

    @operation("delete-origin", "Delete origin", tag="Origins", answers=None, status=204, errors=(404, 409))
    def delete(self, request: Request, originId: str) -> HttpResponse:
        """From now on nobody is sent there. An origin that has a picture of your branding cannot be deleted."""
        wanted = as_uuid(originId, "origin")
        row = RegisteredOrigin.objects.filter(partner=self.partner, public_id=wanted).first()
        if row is None:
            raise missing("origin", originId)
        try:
            remove_origin(origin=row, actor=self.actor)
        except OriginInUse as error:
            words = f"The {PUBLISHED[error.field]} of your branding is there. Change the branding first."
            raise conflict(words) from None
        return HttpResponse(status=204)


def _shape(row: RegisteredOrigin) -> Origin:
    return Origin(id=row.public_id, origin=row.origin, created=row.created_at)


urlpatterns = [
    path("config/origins", OriginList.as_view()),
    path("config/origins/<str:originId>", OriginDetail.as_view()),
]
