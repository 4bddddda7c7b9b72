"""One sync, in tabs: what it did in plain words, how sales were kept, its documents, its calls, its log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse

from commerce_sync.models import Job, Schedule, Sync, Undo
from commerce_sync.status import CODES
from connectors.models import Call, PushItem
from health.console import sync_configuration, sync_words
from health.console.page import Console, console_page
from health.console.roles import Right
from health.models import Finding
from ledger.models import AuditEntry
from ledger.models.document import KINDS

A_PAGE: Final = 50
MOST_ENTRIES: Final = 200
AFTERWARDS: Final = timedelta(minutes=5)
"""What is written to the trail so soon after a sync belongs to it: findings, webhooks."""
TABS: Final = {
    "summary": "Summary",
    "configuration": "Configuration",
    "documents": "Documents",
    "calls": "Calls",
    "log": "Log",
}
STATES: Final = {
    "refused": "Refused",
    "unknown": "Outcome unknown",
    "waiting": "Waiting",
    "prepared": "Not sent yet",
    "sending": "Being sent",
    "pushed": "Arrived",
    "removed": "Removed there",
    "voiding": "Being taken back",
    "voided": "Taken back",
}
BADGES: Final = {"pushed": "success", "refused": "danger", "unknown": "warning", "waiting": "warning",
    "removed": "danger"}  # fmt: skip


@console_page("commerce_sync.view_sync")
def sync_page(console: Console, sync_id: UUID) -> HttpResponse:
    """The tab that is asked for."""
    sync = sync_of(console, sync_id)
    tab = console.request.GET.get("tab", "summary")
    if tab not in TABS or (tab == "calls" and not console.may(Right.CALLS)):
        tab = "summary"
    about = {
        "summary": _summary,
        "configuration": _configuration,
        "documents": _documents,
        "calls": _calls,
        "log": _log,
    }
    address = reverse("admin:console-sync", args=(sync.public_id,))
    tabs = [
        {"title": words, "link": f"{address}?tab={key}", "active": key == tab}
        for key, words in TABS.items()
        if key != "calls" or console.may(Right.CALLS)
    ]
    context = {
        "title": f"Sync of {sync.company.name}",
        "sync": sync,
        "tab": tab,
        "tabs": tabs,
        "address": address,
        "result": sync_words.result_of(sync),
        "result_words": sync_words.RESULTS[sync_words.result_of(sync)],
        "lasted": sync_words.lasted(sync),
        "cause": sync_words.TRIGGERS.get(sync.trigger, sync.trigger),
        "code_words": CODES[sync.code],
        **about[tab](console, sync),
    }
    return console.shown("console/sync.html", context)


@console_page("commerce_sync.view_sync")
def configuration_file(console: Console, sync_id: UUID) -> HttpResponse:
    """The configuration as it was used, as JSON."""
    sync = sync_of(console, sync_id)
    if not console.may("ledger.view_bookversion"):
        raise PermissionDenied
    found = sync_configuration.as_file(sync, sync_configuration.used_by(sync))
    name = f'attachment; filename="configuration-{sync.public_id}.json"'
    return JsonResponse(found, json_dumps_params={"indent": 2}, headers={"Content-Disposition": name})


def sync_of(console: Console, sync_id: UUID) -> Sync:
    """One that this person may see; raises Http404."""
    rows = Sync.objects.select_related("company__partner")
    if console.partner_id is not None:
        rows = rows.filter(company__partner_id=console.partner_id)
    found = rows.filter(public_id=sync_id).first()
    if found is None:
        raise Http404("There is no such sync.")
    return found


def items_of(sync: Sync) -> QuerySet[PushItem]:
    """The documents of the sync on their way."""
    return PushItem.objects.filter(document__posting__act=sync.public_id)


def _states(sync: Sync) -> dict[str, int]:
    return dict(items_of(sync).values_list("state").annotate(count=Count("pk")).order_by())


def _summary(console: Console, sync: Sync) -> dict[str, Any]:
    states = _states(sync)
    refusals = items_of(sync).filter(state__in=("refused", "waiting"))
    groups = refusals.values("failure_code", "failure_sentence", "failure_remedy", "failure_turn")
    schedule = Schedule.objects.filter(company=sync.company).first()
    undo = Undo.objects.filter(Q(sync=sync) | Q(run=sync)).order_by("-id").first()
    refused = [
        {**group, "turn": sync_words.TURNS.get(group["failure_turn"], "")}
        for group in groups.annotate(count=Count("pk")).order_by("-count")[:20]
    ]
    return {
        "told": list(sync_words.told(sync, states)),
        "turn": sync_words.TURNS.get(sync.failure_turn, ""),
        "refusals": refused,
        "says_more": sync.failure_sentence not in {"", *(group["failure_sentence"] for group in refused)},
        "refused": states.get("refused", 0),
        "schedule": schedule,
        "later": Sync.objects.filter(company=sync.company, pk__gt=sync.pk).order_by("pk").first(),
        "running": Sync.objects.filter(company=sync.company, finished_at=None).exclude(pk=sync.pk).first(),
        "findings": Finding.objects.filter(company=sync.company, resolved_at=None).order_by("-id")[:5],
        "undo": undo,
        "can_undo": sync.finished_at is not None and sync.trigger not in ("undo", "retry") and bool(states),
        "can_do_days": sync.through_day is not None and sync.finished_at is not None,
        "may": _may(console),
    }


def _configuration(console: Console, sync: Sync) -> dict[str, Any]:
    used = sync_configuration.used_by(sync) if console.may("ledger.view_bookversion") else None
    if used is None:
        return {"used": None}
    book = used.version.book
    return {
        "used": used,
        "book": book,
        "sections": sync_configuration.rows_of(book, sync.company_id),
        "switches": list(sync_configuration.switches_of(book)),
    }


def _documents(console: Console, sync: Sync) -> dict[str, Any]:
    if not console.may("connectors.view_pushitem"):
        raise PermissionDenied
    said = console.request.GET
    state, kind, before = said.get("state", ""), said.get("kind", ""), said.get("before", "")
    rows = items_of(sync).select_related("document", "binding", "connection").defer("document__body", "binding__answer")
    if state in STATES:
        rows = rows.filter(state=state)
    if kind in KINDS:
        rows = rows.filter(document__kind=kind)
    if reference := said.get("reference", "").replace("\0", "").strip():
        rows = rows.filter(document__reference=reference)
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.order_by("-pk")[: A_PAGE + 1])
    return {
        "items": [(item, STATES[item.state], BADGES.get(item.state, "")) for item in page[:A_PAGE]],
        "more": page[A_PAGE - 1].pk if len(page) > A_PAGE else None,
        "states": [(key, words) for key, words in STATES.items()],
        "kinds": [(key, key.replace("_", " ").capitalize()) for key in KINDS],
        "counts": [(STATES[key], count, key) for key, count in sorted(_states(sync).items())],
        "chosen": {"state": state, "kind": kind, "reference": reference},
        "refused": items_of(sync).filter(state="refused").exists(),
        "may": _may(console),
    }


def _calls(console: Console, sync: Sync) -> dict[str, Any]:
    before = console.request.GET.get("after", "")
    rows = Call.objects.filter(correlation=str(sync.public_id)).order_by("id")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__gt=int(before))
    page = list(rows[: A_PAGE + 1])
    return {"calls": page[:A_PAGE], "more": page[A_PAGE - 1].pk if len(page) > A_PAGE else None}


def _log(console: Console, sync: Sync) -> dict[str, Any]:
    window = Q(at__gte=sync.started_at)
    if sync.finished_at is not None:
        window &= Q(at__lte=sync.finished_at + AFTERWARDS)
    entries = AuditEntry.objects.filter(company_id=sync.company_id)
    said = entries.filter(subject=str(sync.public_id)).order_by("-id")[:MOST_ENTRIES]
    meanwhile = entries.filter(window).order_by("-id")[:MOST_ENTRIES]
    rows = {entry.pk: entry for entry in (*said, *meanwhile)}
    jobs = Job.objects.filter(sync=sync) if console.may("commerce_sync.view_job") else Job.objects.none()
    return {
        "entries": [rows[key] for key in sorted(rows)][-MOST_ENTRIES:],
        "jobs": list(jobs),
        "counts": sorted(sync.counts.items()),
    }


def _may(console: Console) -> dict[str, bool]:
    rights = {"retry": Right.RETRY, "sync": Right.SYNC, "pause": Right.PAUSE, "undo": Right.UNDO}
    return {name: console.may(right) for name, right in rights.items()}
