"""The console's own pages, below the admin's address."""

from __future__ import annotations

from django.urls import URLPattern

from health.console import alert_pages

urlpatterns: list[URLPattern] = [*alert_pages.urlpatterns]
