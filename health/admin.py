"""The console's view of findings; the admins of syncs and of what partners are told register themselves."""

from __future__ import annotations

from django.contrib import admin

from health.console import company_admin as company_admin  # lists register themselves when they are read
from health.console import delivery_lists as delivery_lists
from health.console import people_admin as people_admin
from health.console import sync_list as sync_list
from health.models import Finding
from ledger.admin_base import ReadOnly


@admin.register(Finding)
class FindingAdmin(ReadOnly):
    list_display = ("__str__", "severity", "state", "company", "opened_at")
    list_filter = ("state", "severity", "turn", "code")
    list_select_related = ("company",)
    partner_path = "partner"
    exclude = ("digest",)
