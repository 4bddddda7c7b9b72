"""The addresses of the partner API that are served here; commerce_sync/api/urls.py includes them by name."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern

from health.api import alerts, erasures, finding_acts, findings, webhook_deliveries, webhooks

urlpatterns: Final[list[URLPattern]] = [
    *findings.urlpatterns,
    *finding_acts.urlpatterns,
    *webhooks.urlpatterns,
    *webhook_deliveries.urlpatterns,
    *alerts.urlpatterns,
    *erasures.urlpatterns,
]
