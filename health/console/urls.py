"""The console's own pages, below the admin's address."""

from __future__ import annotations

from django.urls import URLPattern, path

from health.console import alert_pages, delivery_page, sync_doing, sync_page

urlpatterns: list[URLPattern] = [
    *alert_pages.urlpatterns,
    path("sync/<uuid:sync_id>/", sync_page.sync_page, name="console-sync"),
    path("sync/<uuid:sync_id>/configuration.json", sync_page.configuration_file, name="console-sync-configuration"),
    path("sync/<uuid:sync_id>/retry/", sync_doing.retry_items, name="console-sync-retry"),
    path("sync/<uuid:sync_id>/undo/", sync_doing.undo_sync, name="console-sync-undo"),
    path("undo/<uuid:undo_id>/redo/", sync_doing.redo_undo, name="console-redo"),
    path("company/<uuid:company_id>/sync/", sync_doing.sync_again, name="console-sync-now"),
    path("company/<uuid:company_id>/pause/", sync_doing.pause_company, name="console-pause"),
    path("company/<uuid:company_id>/resume/", sync_doing.resume_company, name="console-resume"),
    path("delivery/<uuid:delivery_id>/", delivery_page.delivery_page, name="console-delivery"),
    path("delivery/<uuid:delivery_id>/replay/", delivery_page.replay_delivery, name="console-delivery-replay"),
]
