"""The addresses of `api_site`."""

from __future__ import annotations

from django.urls import include, path

from tests.benchmarks import floor_api

urlpatterns = [
    path("floor/orders/<int:source_id>/<int:connection_id>", floor_api.orders),
    path("floor/companies/<int:partner_id>", floor_api.companies),
    path("", include("commerce_sync.urls")),
]
