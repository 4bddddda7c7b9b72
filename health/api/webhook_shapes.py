"""The published shapes of webhook endpoints, their deliveries and the tries to make them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.shape import Input, Shape
from health.models import WebhookAttempt as AttemptRow
from health.models import WebhookDelivery as DeliveryRow
from health.models import WebhookEndpoint as EndpointRow
from health.webhooks.address import LONGEST_URL
from health.webhooks.event_types import NAMES, EventType

DEFAULT_OVERLAP_SECONDS: Final = 24 * 3_600
LONGEST_OVERLAP_SECONDS: Final = 7 * 24 * 3_600

State = Literal["waiting", "sending", "delivered", "failed"]
Url = Annotated[str, Meta(min_length=1, max_length=LONGEST_URL)]
Description = Annotated[str, Meta(max_length=200)]
EventTypes = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=len(NAMES))]


class WebhookEndpoint(Shape):
    """An address of yours. ``event_types`` empty: all, later ones too. ``failing_since``: no success since then."""

    id: UUID
    url: str
    description: str
    event_types: list[str]
    status: Literal["enabled", "disabled"]
    created: datetime
    disabled: datetime | UnsetType = UNSET
    disabled_reason: str | UnsetType = UNSET
    last_delivered: datetime | UnsetType = UNSET
    failing_since: datetime | UnsetType = UNSET
    former_secret_until: datetime | UnsetType = UNSET


class NewWebhookEndpoint(Shape):
    """An endpoint with its signing secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


class CreateWebhookEndpoint(Input):
    """An https address, and what it is to be told of; absent or empty: everything."""

    url: Url
    description: Description = ""
    event_types: EventTypes = []


class UpdateWebhookEndpoint(Input):
    """What is to change; what is absent stays."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class RotateWebhookSecret(Input):
    """How long the former secret signs beside the new one; 0: not at all."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP_SECONDS)] = DEFAULT_OVERLAP_SECONDS


class ReplayWebhooks(Input):
    """Events from ``start`` up to ``finish``; ``only_missed``: those that the endpoint has not taken."""

    start: datetime
    finish: datetime
    only_missed: bool = True


class ReplayedWebhooks(Shape):
    """How many deliveries were queued."""

    deliveries: int


class WebhookAttempt(Shape):
    """One try. ``answer`` is the beginning of what came back; ``error`` says why it does not count as delivered."""

    number: int
    started: datetime
    duration_milliseconds: int | UnsetType = UNSET
    status_code: int | UnsetType = UNSET
    answer: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class WebhookDelivery(Shape):
    """One event on its way to one endpoint. ``event_id`` is the `webhook-id` that it is sent under."""

    id: UUID
    event_id: UUID
    event_type: str
    status: State
    attempts: int
    created: datetime
    company_id: UUID | UnsetType = UNSET
    next_attempt: datetime | UnsetType = UNSET
    ended: datetime | UnsetType = UNSET
    last_status_code: int | UnsetType = UNSET
    last_error: str | UnsetType = UNSET


class WebhookDeliveryLog(Shape):
    """A delivery with what is sent and the latest tries, the last one first."""

    delivery: WebhookDelivery
    payload: Any
    attempts: list[WebhookAttempt]


class WebhookEventType(Shape):
    """A type of events."""

    name: str
    description: str


def endpoint_shape(row: EndpointRow) -> WebhookEndpoint:
    """An endpoint as it is published: without its secrets."""
    return WebhookEndpoint(
        id=row.public_id,
        url=row.url,
        description=row.description,
        event_types=row.event_types,
        status="disabled" if row.disabled_at else "enabled",
        created=row.created_at,
        disabled=row.disabled_at or UNSET,
        disabled_reason=row.disabled_reason or UNSET,
        last_delivered=row.delivered_at or UNSET,
        failing_since=row.failing_since or UNSET,
        former_secret_until=row.former_until or UNSET,
    )


def delivery_shape(row: DeliveryRow) -> WebhookDelivery:
    """A delivery as it is published; its event and the event's company must be at hand."""
    return WebhookDelivery(
        id=row.public_id,
        event_id=row.event.public_id,
        event_type=row.event.type,
        status=cast(State, row.state),
        attempts=row.attempts,
        created=row.created_at,
        company_id=row.event.company.public_id if row.event.company else UNSET,
        next_attempt=row.next_at or UNSET,
        ended=row.ended_at or UNSET,
        last_status_code=row.last_status or UNSET,
        last_error=row.last_error or UNSET,
    )


def log_shape(row: DeliveryRow, attempts: list[AttemptRow]) -> WebhookDeliveryLog:
    """A delivery with its payload and tries."""
    return WebhookDeliveryLog(
        delivery=delivery_shape(row),
        payload=msgspec.Raw(bytes(row.event.body)),
        attempts=[
            WebhookAttempt(
                number=each.number,
                started=each.started_at,
                duration_milliseconds=UNSET if each.duration_ms is None else each.duration_ms,
                status_code=each.status or UNSET,
                answer=each.answer or UNSET,
                error=each.error or UNSET,
            )
            for each in attempts
        ],
    )


def event_type_shape(event_type: EventType) -> WebhookEventType:
    """A type as it is published."""
    return WebhookEventType(name=event_type.name, description=event_type.description)
