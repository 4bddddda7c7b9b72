"""The console's view of what partners are told. Secrets and bodies of events are not shown as fields."""

from __future__ import annotations

from django.contrib import admin

from health.console import company_admin as company_admin  # the lists that open pages of our own
from health.models import Finding, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from ledger.admin_base import ReadOnly


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("url", "partner", "delivered_at", "failing_since", "failures", "disabled_at", "disabled_reason")
    list_filter = (("disabled_at", admin.EmptyFieldListFilter), ("failing_since", admin.EmptyFieldListFilter))
    list_select_related = ("partner",)
    search_fields = ("=public_id", "partner__name")
    exclude = ("sealed_secret", "sealed_former", "key_id")


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("public_id", "type", "partner", "company", "happened_at")
    list_filter = ("type",)
    list_select_related = ("partner", "company")
    search_fields = ("=public_id",)
    readonly_fields = ("sent",)
    exclude = ("body",)

    @admin.display(description="As it is sent")
    def sent(self, event: WebhookEvent) -> str:
        """The body, as text."""
        return bytes(event.body).decode()


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    partner_path = "endpoint__partner"
    list_display = ("public_id", "event", "endpoint", "state", "attempts", "next_at", "last_status", "last_error")
    list_filter = ("state",)
    list_select_related = ("event", "endpoint")
    search_fields = ("=public_id", "=event__public_id")


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnly):
    partner_path = "delivery__endpoint__partner"
    list_display = ("delivery", "number", "started_at", "duration_ms", "status", "error")
    list_select_related = ("delivery",)
    search_fields = ("=delivery__public_id",)


@admin.register(Finding)
class FindingAdmin(ReadOnly):
    list_display = ("__str__", "severity", "state", "company", "opened_at")
    list_filter = ("state", "severity", "turn", "code")
    list_select_related = ("company",)
    partner_path = "partner"
    exclude = ("digest",)
