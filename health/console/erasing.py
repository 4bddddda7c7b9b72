"""Forgetting at the console: a customer of a company, or all persons of a company that left. Each has a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from commerce_sync.models import Erasure
from health.console.company import frame_of
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.personal.erasing import BadErasure, request_erasure

MOST_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.ERASE)
def erase_page(console: Console, company_id: UUID) -> HttpResponse:
    """What was forgotten so far, and two forms: one names a person, the other the company, letter by letter."""
    company = console.company(company_id)
    said: dict[str, Any] = {"title": "Forget persons", "erasures": Erasure.objects.filter(company=company)
                            .order_by("-pk")[:MOST_SHOWN]}  # fmt: skip
    if console.request.method != "POST":
        return console.shown("console/company/erase.html", {**frame_of(console, company, ""), **said})
    texts = [line.strip() for line in console.request.POST.get("person", "")[:10_000].splitlines() if line.strip()]
    is_whole = console.request.POST.get("whole", "") == "yes"
    try:
        why = console.why()
        if is_whole and console.request.POST.get("name", "") != company.name:
            raise BadErasure("That is not the name of the company: type it letter by letter.")
        if not is_whole and not texts:
            raise BadErasure("Say by what the person is known, one text a line.")
        request_erasure(company=company, texts=[] if is_whole else texts, reason=why, actor=console.actor)
    except (NoReason, BadErasure) as error:
        return console.shown("console/company/erase.html", {
            **frame_of(console, company, ""), **said, "problem": str(error),
        }, 400)  # fmt: skip
    messages.success(console.request, "It is being forgotten: within minutes, and for good. The books stay.")
    return redirect("admin:console-company-erase", company.public_id)
