"""The console's own pages, below the admin's address."""

from __future__ import annotations

from django.urls import URLPattern, path

from health.console.confirming import confirm_page
from health.console.runbook import runbook_entry, runbook_page
from health.console.second_factor_pages import ask_page, own_page, picture, remove_own, set_up_page

urlpatterns: list[URLPattern] = [
    path("confirm/", confirm_page, name="console-confirm"),
    path("runbook/", runbook_page, name="console-runbook"),
    path("runbook/<slug:code>/", runbook_entry, name="console-runbook-entry"),
    path("second-factor/", ask_page, name="console-second-factor"),
    path("second-factor/set-up/", set_up_page, name="console-second-factor-setup"),
    path("second-factor/set-up/picture.svg", picture, name="console-second-factor-picture"),
    path("second-factor/own/", own_page, name="console-second-factor-own"),
    path("second-factor/own/remove/", remove_own, name="console-second-factor-remove"),
]
