"""The address that opens the merchant's pages."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from commerce_sync.api.company_shapes import Name
from commerce_sync.api.errors import invalid, missing
from commerce_sync.api.links import absolute
from commerce_sync.api.operation import operation
from commerce_sync.api.shape import Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.origins import on_registered_origin
from commerce_sync.setup_links import NoSuchCompany, OtherBooks, make_link
from connectors import registry
from connectors.addresses import BadAddress
from connectors.platform import AccountingPlatform, CommercePlatform
from ledger.models import Partner


class SyncFlowUrl(Shape):
    """The address; ours beside it: whose pages it opens, and until when."""

    url: str
    company_id: UUID
    expires: datetime


_PARAMETERS: Final = (
    OpenApiParameter(
        "merchantIdentifier", {"type": "string", "maxLength": 200}, OpenApiParameter.QUERY, required=True,
        description="The id of one of your companies, or a merchant's name: found in any case, or created.",
    ),
    OpenApiParameter(
        "redirectUrl", {"type": "string", "format": "uri"}, OpenApiParameter.QUERY,
        description="Where the merchant goes at the end; on an origin that you have registered. Ours.",
    ),
)  # fmt: skip


class FlowUrl(ApiView):
    """A way into the pages of one merchant."""

    @operation("get-sync-flow-url", "Start new sync flow", tag="Connections", answers=SyncFlowUrl,
               query=_PARAMETERS, errors=(404,))  # fmt: skip
    def get(self, request: Request, commerceKey: str, accountingKey: str) -> HttpResponse:
        """An address with a code that works once, for 30 seconds: send the merchant's browser there.

        The company and its connections to the two platforms are created when they are missing.
        """
        commerce, accounting = _platforms(commerceKey, accountingKey)
        merchant = _merchant(request)
        try:
            new = make_link(
                partner=self.partner,
                merchant=merchant,
                commerce=commerce,
                accounting=accounting,
                redirect_url=_redirect(request, self.partner),
                actor=self.actor,
            )
        except NoSuchCompany:
            raise missing("company", merchant) from None
        except OtherBooks as error:
            words = f"This merchant's accounting is connected to {error.connection.name}; unlink that connection first."
            raise invalid(words, ("accountingKey", "other accounting software is connected")) from None
        path = f"/flow/start/{new.company.public_id}?{urlencode({'code': new.code})}"
        url = absolute(request._request, path)
        response = answer(SyncFlowUrl(url=url, company_id=new.company.public_id, expires=new.expires_at))
        response["Cache-Control"] = "no-store"
        return response


def _platforms(commerce: str, accounting: str) -> tuple[CommercePlatform, AccountingPlatform]:
    """The two platforms, each of its kind; raises `ApiError` 400."""
    sells, keeps = registry.named(commerce), registry.named(accounting)
    if isinstance(sells, CommercePlatform) and isinstance(keeps, AccountingPlatform):
        return sells, keeps
    items = []
    if not isinstance(sells, CommercePlatform):
        items.append(("commerceKey", f"{commerce[:60]!r} is no platform where sales come from"))
    if not isinstance(keeps, AccountingPlatform):
        items.append(("accountingKey", f"{accounting[:60]!r} is no accounting software"))
    raise invalid("The platforms cannot be connected; GET /config/integrations lists them.", *items)


def _merchant(request: Request) -> str:
    said = request.query_params.get("merchantIdentifier", "").strip()
    try:
        return msgspec.convert(said, Name)
    except msgspec.ValidationError:
        words = "merchantIdentifier must be the id of one of your companies, or a name of 1 to 200 characters."
        raise invalid(words, ("merchantIdentifier", "missing, too long, or with control characters")) from None


def _redirect(request: Request, partner: Partner) -> str:
    said = request.query_params.get("redirectUrl", "")
    if not said:
        return ""
    try:
        return on_registered_origin(partner, said)
    except BadAddress as error:
        raise invalid("The merchant cannot be sent back there.", ("redirectUrl", str(error))) from None


urlpatterns = [
    path("config/sync/commerce/<str:commerceKey>/<str:accountingKey>/start", FlowUrl.as_view()),
]
