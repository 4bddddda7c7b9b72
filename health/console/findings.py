"""Findings at the console: the queue, a group of one root cause, one finding with its causes and history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from health.console import finding_filters, links
from health.console.page import Console, console_page
from health.console.roles import Right
from health.findings.kinds import KINDS, Kind
from health.findings.queue import MOST_GROUPED, counted, grouped, narrowed, of_group, one_by_one
from health.findings.settle import GONE
from health.findings.working import MOST_AT_ONCE
from health.models import Finding, FindingEvent
from ledger.money import format_money
from ledger.services import now

MOST_PEOPLE: Final = 200  # among whom one can choose to give a finding to
MOST_EVENTS: Final = 200
MOST_NEIGHBORS: Final = 5
MOST_COUNTED: Final = 1_000
SAID: Final = "finding words"  # in the session: what was typed with an act that was refused


class Told(NamedTuple):
    """One line of a finding's history."""

    at: datetime
    who: str
    what: str
    words: str
    is_internal: bool


def visible(console: Console) -> QuerySet[Finding]:
    """The findings that this person may see: a partner's people those of their companies."""
    rows = Finding.objects.all()
    return rows if console.partner_id is None else rows.filter(partner_id=console.partner_id)


@console_page("health.view_finding")
def queue_page(console: Console) -> HttpResponse:
    """The queue of work: filtered, by root cause or one by one."""
    filters = finding_filters.read(console)
    rows = narrowed(visible(console), filters.asked, console.request.user.pk)
    context: dict[str, Any] = {"title": "Findings", "filters": filters, "by_cause": filters.view == "causes"}
    if filters.view == "causes":
        context["groups"], more = grouped(rows, filters.page)
    else:
        context["findings"], more = one_by_one(rows, filters.page)
    counts = counted(rows)
    context |= {
        "counts": counts,
        "ages": [(words, count, _with(console, "age", name)) for name, words, count in counts.ages if count],
        "most": MOST_GROUPED,
        "previous": _page(console, filters.page - 1) if filters.page > 1 else "",
        "next": _page(console, filters.page + 1) if more else "",
        **_acts(console, KINDS[filters.asked.code] if filters.asked.code else None),
    }
    return console.shown("console/findings.html", context)


@console_page("health.view_finding")
def group_page(console: Console) -> HttpResponse:
    """All open findings of one root cause, to be worked on together."""
    code, root = (console.request.GET.get(name, "").replace("\0", "")[:200] for name in ("code", "root"))
    if not code:
        return redirect("admin:console-findings")
    rows = of_group(visible(console), code, root).filter(resolved_at=None)
    page = finding_filters.read(console).page
    found, more = one_by_one(rows, page)
    if not found and not of_group(visible(console), code, root).exists():
        raise Http404("There is no such group of findings.")
    kind = KINDS[code]
    context = {
        "title": kind.title,
        "kind": kind,
        "code": code,
        "root": root,
        "findings": found,
        "count": rows[:MOST_COUNTED].count(),
        "most": MOST_COUNTED,
        "at_once": MOST_AT_ONCE,
        "previous": _page(console, page - 1) if page > 1 else "",
        "next": _page(console, page + 1) if more else "",
        **_acts(console, kind),
    }
    return console.shown("console/finding_group.html", context)


@console_page("health.view_finding")
def finding_page(console: Console, finding_id: UUID) -> HttpResponse:
    """One finding: what is wrong, what to do, what causes it, what was done."""
    rows = visible(console).select_related("company__partner", "partner", "assignee")
    finding = rows.filter(public_id=finding_id).first()
    if finding is None:
        raise Http404("There is no such finding.")
    company = finding.company
    group = of_group(visible(console), finding.code, finding.root).filter(resolved_at=None).exclude(pk=finding.pk)
    neighbors = visible(console).filter(company=company, resolved_at=None).exclude(pk=finding.pk).order_by("-pk")
    causes = links.causes_of(finding)
    context = {
        "title": finding.kind.title,
        "finding": finding,
        "amount": format_money(finding.amount, finding.currency) if finding.amount and finding.currency else "",
        "causes": [(each, _money(each.amount, finding.currency)) for each in causes],
        "history": _history(console, finding),
        "group_url": _group_url(finding),
        "group_count": group[:MOST_COUNTED].count(),
        "most": MOST_COUNTED,
        "neighbors": neighbors[:MOST_NEIGHBORS] if company else (),
        **_acts(console, finding.kind),
    }
    return console.shown("console/finding.html", context)


def _acts(console: Console, kind: Kind | None) -> dict[str, Any]:
    """What the form of acts needs. ``kind`` None: findings of several kinds."""
    right = {"retry": Right.RETRY, "sync": Right.SYNC}.get(kind.fix) if kind and kind.fix else None
    return {
        "may_work": console.may(Right.WORK_FINDINGS),
        "may_mend": right is not None and console.may(right),
        "fix": kind.fix if kind else "",
        "people": people(console).exclude(username=console.request.user.get_username())[:MOST_PEOPLE],
        "tomorrow": now().date() + timedelta(days=1),
        "back": console.request.get_full_path(),
        "said": console.request.session.pop(SAID, ""),
    }


def people(console: Console) -> QuerySet[User]:
    """To whom this person can give a finding: a partner's people to each other, ours to ours."""
    rows = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    if console.partner_id is not None:
        return rows.filter(member__partner=console.partner_id)
    return rows.filter(Q(member__isnull=False, member__partner=None) | Q(is_superuser=True))


def _history(console: Console, finding: Finding) -> list[Told]:
    """What happened to it, the latest first."""
    events = FindingEvent.objects.filter(finding=finding).order_by("-pk")
    if console.partner_id is not None:
        events = events.filter(is_internal=False)
    told = [
        Told(each.at, each.actor.removeprefix("console:"), each.what, each.words, each.is_internal)
        for each in events[:MOST_EVENTS]
    ]
    if finding.resolved_by == GONE and finding.resolved_at:
        told.insert(0, Told(finding.resolved_at, GONE, "resolved", "Its cause is not there any more.", False))
    return [*told, Told(finding.opened_at, GONE, "found", "", False)]


def _money(amount: int | None, currency: str) -> str:
    return format_money(amount, currency) if amount is not None and currency else ""


def _group_url(finding: Finding) -> str:
    return reverse("admin:console-finding-group", query={"code": finding.code, "root": finding.root})


def _page(console: Console, number: int) -> str:
    return _with(console, "page", str(number))


def _with(console: Console, name: str, value: str) -> str:
    """This page with something else asked for."""
    said = console.request.GET.copy()
    if name != "page":
        said.pop("page", None)
    said[name] = value
    return f"?{said.urlencode()}"
