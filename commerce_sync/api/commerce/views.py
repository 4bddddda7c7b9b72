"""All addresses of commerce data."""

from __future__ import annotations

from commerce_sync.api.commerce import fact_views, name_views

urlpatterns = [*fact_views.urlpatterns, *name_views.urlpatterns]
