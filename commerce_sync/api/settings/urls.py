"""The addresses of a partner's settings."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern

from commerce_sync.api.settings import branding, flow_url, integrations, keys, origins, texts, visible_accounts

urlpatterns: Final[list[URLPattern]] = [
    *integrations.urlpatterns,
    *texts.urlpatterns,
    *visible_accounts.urlpatterns,
    *branding.urlpatterns,
    *origins.urlpatterns,
    *keys.urlpatterns,
    *flow_url.urlpatterns,
]
