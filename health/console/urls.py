"""The console's own pages, below the admin's address."""

from __future__ import annotations

from django.urls import URLPattern, path

from health.console import finding_acts, findings

urlpatterns: list[URLPattern] = [
    path("findings/", findings.queue_page, name="console-findings"),
    path("findings/group/", findings.group_page, name="console-finding-group"),
    path("findings/act/", finding_acts.act, name="console-finding-act"),
    path("findings/<uuid:finding_id>/", findings.finding_page, name="console-finding"),
]
