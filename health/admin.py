"""The console's view of findings; the admins of syncs and of what partners are told register themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from health.console import alert_admin as alert_admin
from health.console import company_admin as company_admin
from health.console import delivery_lists as delivery_lists
from health.console import people_admin as people_admin
from health.console import sync_list as sync_list
from health.models import Finding
from ledger.admin_base import ReadOnly


@admin.register(Finding)
class FindingAdmin(ReadOnly):
    """Leads to the console's own pages: the admin's addresses of findings are theirs."""

    partner_path = "partner"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue."""
        return redirect("admin:console-findings")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one finding."""
        found = self.get_object(request, object_id or "")
        if found is None:
            raise Http404("There is no such finding.")
        return redirect("admin:console-finding", finding_id=found.public_id)
