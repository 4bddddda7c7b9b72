"""The addresses of the partner API that are served here; commerce_sync/api/urls.py includes them by name."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern

from health.api import alerts, webhook_deliveries, webhooks

urlpatterns: Final[list[URLPattern]] = [
    *webhooks.urlpatterns,
    *webhook_deliveries.urlpatterns,
    *alerts.urlpatterns,
]
