"""The merchant's pages of health; commerce_sync/flow/urls.py includes them by name."""

from __future__ import annotations

from django.urls import URLPattern, path

from health.merchant.notices import notices

urlpatterns: list[URLPattern] = [path("flow/notices", notices, name="flow-notices")]
