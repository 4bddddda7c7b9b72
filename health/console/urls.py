"""The console's own pages, below the admin's address."""

from __future__ import annotations

from django.urls import URLPattern, path

from health.console import (
    alert_pages,
    capabilities,
    changes,
    company,
    company_acts,
    delivery_page,
    document,
    erasing,
    finding_acts,
    findings,
    mapping,
    partner,
    people,
    record,
    sync_doing,
    sync_page,
    view_as,
)
from health.console.confirming import confirm_page
from health.console.people_admin import SetPassword
from health.console.runbook import runbook_entry, runbook_page
from health.console.second_factor_pages import ask_page, own_page, picture, remove_own, set_up_page

urlpatterns: list[URLPattern] = [
    *alert_pages.urlpatterns,
    path("sync/<uuid:sync_id>/", sync_page.sync_page, name="console-sync"),
    path("sync/<uuid:sync_id>/configuration.json", sync_page.configuration_file, name="console-sync-configuration"),
    path("sync/<uuid:sync_id>/retry/", sync_doing.retry_items, name="console-sync-retry"),
    path("sync/<uuid:sync_id>/undo/", sync_doing.undo_sync, name="console-sync-undo"),
    path("undo/<uuid:undo_id>/redo/", sync_doing.redo_undo, name="console-redo"),
    path("delivery/<uuid:delivery_id>/", delivery_page.delivery_page, name="console-delivery"),
    path("delivery/<uuid:delivery_id>/replay/", delivery_page.replay_delivery, name="console-delivery-replay"),
    path("companies/<uuid:company_id>/", company.company_page, name="console-company"),
    path("companies/<uuid:company_id>/money/", company.company_money_page, name="console-company-money"),
    path("companies/<uuid:company_id>/find/", company.find_page, name="console-find"),
    path("companies/<uuid:company_id>/mapping/", mapping.mapping_page, name="console-mapping"),
    path("companies/<uuid:company_id>/changes/", changes.company_changes, name="console-company-changes"),
    path("companies/<uuid:company_id>/sync/", sync_doing.sync_again, name="console-company-sync"),
    path("companies/<uuid:company_id>/pause/", company_acts.pause_now, name="console-company-pause"),
    path("companies/<uuid:company_id>/resume/", company_acts.resume_page, name="console-company-resume"),
    path("companies/<uuid:company_id>/erase/", erasing.erase_page, name="console-company-erase"),
    path("companies/<uuid:company_id>/view-as/", view_as.view_as, name="console-view-as"),
    path("documents/<int:document_id>/", document.document_page, name="console-document"),
    path("documents/<int:document_id>/evidence.txt", document.evidence_page, name="console-evidence"),
    path("documents/<int:document_id>/retry/", document.retry_page, name="console-document-retry"),
    path("records/<int:record_id>/", record.record_page, name="console-record"),
    path("changes/", changes.all_changes, name="console-changes"),
    path("platforms/", capabilities.platforms_page, name="console-platforms"),
    path("people/<int:member_id>/second-factor/", people.without_second_factor, name="console-person-second-factor"),
    path("people/<int:member_id>/invite/", people.invite, name="console-invite"),
    path("password/<uidb64>/<token>/", SetPassword.as_view(), name="console-set-password"),
    path("partners/<int:partner_id>/", partner.partner_page, name="console-partner"),
    path("partners/<int:partner_id>/keys/", partner.make_key, name="console-key-make"),
    path("partners/<int:partner_id>/keys/<int:key_id>/rotate/", partner.rotate, name="console-key-rotate"),
    path("partners/<int:partner_id>/keys/<int:key_id>/revoke/", partner.revoke, name="console-key-revoke"),
    path("partners/<int:partner_id>/changes/", changes.partner_changes, name="console-partner-changes"),
    path("findings/", findings.queue_page, name="console-findings"),
    path("findings/group/", findings.group_page, name="console-finding-group"),
    path("findings/act/", finding_acts.act, name="console-finding-act"),
    path("findings/<uuid:finding_id>/", findings.finding_page, name="console-finding"),
    path("confirm/", confirm_page, name="console-confirm"),
    path("runbook/", runbook_page, name="console-runbook"),
    path("runbook/<slug:code>/", runbook_entry, name="console-runbook-entry"),
    path("second-factor/", ask_page, name="console-second-factor"),
    path("second-factor/set-up/", set_up_page, name="console-second-factor-setup"),
    path("second-factor/set-up/picture.svg", picture, name="console-second-factor-picture"),
    path("second-factor/own/", own_page, name="console-second-factor-own"),
    path("second-factor/own/remove/", remove_own, name="console-second-factor-remove"),
]
