"""Seeing a merchant's pages as the merchant sees them: for a reason, for a quarter of an hour, changing nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from commerce_sync.flow.viewing import look
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right


@require_POST
@console_page(Right.VIEW_AS)
def view_as(console: Console, company_id: UUID) -> HttpResponse:
    """On to the merchant's pages."""
    company = console.company(company_id)
    back = reverse("admin:console-company", args=(company.public_id,))
    try:
        why = console.why()
    except NoReason as error:
        messages.error(console.request, str(error))
        return redirect(back)
    look(console.request, company=company, actor=console.actor, why=why, back=back)
    return redirect("flow")
