"""The console's view of what partners are told. Secrets and bodies of events are not shown as fields."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

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
    """Leads to the console's own pages: the admin's addresses of findings are theirs."""

    partner_path = "partner"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue."""
        return redirect("admin:console-findings")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one finding."""
        found = self.get_object(request, object_id or "")
        if found is None:
            raise Http404("There is no such finding.")
        return redirect("admin:console-finding", finding_id=found.public_id)
