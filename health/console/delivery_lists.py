"""What partners are told, as lists: addresses, events, deliveries and their tries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from health.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from health.webhooks.event_types import NAMES
from ledger.admin_base import ReadOnly, partner_scope
from ledger.admin_filters import Choice, Days, Exactly, OfPartner


class PartnerOfRow(OfPartner):
    """Rows that have their partner themselves."""

    path = "partner_id"


class EndpointState(Choice):
    """Whether it takes what is sent."""

    title = "State"
    parameter = "state"
    options = (("failing", "Failing"), ("disabled", "Disabled"))

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those in this state."""
        if self.value == "failing":
            return rows.filter(failing_since__isnull=False, disabled_at=None)
        return rows.filter(disabled_at__isnull=False) if self.value == "disabled" else rows.none()


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("url", "partner", "delivered_at", "failing_since", "failures", "disabled_at", "disabled_reason")
    list_filter = (PartnerOfRow, EndpointState)
    list_select_related = ("partner",)
    looked_up = ("public_id",)
    exclude = ("sealed_secret", "sealed_former", "key_id")


class EventDays(Days):
    """When it happened."""

    title = "Happened"
    parameter = "happened"
    lookup = "happened_at"
    needs = ("partner",)


class EventType(Choice):
    """What it tells of."""

    title = "Type"
    parameter = "type"
    lookup = "type"
    needs = ("partner",)
    options = tuple((name, name) for name in NAMES)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("public_id", "type", "partner", "company", "happened_at")
    list_filter = (PartnerOfRow, EventType, EventDays)
    list_select_related = ("partner", "company")
    looked_up = ("public_id",)
    readonly_fields = ("sent",)
    exclude = ("body",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        """Without the bodies, which only the page of one event shows."""
        return super().get_queryset(request).defer("body")

    @admin.display(description="As it is sent")
    def sent(self, event: WebhookEvent) -> str:
        """The body, as text."""
        return bytes(event.body).decode()


class DeliveryState(Choice):
    """Where it stands."""

    title = "State"
    parameter = "state"
    options = tuple(WebhookDelivery.State.choices)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those in this state."""
        return rows.filter(state=self.value) if self.value in dict(self.options) else rows.none()


class PartnerOfEndpoint(OfPartner):
    """By the addresses of the partner: of each the index has the newest deliveries."""

    path = "endpoint__partner_id"

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The deliveries of its addresses."""
        if self.value not in dict(self.options):
            return rows.none()
        ids = list(WebhookEndpoint.objects.filter(partner_id=int(self.value)).values_list("pk", flat=True))
        return rows.filter(endpoint_id__in=ids)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    partner_path = "endpoint__partner"
    list_display = ("public_id", "event", "endpoint", "state", "attempts", "next_at", "last_status", "last_error")
    list_filter = (PartnerOfEndpoint, DeliveryState)
    list_select_related = ("event", "endpoint")
    looked_up = ("public_id", "event__public_id")
    search_help_text = "Id of a delivery or of an event"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        """Without the bodies of the events; a partner's by the ids of its addresses, which an index has."""
        rows = WebhookDelivery.objects.defer("event__body")
        partner_id = partner_scope(request.user)
        if partner_id is None:
            return rows
        ids = WebhookEndpoint.objects.filter(partner_id=partner_id).values_list("pk", flat=True)
        return rows.filter(endpoint_id__in=list(ids))

    def page_of(self, delivery: WebhookDelivery) -> str:
        """Its page, where it can be sent again."""
        return reverse("admin:console-delivery", args=(delivery.public_id,))


class TriesOf(Exactly):
    """The tries of one delivery. A partner's people say of which: no index has the tries of a partner."""

    title = "Delivery"
    parameter = "of"
    hint = "its id"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The newest of all for people of ours; else those of the delivery."""
        if not self.value and partner_scope(request.user) is not None:
            self.note = "Say of which delivery: its page has its tries as well."
            return queryset.none()
        return super().queryset(request, queryset)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """By the id of the delivery."""
        try:
            return rows.filter(delivery__public_id=UUID(self.value))
        except ValueError:
            return rows.none()


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnly):
    partner_path = "delivery__endpoint__partner"
    list_display = ("delivery", "number", "started_at", "duration_ms", "status", "error")
    list_filter = (TriesOf,)
    list_select_related = ("delivery",)
