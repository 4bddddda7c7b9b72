"""The page of a company: everything that is known of it, for somebody who has its merchant on the phone."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from commerce_sync.explain import find
from commerce_sync.models import Schedule
from commerce_sync.schedule import FAILING_DAYS_LIMIT
from health.console.company_facts import facts_of
from health.console.company_money import money_of
from health.console.page import Console, console_page
from health.console.roles import Right
from ledger.models import Company
from ledger.services import now

LONGEST_QUESTION: Final = 200
# What is listed elsewhere, filtered by this company: the words, the name of the list, the right to see it.
LISTS: Final = (
    ("Syncs", "commerce_sync_sync_changelist", "commerce_sync.view_sync"),
    ("Documents", "ledger_document_changelist", "ledger.view_document"),
    ("Push items", "connectors_pushitem_changelist", "connectors.view_pushitem"),
    ("Problems", "ledger_problemrow_changelist", "ledger.view_problemrow"),
    ("Findings", "console-findings", "health.view_finding"),
    ("Postings", "ledger_posting_changelist", "ledger.view_posting"),
    ("Purchase orders", "connectors_purchaseorder_changelist", "connectors.view_purchaseorder"),
    ("Jobs", "commerce_sync_job_changelist", "commerce_sync.view_job"),
    ("Audit trail", "ledger_auditentry_changelist", "ledger.view_auditentry"),
)


@require_safe
@console_page("ledger.view_company")
def company_page(console: Console, company_id: UUID) -> HttpResponse:
    """What is wrong, what is connected, what ran, how its sales are kept."""
    company = console.company(company_id)
    return console.shown(
        "console/company/overview.html", {**frame_of(console, company, "overview"), **facts_of(company)}
    )


@require_safe
@console_page("ledger.view_document")
def company_money_page(console: Console, company_id: UUID) -> HttpResponse:
    """Reconciliation of the last days, clearing accounts item by item, and the trial balance where we keep it."""
    company = console.company(company_id)
    context = {**frame_of(console, company, "money"), **money_of(console, company)}
    return console.shown("console/company/money.html", context)


@require_safe
@console_page("ledger.view_document")
def find_page(console: Console, company_id: UUID) -> HttpResponse:
    """A document, record or order by what a person calls it: straight to it, or the candidates."""
    company = console.company(company_id)
    said = " ".join(console.request.GET.get("of", "").replace("\0", " ").split())[:LONGEST_QUESTION]
    found = find(said, company.pk)
    addresses = [(each.label, reverse(f"admin:console-{each.kind}", args=(each.id,))) for each in found]
    if len(addresses) == 1:
        return redirect(addresses[0][1])
    context = {**frame_of(console, company, ""), "asked_for": said, "candidates": addresses}
    return console.shown("console/company/found.html", context, status=404 if said and not found else 200)


def frame_of(console: Console, company: Company, tab: str) -> dict[str, Any]:
    """What every page of a company's begins with: who it is, how it stands, what can be done."""
    schedule = Schedule.objects.filter(company=company).first()
    return {
        "title": company.name,
        "company": company,
        "schedule": schedule,
        "standing": _standing(schedule),
        "by_itself": schedule is not None and schedule.failing_days >= FAILING_DAYS_LIMIT,
        "tabs": _tabs(console, company, tab),
        "lists": _lists(console, company),
        "can_sync": console.may(Right.SYNC),
        "can_pause": console.may(Right.PAUSE) and schedule is not None,
        "can_erase": console.may(Right.ERASE),
        "can_view_as": console.may(Right.VIEW_AS),
        "at": now(),
    }


def _standing(schedule: Schedule | None) -> tuple[str, str]:
    """How its syncs stand: the words, and good, bad or open."""
    if schedule is None:
        return "Not set up yet", "open"
    if schedule.paused_at is not None:
        return "Paused", "bad"
    if not schedule.enabled:
        return "Switched off", "open"
    if schedule.failing_days:
        return f"Failing for {schedule.failing_days} day{'s' * (schedule.failing_days > 1)}", "bad"
    return "Syncs by itself", "good"


def _tabs(console: Console, company: Company, tab: str) -> list[dict[str, Any]]:
    tabs = [("overview", "Overview", "console-company", "ledger.view_company")]
    tabs += [("money", "Money", "console-company-money", "ledger.view_document")]
    tabs += [("mapping", "Mapping", "console-mapping", "ledger.view_bookversion")]
    tabs += [("changes", "Changes", "console-company-changes", "ledger.view_auditentry")]
    return [
        {"title": words, "link": reverse(f"admin:{name}", args=(company.public_id,)), "active": key == tab}
        for key, words, name, right in tabs
        if console.may(right)
    ]


def _lists(console: Console, company: Company) -> list[tuple[str, str]]:
    narrowed = f"?company={company.public_id}"
    return [(words, reverse(f"admin:{name}") + narrowed) for words, name, right in LISTS if console.may(right)]
