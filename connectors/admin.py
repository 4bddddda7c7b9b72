"""The console's view of the outside: connections, deliveries, raw pages, calls. Secrets are never shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from connectors import admin_books as admin_books  # the built-in general ledger has its own module
from connectors.admin_lists import (
    Agrees,
    CallDays,
    CallFailure,
    CallPlatform,
    Code,
    ConnectionKind,
    ConnectionStatus,
    Dataset,
    DocumentDated,
    ItemFailure,
    ItemId,
    ItemsOfCompany,
    ItemState,
    ItemTurn,
    OfConnectedCompany,
    RemoteId,
    ThingId,
)
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
from ledger.admin_filters import OfCompany, OfPartner, Platform
from ledger.models import AuditEntry


@admin.register(Connection)
class ConnectionAdmin(ReadOnly):
    list_display = ("__str__", "company", "kind", "status", "linked_at", "last_synced_at", "public_id")
    list_filter = (OfCompany, OfPartner, Platform, ConnectionStatus, ConnectionKind)
    looked_up = ("public_id",)
    list_select_related = ("company",)
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
    list_filter = (OfConnectedCompany,)
    list_select_related = ("connection",)
    exclude = ("ciphertext",)


@admin.register(Page)
class PageAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("id", "dataset", "rows", "refused", "body_bytes", "received_at", "connection")
    list_filter = (OfConnectedCompany, Dataset)
    looked_up = ("pk",)
    list_select_related = ("connection",)
    exclude = ("body", "digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Page]:
        """Without the bodies: `manage.py explain` shows the row that matters."""
        return super().get_queryset(request).defer("body")


@admin.register(PushItem)
class PushItemAdmin(ReadOnly):
    list_display = ("document", "company", "state", "attempts", "failure_sentence", "failure_turn", "updated_at")
    list_filter = (ItemsOfCompany, OfPartner, ItemState, ItemFailure, ItemTurn, DocumentDated)
    looked_up = ("document__reference",)
    search_help_text = "Reference of a document"
    list_select_related = ("document", "company")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PushItem]:
        """Without the bodies of their documents."""
        return super().get_queryset(request).defer("document__body")


@admin.register(Binding)
class BindingAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("document", "kind", "remote_id", "bound_at", "verified_at", "agrees", "connection")
    list_filter = (OfConnectedCompany, RemoteId, Agrees)
    looked_up = ("document__reference",)
    search_help_text = "Reference of a document"
    list_select_related = ("document", "connection")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Binding]:
        """Without the bodies of their documents."""
        return super().get_queryset(request).defer("document__body")


@admin.register(Watermark)
class WatermarkAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("connection", "dataset", "reached_at", "pulled_at")
    list_filter = (OfConnectedCompany,)
    list_select_related = ("connection",)


@admin.register(Bookmark)
class BookmarkAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("connection", "dataset", "began_at", "since", "pages", "began_anew")
    list_filter = (OfConnectedCompany,)
    list_select_related = ("connection",)
    fields = ("connection", "dataset", "began_at", "since", "pages", "began_anew")


@admin.register(Reference)
class ReferenceAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("external_id", "kind", "name", "connection", "last_seen_at")
    list_filter = (OfConnectedCompany, ThingId)
    list_select_related = ("connection",)


@admin.register(Option)
class OptionAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("name", "code", "kind", "type", "active", "connection", "fetched_at")
    list_filter = (OfConnectedCompany, Code, ThingId)
    list_select_related = ("connection",)


@admin.register(Call)
class CallAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("started_at", "platform", "method", "url", "status", "failure", "duration_ms", "connection")
    list_filter = (OfConnectedCompany, CallPlatform, CallFailure, CallDays)
    looked_up = ("correlation",)
    ordering = ("-started_at",)
    list_select_related = ("connection",)


@admin.register(IncomingWebhook)
class IncomingWebhookAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("received_at", "event", "delivery_id", "body_bytes", "connection")
    list_filter = (OfConnectedCompany,)
    list_select_related = ("connection",)
    exclude = ("body",)


@admin.register(BudgetLine)
class BudgetLineAdmin(ReadOnly):
    partner_path = None
    list_display = ("key", "booked_until")


@admin.register(StockLevel)
class StockLevelAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("__str__", "sku", "on_hand", "threshold", "unit_cost", "currency", "low_since", "counted_at")
    list_filter = (OfConnectedCompany, ItemId)
    list_select_related = ("connection",)


@admin.register(StockRule)
class StockRuleAdmin(ReadOnly):
    list_display = ("__str__", "company", "threshold", "reorder_quantity", "supplier", "drafts_orders", "changed_by")
    list_filter = (OfCompany, ItemId)
    list_select_related = ("company",)


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(ReadOnly):
    list_display = ("reference", "company", "state", "supplier", "remote_id", "failure_sentence", "failure_turn")
    list_filter = (OfCompany,)
    looked_up = ("reference",)
    list_select_related = ("company",)
