"""The console's own pages, below the admin's address."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
