"""The log of webhook deliveries: list, read, replay one."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync.api.errors import missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.view import answer, as_uuid
from health.api.webhook_shapes import WebhookDelivery, WebhookDeliveryLog, delivery_shape, log_shape
from health.api.webhooks import TAG, EndpointView, refusals
from health.models import WebhookDelivery as DeliveryRow
from health.webhooks.services import replay

MOST_ATTEMPTS: Final = 50  # of one delivery, in its log
FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "eventId": Field("event__public_id", "uuid"),
    "eventType": Field("event__type", "text"),
    "companyId": Field("event__company__public_id", "uuid"),
    "status": Field("state", "text"),
    "created": Field("created_at", "instant"),
    "ended": Field("ended_at", "instant"),
    "lastStatusCode": Field("last_status", "number"),
}


class DeliveryView(EndpointView):
    """Deliveries of one endpoint."""

    def deliveries(self, endpoint_id: str) -> QuerySet[DeliveryRow]:
        """Those of the caller's endpoint, latest first, with events and companies; raises `ApiError` 404."""
        mine = DeliveryRow.objects.filter(endpoint=self.one(endpoint_id))
        return mine.select_related("event__company").defer("event__body").order_by("-id")

    def delivery(self, endpoint_id: str, delivery_id: str) -> DeliveryRow:
        """One of them; raises `ApiError` 404."""
        wanted = as_uuid(delivery_id, "webhook delivery")
        row = self.deliveries(endpoint_id).filter(public_id=wanted).first()
        if row is None:
            raise missing("webhook delivery", delivery_id)
        return row


class DeliveryList(DeliveryView):
    """All deliveries of one endpoint."""

    @operation("list-webhook-deliveries", "List webhook deliveries", tag=TAG, answers=WebhookDelivery, paged=True,
               filtered=True, errors=(404,))  # fmt: skip
    def get(self, request: Request, endpointId: str) -> HttpResponse:
        """What was sent to an endpoint, or waits to be, latest first."""
        paging = read_paging(request)
        rows = filtered(self.deliveries(endpointId), FIELDS, request, "WebhookDelivery")
        found = rows[paging.offset : paging.offset + paging.size]
        return answer(page_of([delivery_shape(row) for row in found], rows.count(), paging, request))


class DeliveryDetail(DeliveryView):
    """One delivery."""

    @operation("get-webhook-delivery", "Get webhook delivery", tag=TAG, answers=WebhookDeliveryLog, errors=(404,))
    def get(self, request: Request, endpointId: str, deliveryId: str) -> HttpResponse:
        """A delivery with its payload and its latest tries."""
        row = self.delivery(endpointId, deliveryId)
        return answer(log_shape(row, list(row.log.order_by("-number")[:MOST_ATTEMPTS])))


class DeliveryReplay(DeliveryView):
    """Sending one delivery again."""

    @operation("replay-webhook-delivery", "Replay webhook delivery", tag=TAG, answers=WebhookDelivery,
               errors=(404, 409))  # fmt: skip
    def post(self, request: Request, endpointId: str, deliveryId: str) -> HttpResponse:
        """Send it again, under the same event id, with all its tries anew."""
        row = self.delivery(endpointId, deliveryId)
        with refusals():
            replay(delivery=row, actor=self.actor)
        row.refresh_from_db(fields=["state", "next_at", "ended_at", "tries"])
        return answer(delivery_shape(row))


_ALL: Final = "config/webhooks/<str:endpointId>/deliveries"
urlpatterns = [
    path(_ALL, DeliveryList.as_view()),
    path(f"{_ALL}/<str:deliveryId>", DeliveryDetail.as_view()),
    path(f"{_ALL}/<str:deliveryId>/replay", DeliveryReplay.as_view()),
]
