"""The console's navigation: where each page is found, shown to those who may open it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.urls import reverse


class Place(NamedTuple):
    """One page: what it is called, the name of its address, an icon of Material Symbols, the right to open it."""

    title: str
    name: str
    icon: str
    right: str


PLACES: Final[tuple[tuple[str, tuple[Place, ...]], ...]] = (
    (
        "Work",
        (
            Place("Front page", "admin:index", "dashboard", "ledger.view_company"),
            Place("Findings", "admin:console-findings", "flag", "health.view_finding"),
            Place("Companies", "admin:ledger_company_changelist", "storefront", "ledger.view_company"),
            Place("Syncs", "admin:commerce_sync_sync_changelist", "sync", "commerce_sync.view_sync"),
            Place("Push items", "admin:connectors_pushitem_changelist", "outbox", "connectors.view_pushitem"),
            Place("Documents", "admin:ledger_document_changelist", "description", "ledger.view_document"),
            Place("Records", "admin:ledger_recordrow_changelist", "receipt_long", "ledger.view_recordrow"),
            Place("Problems", "admin:ledger_problemrow_changelist", "report", "ledger.view_problemrow"),
            Place("Runbook", "admin:console-runbook", "menu_book", "health.view_finding"),
        ),
    ),
    (
        "Outside",
        (
            Place("Connections", "admin:connectors_connection_changelist", "link", "connectors.view_connection"),
            Place("Calls", "admin:connectors_call_changelist", "call_made", "connectors.view_call"),
            Place(
                "Webhook addresses", "admin:health_webhookendpoint_changelist", "webhook", "health.view_webhookendpoint"
            ),
        ),
    ),
    (
        "Settings",
        (
            Place("Partners", "admin:ledger_partner_changelist", "handshake", "ledger.view_partner"),
            Place("Brandings", "admin:commerce_sync_branding_changelist", "palette", "commerce_sync.view_branding"),
            Place("Alert rules", "admin:health_alertrule_changelist", "notifications", "health.view_alertrule"),
            Place("Alerts sent", "admin:health_alert_changelist", "outgoing_mail", "health.view_alert"),
            Place("API keys", "admin:commerce_sync_apikey_changelist", "key", "commerce_sync.view_apikey"),
            Place("People", "admin:health_member_changelist", "group", "health.view_member"),
            Place("Platforms", "admin:console-platforms", "grid_on", "connectors.view_connection"),
            Place("Changes", "admin:console-changes", "difference", "ledger.view_auditentry"),
            Place("Audit trail", "admin:ledger_auditentry_changelist", "history", "ledger.view_auditentry"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, as unfold wants them."""
    return [
        {"title": title, "separator": True, "collapsible": False, "items": [_item(place) for place in places]}
        for title, places in PLACES
    ]


def _item(place: Place) -> dict[str, Any]:
    return {"title": place.title, "icon": place.icon, "link": reverse(place.name), "permission": _allowed(place.right)}


def _allowed(right: str) -> Callable[[HttpRequest], bool]:
    return lambda request: bool(request.user.has_perm(right))
