"""Every address of the partner API. Parts of it that belong to higher apps are named as text."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, URLResolver, include, path, re_path

from commerce_sync.api import companies, connections, corrections, syncs
from commerce_sync.api.commerce import views as commerce
from commerce_sync.api.configuration import views as configuration
from commerce_sync.api.docs_page import DocsPage, schema
from commerce_sync.api.proof import urls as proof
from commerce_sync.api.settings import urls as settings
from commerce_sync.api.stock import urls as stock
from commerce_sync.api.view import Nothing

ROOTS: Final = ("companies", "config", "meta", "sync", "clients")

urlpatterns: list[URLPattern | URLResolver] = [
    *companies.urlpatterns,
    *connections.urlpatterns,
    *configuration.urlpatterns,
    *commerce.urlpatterns,
    *syncs.urlpatterns,
    *corrections.urlpatterns,
    *proof.urlpatterns,
    *settings.urlpatterns,
    *stock.urlpatterns,
    path("", include("health.api.urls")),
    path("api/schema", schema, name="api-schema"),
    path("api/docs", DocsPage.as_view(), name="api-docs"),
    re_path(rf"^(?:{'|'.join(ROOTS)})(?:/.*)?$", Nothing.as_view()),
]
