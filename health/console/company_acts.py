"""Pausing a company at the console, and resuming it. Each has a reason, which is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from commerce_sync.flow.pausing import accepted_of, chosen_day, token_of
from commerce_sync.models import Schedule
from commerce_sync.pausing import go_on
from commerce_sync.schedule import ResumeConflict
from commerce_sync.services import CannotResume, pause
from health.console.company import frame_of
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from ledger.models import Company
from ledger.services import now


@require_POST
@console_page(Right.PAUSE)
def pause_now(console: Console, company_id: UUID) -> HttpResponse:
    """No sync by itself from now on."""
    company = console.company(company_id)
    try:
        pause(company=company, reason=console.why(), actor=console.actor)
        messages.success(console.request, "It no longer syncs by itself. What runs already ends.")
    except NoReason as error:
        messages.error(console.request, str(error))
    return redirect("admin:console-company", company.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.PAUSE)
def resume_page(console: Console, company_id: UUID) -> HttpResponse:
    """From which day it goes on; days that would be met twice or never are named, and have to be agreed to."""
    company = console.company(company_id)
    schedule = Schedule.objects.filter(company=company).first()
    version = company.book_versions.order_by("-number").first()
    if schedule is None or version is None or (schedule.enabled and schedule.paused_at is None):
        return redirect("admin:console-company", company.public_id)
    last = schedule.last_success_through
    begins = last or version.book.start_on or version.book.calendar.day_of(now())
    following = begins + timedelta(days=last is not None)
    said: dict[str, Any] = {
        "start_on": console.request.POST.get("start_on", following.isoformat())[:40],
        "following": following,
    }
    if console.request.method != "POST":
        return _resume(console, company, said)
    day, problem = chosen_day(said["start_on"].strip(), version.book)
    try:
        why = console.why()
    except NoReason as error:
        return _resume(console, company, {**said, "problem": str(error)}, 400)
    said["why"] = why
    if day is None:
        return _resume(console, company, {**said, "problem": problem}, 400)
    agreed = accepted_of(console.request.POST.get("accepted", ""))
    try:
        go_on(company=company, start_on=day, accepted=agreed, actor=console.actor, reason=why)
    except CannotResume as error:
        return _resume(console, company, {**said, **_conflict(error.conflict)}, 409)
    messages.success(console.request, f"It syncs by itself again, from {day:%-d %B %Y} on.")
    return redirect("admin:console-company", company.public_id)


def _conflict(conflict: ResumeConflict) -> dict[str, Any]:
    return {"conflict": conflict, "token": token_of(conflict)}


def _resume(console: Console, company: Company, said: dict[str, Any], status: int = 200) -> HttpResponse:
    return console.shown("console/company/resume.html", {**frame_of(console, company, ""), **said}, status)
