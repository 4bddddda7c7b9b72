"""Webhook endpoints: add, list, change, remove, rotate the secret, test, replay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync import correlation
from commerce_sync.api.errors import conflict, invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.view import ApiView, answer, as_uuid
from connectors.addresses import BadAddress
from health.api.webhook_shapes import (
    CreateWebhookEndpoint,
    NewWebhookEndpoint,
    ReplayedWebhooks,
    ReplayWebhooks,
    RotateWebhookSecret,
    UpdateWebhookEndpoint,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEventType,
    delivery_shape,
    endpoint_shape,
    event_type_shape,
)
from health.models import WebhookEndpoint as EndpointRow
from health.webhooks.event_types import EVENT_TYPES
from health.webhooks.services import (
    Busy,
    DuplicateUrl,
    NewEndpoint,
    TooMany,
    UnknownEventType,
    add_endpoint,
    change_endpoint,
    remove_endpoint,
    replay_range,
    rotate_secret,
    send_test,
)

TAG: Final = "Webhooks"
FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "url": Field("url", "text"),
    "created": Field("created_at", "instant"),
    "disabled": Field("disabled_at", "instant"),
    "failingSince": Field("failing_since", "instant"),
}


class EndpointView(ApiView):
    """Endpoints of the caller."""

    def one(self, endpoint_id: str) -> EndpointRow:
        """The caller's endpoint with this id; raises `ApiError` 404."""
        wanted = as_uuid(endpoint_id, "webhook endpoint")
        row = EndpointRow.objects.filter(partner=self.partner, public_id=wanted).first()
        if row is None:
            raise missing("webhook endpoint", endpoint_id)
        row.partner = self.partner
        return row


def with_secret(new: NewEndpoint) -> HttpResponse:
    """One of the two answers that have a secret; nothing on its way may keep it."""
    response = answer(NewWebhookEndpoint(endpoint=endpoint_shape(new.row), secret=new.secret))
    response["Cache-Control"] = "no-store"
    return response


@contextmanager
def refusals() -> Iterator[None]:
    """What the services refuse, in the published shape."""
    try:
        yield
    except BadAddress as error:
        raise invalid(str(error), ("url", str(error))) from None
    except DuplicateUrl:
        words = "You have an endpoint at this address already; each event would arrive there twice."
        raise invalid(words, ("url", "taken")) from None
    except UnknownEventType as error:
        words = f"There is no event type {error.name!r}; GET /config/webhooks/eventTypes lists them."
        raise invalid(words, (f"eventTypes[{error.place}]", "unknown")) from None
    except TooMany as error:
        raise invalid(str(error)) from None
    except Busy as error:
        raise conflict(str(error)) from None


class EndpointList(EndpointView):
    """All endpoints."""

    stores_answers = False  # a stored answer would hold the secret in the clear; the address is taken once

    @operation("list-webhook-endpoints", "List webhook endpoints", tag=TAG, answers=WebhookEndpoint, paged=True,
               filtered=True)  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Your endpoints, oldest first."""
        paging = read_paging(request)
        mine = EndpointRow.objects.filter(partner=self.partner).order_by("id")
        rows = filtered(mine, FIELDS, request, "WebhookEndpoint")
        found = rows[paging.offset : paging.offset + paging.size]
        return answer(page_of([endpoint_shape(row) for row in found], rows.count(), paging, request))

    @operation("create-webhook-endpoint", "Create webhook endpoint", tag=TAG, answers=NewWebhookEndpoint,
               body=CreateWebhookEndpoint)  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        """A new endpoint, told of what happens from now on. Its signing secret is shown this once.

        An `Idempotency-Key` has no effect here, since no answer with a secret is kept.
        """
        said = self.body(CreateWebhookEndpoint)
        with refusals():
            new = add_endpoint(
                partner=self.partner,
                url=said.url,
                description=said.description,
                event_types=said.event_types,
                actor=self.actor,
            )
        return with_secret(new)


class EndpointDetail(EndpointView):
    """One endpoint."""

    @operation("get-webhook-endpoint", "Get webhook endpoint", tag=TAG, answers=WebhookEndpoint, errors=(404,))
    def get(self, request: Request, endpointId: str) -> HttpResponse:
        """An endpoint, and how it fares."""
        return answer(endpoint_shape(self.one(endpointId)))

    @operation("update-webhook-endpoint", "Update webhook endpoint", tag=TAG, answers=WebhookEndpoint,
               body=UpdateWebhookEndpoint, errors=(404,))  # fmt: skip
    def patch(self, request: Request, endpointId: str) -> HttpResponse:
        """Change the address, the description or the event types; disable it, or enable it again."""
        row, said = self.one(endpointId), self.body(UpdateWebhookEndpoint)
        with refusals():
            row = change_endpoint(
                endpoint=row,
                url=said.url,
                description=said.description,
                event_types=said.event_types,
                enabled=said.enabled,
                actor=self.actor,
            )
        return answer(endpoint_shape(row))

    @operation("delete-webhook-endpoint", "Delete webhook endpoint", tag=TAG, answers=None, status=204, errors=(404,))
    def delete(self, request: Request, endpointId: str) -> HttpResponse:
        """Remove the endpoint, what waits for it, and the log of its deliveries."""
        remove_endpoint(endpoint=self.one(endpointId), actor=self.actor)
        return HttpResponse(status=204)


class SecretRotation(EndpointView):
    """The signing secret of one endpoint."""

    stores_answers = False

    @operation("rotate-webhook-secret", "Rotate webhook secret", tag=TAG, answers=NewWebhookEndpoint,
               body=RotateWebhookSecret, errors=(404,))  # fmt: skip
    def post(self, request: Request, endpointId: str) -> HttpResponse:
        """A new secret, shown this once. For the overlap each webhook carries a signature of either.

        An `Idempotency-Key` has no effect here, since no answer with a secret is kept.
        """
        row, said = self.one(endpointId), self.body(RotateWebhookSecret)
        new = rotate_secret(endpoint=row, overlap=timedelta(seconds=said.overlap_seconds), actor=self.actor)
        return with_secret(new)


class EndpointTest(EndpointView):
    """Trying an endpoint."""

    @operation("test-webhook-endpoint", "Test webhook endpoint", tag=TAG, answers=WebhookDelivery, errors=(404, 409))
    def post(self, request: Request, endpointId: str) -> HttpResponse:
        """Queue an event `webhook.test` for this endpoint; the delivery tells what came of it."""
        row = self.one(endpointId)
        with refusals():
            delivery = send_test(endpoint=row, correlation=correlation.current())
        return answer(delivery_shape(delivery))


class EndpointReplay(EndpointView):
    """Sending what was sent before."""

    @operation("replay-webhooks", "Replay webhooks", tag=TAG, answers=ReplayedWebhooks, body=ReplayWebhooks,
               errors=(404, 409))  # fmt: skip
    def post(self, request: Request, endpointId: str) -> HttpResponse:
        """Send the events of a time range again, under their former ids: by default those that the endpoint has not
        taken, also those from while it was disabled. Events are kept for 30 days."""
        row, said = self.one(endpointId), self.body(ReplayWebhooks)
        for name, instant in (("start", said.start), ("finish", said.finish)):
            if instant.tzinfo is None:
                raise invalid("Instants need a zone.", (name, "has no zone; end it with Z or an offset"))
        if said.start >= said.finish:
            raise invalid("The range is empty.", ("finish", "must be after start"))
        with refusals():
            count = replay_range(
                endpoint=row, start=said.start, finish=said.finish, only_missed=said.only_missed, actor=self.actor
            )
        return answer(ReplayedWebhooks(deliveries=count))


class EventTypeList(ApiView):
    """What there is to be told of."""

    @operation("list-webhook-event-types", "List webhook event types", tag=TAG, answers=list[WebhookEventType])
    def get(self, request: Request) -> HttpResponse:
        """The types of events."""
        return answer([event_type_shape(each) for each in EVENT_TYPES])


_ONE: Final = "config/webhooks/<str:endpointId>"
urlpatterns = [
    path("config/webhooks", EndpointList.as_view()),
    path("config/webhooks/eventTypes", EventTypeList.as_view()),
    path(_ONE, EndpointDetail.as_view()),
    path(f"{_ONE}/rotateSecret", SecretRotation.as_view()),
    path(f"{_ONE}/test", EndpointTest.as_view()),
    path(f"{_ONE}/replay", EndpointReplay.as_view()),
]
