"""The addresses of the merchant's pages, and of the pictures of platforms. A page of a higher app is named as text."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.utils.module_loading import import_string

from commerce_sync.flow import (
    change,
    connecting,
    connections,
    documents,
    history,
    keys,
    linking,
    look,
    pausing,
    preview,
    progress,
    undoing,
    versions,
    views,
)
from commerce_sync.flow.accounts import new_account
from commerce_sync.flow.charts import charts
from commerce_sync.flow.downloads import download, downloads
from commerce_sync.flow.fees import fees
from commerce_sync.flow.organization import organization
from commerce_sync.flow.payments import payments
from commerce_sync.flow.pictures import picture
from commerce_sync.flow.running import run_now
from commerce_sync.flow.sales import sales
from commerce_sync.flow.schedule import schedule

urlpatterns: list[URLPattern] = [
    path("flow/", views.home, name="flow"),
    path("flow/start/<uuid:company_id>", views.start, name="flow-start"),
    path("flow/view/end", views.end_look, name="flow-view-end"),
    path("flow/language", views.language, name="flow-language"),
    path("flow/brand/<slug:name>.<slug:digest>.css", look.colors, name="flow-brand"),
    path("flow/brand/<slug:sha256>.<slug:type>", look.picture, name="flow-picture"),
    path("flow/sales-system", linking.commerce, name="flow-commerce"),
    path("flow/accounting-software", linking.accounting, name="flow-accounting"),
    path("flow/organization", organization, name="flow-organization"),
    path("flow/sales", sales, name="flow-sales"),
    path("flow/payments", payments, name="flow-payments"),
    path("flow/accounts/new", new_account, name="flow-new-account"),
    path("flow/schedule", schedule, name="flow-schedule"),
    path("flow/preview", preview.preview_page, name="flow-preview"),
    path("flow/preview/post", preview.post_day, name="flow-post-day"),
    path("flow/preview/posted/<uuid:sync_id>", preview.posted, name="flow-posted"),
    path("flow/finish", preview.finish, name="flow-finish"),
    path("flow/finished", preview.finished, name="flow-finished"),
    path("flow/fetching", progress.fetching, name="flow-fetching"),
    path("flow/fetching/again", progress.fetch_again, name="flow-fetch-again"),
    path("flow/run", run_now, name="flow-run"),
    path("flow/history", history.history, name="flow-history"),
    path("flow/history/<uuid:sync_id>", history.one_sync, name="flow-sync"),
    path("flow/history/<uuid:sync_id>/retry", history.retry, name="flow-retry"),
    path("flow/figures", charts, name="flow-figures"),
    path("flow/downloads", downloads, name="flow-downloads"),
    path("flow/downloads/file", download, name="flow-download"),
    path("flow/day/<str:day>", history.one_day, name="flow-day"),
    path("flow/day/<str:day>/run", history.run_day, name="flow-run-day"),
    path("flow/syncs/<uuid:sync_id>/progress", progress.sync_progress, name="flow-sync-progress"),
    path("flow/pause", pausing.pause_page, name="flow-pause"),
    path("flow/resume", pausing.resume_page, name="flow-resume"),
    path("flow/connections", connections.connections, name="flow-connections"),
    path("flow/connections/<uuid:connection_id>/disconnect", connections.disconnect, name="flow-disconnect"),
    path("flow/documents/<uuid:document_id>", documents.one_document, name="flow-document"),
    path("flow/documents/<uuid:document_id>/evidence.txt", documents.evidence, name="flow-evidence"),
    path("flow/documents/<uuid:document_id>/retry", documents.retry_document, name="flow-document-retry"),
    path("flow/undo", undoing.undos, name="flow-undos"),
    path("flow/undo/sync/<uuid:sync_id>", undoing.undo_sync, name="flow-undo-sync"),
    path("flow/undo/document/<uuid:document_id>", undoing.undo_document, name="flow-undo-document"),
    path("flow/undo/<uuid:undo_id>", undoing.one_undo, name="flow-undo"),
    path("flow/undo/<uuid:undo_id>/redo", undoing.redo, name="flow-redo"),
    path("flow/change", change.change, name="flow-change"),
    path("flow/change/effect", change.effect, name="flow-change-effect"),
    path("flow/change/rebase", change.rebase_change, name="flow-change-rebase"),
    path("flow/change/drop", change.drop_change, name="flow-change-drop"),
    path("flow/change/saved", change.saved, name="flow-change-saved"),
    path("flow/versions", versions.versions, name="flow-versions"),
    path("flow/versions/<int:number>", versions.version, name="flow-version"),
    path("flow/versions/<int:number>/use", versions.use_version, name="flow-version-use"),
    path("flow/fees", fees, name="flow-fees"),
    *import_string("health.merchant.urls.urlpatterns"),
    path("flow/connect/<uuid:connection_id>", connecting.connect, name="flow-connect"),
    path("oauth/keys/<slug:platform>", keys.keys, name="oauth-keys"),
    path("oauth/callback/<slug:platform>", connecting.callback, name="oauth-callback"),
    path("link/<uuid:company_id>", views.link),
    path("link/<uuid:company_id>/<uuid:connection_id>", views.link),
    path("integrations/<slug:platform>/<slug:kind>.svg", picture, name="integration-picture"),
]
