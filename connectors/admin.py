"""The console's view of the outside: connections, deliveries, raw pages, calls. Secrets are never shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from connectors import admin_books as admin_books  # the built-in general ledger has its own module
from connectors.models import (
    Binding,
    Bookmark,
    BudgetLine,
    Call,
    Connection,
    Credential,
    IncomingWebhook,
    Option,
    Page,
    PurchaseOrder,
    PushItem,
    Reference,
    StockLevel,
    StockRule,
    Watermark,
)
from ledger.admin_base import ReadOnly
from ledger.models import AuditEntry


@admin.register(Connection)
class ConnectionAdmin(ReadOnly):
    list_display = ("__str__", "company", "kind", "status", "linked_at", "last_synced_at", "public_id")
    list_filter = ("kind", "status", "platform")
    list_select_related = ("company",)
    search_fields = ("company__name", "=public_id")
    readonly_fields = ("why",)

    @admin.display(description="works no longer because", empty_value="")
    def why(self, connection: Connection) -> str:
        """What the platform said when it let us in no longer; nothing while the connection works."""
        if connection.status != Connection.Status.DEAUTHORIZED:
            return ""
        told = AuditEntry.objects.filter(
            company_id=connection.company_id, code="connection.deauthorized", subject=str(connection.public_id)
        )
        reason = told.order_by("-id").values_list("detail__reason", flat=True).first()
        return str(reason or "")


@admin.register(Credential)
class CredentialAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("connection", "key_id", "expires_at", "updated_at")
    list_select_related = ("connection",)
    exclude = ("ciphertext",)


@admin.register(Page)
class PageAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("id", "dataset", "rows", "refused", "body_bytes", "received_at", "connection")
    list_select_related = ("connection",)
    exclude = ("body", "digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Page]:
        """Without the bodies: `manage.py explain` shows the row that matters."""
        return super().get_queryset(request).defer("body")


@admin.register(PushItem)
class PushItemAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("document", "state", "attempts", "failure_sentence", "failure_turn", "connection", "updated_at")
    list_filter = ("state", "failure_turn")
    list_select_related = ("document", "connection")
    search_fields = ("=document__reference",)


@admin.register(Binding)
class BindingAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("document", "kind", "remote_id", "bound_at", "verified_at", "agrees", "connection")
    list_filter = ("agrees",)
    list_select_related = ("document", "connection")
    search_fields = ("=remote_id", "=document__reference")


@admin.register(Watermark)
class WatermarkAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("connection", "dataset", "reached_at", "pulled_at")
    list_select_related = ("connection",)


@admin.register(Bookmark)
class BookmarkAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("connection", "dataset", "began_at", "since", "pages", "began_anew")
    list_select_related = ("connection",)
    fields = ("connection", "dataset", "began_at", "since", "pages", "began_anew")


@admin.register(Reference)
class ReferenceAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("external_id", "kind", "name", "connection", "last_seen_at")
    list_filter = ("kind",)
    list_select_related = ("connection",)
    search_fields = ("=external_id",)


@admin.register(Option)
class OptionAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("name", "code", "kind", "type", "active", "connection", "fetched_at")
    list_filter = ("kind", "active")
    list_select_related = ("connection",)
    search_fields = ("=code", "=external_id")


@admin.register(Call)
class CallAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("started_at", "platform", "method", "url", "status", "failure", "duration_ms", "connection")
    list_filter = ("platform",)
    list_select_related = ("connection",)
    search_fields = ("=correlation",)


@admin.register(IncomingWebhook)
class IncomingWebhookAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("received_at", "event", "delivery_id", "body_bytes", "connection")
    list_select_related = ("connection",)
    search_fields = ("=delivery_id",)
    exclude = ("body",)


@admin.register(BudgetLine)
class BudgetLineAdmin(ReadOnly):
    partner_path = None
    list_display = ("key", "booked_until")


@admin.register(StockLevel)
class StockLevelAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("__str__", "sku", "on_hand", "threshold", "unit_cost", "currency", "low_since", "counted_at")
    list_filter = (("low_since", admin.EmptyFieldListFilter),)
    list_select_related = ("connection",)
    search_fields = ("=item_id", "=sku")


@admin.register(StockRule)
class StockRuleAdmin(ReadOnly):
    list_display = ("__str__", "company", "threshold", "reorder_quantity", "supplier", "drafts_orders", "changed_by")
    list_select_related = ("company",)
    search_fields = ("company__name", "=item_id")


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(ReadOnly):
    list_display = ("reference", "company", "state", "supplier", "remote_id", "failure_sentence", "failure_turn")
    list_filter = ("state", "failure_turn")
    list_select_related = ("company",)
    search_fields = ("=reference", "=remote_id", "company__name")
