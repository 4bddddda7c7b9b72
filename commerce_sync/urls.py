from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from commerce_sync import views, webhook_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.landing, name="landing"),
    path(f"{settings.COMMERCE_SYNC_ADMIN_PATH}/", admin.site.urls),
    path("webhooks/<slug:platform>", webhook_views.of_app, name="webhook-of-app"),
    path("webhooks/<slug:platform>/<uuid:connection>", webhook_views.of_connection, name="webhook"),
    path("", include("commerce_sync.flow.urls")),
    path("", include("commerce_sync.api.urls")),
]

handler400 = "commerce_sync.flow.errors.bad_request"
handler403 = "commerce_sync.flow.errors.forbidden"
handler404 = "commerce_sync.flow.errors.not_found"
handler500 = "commerce_sync.flow.errors.server_error"
