"""The addresses of stock."""

from __future__ import annotations

from commerce_sync.api.stock import levels, orders, reports, rules

urlpatterns = [*levels.urlpatterns, *rules.urlpatterns, *orders.urlpatterns, *reports.urlpatterns]
