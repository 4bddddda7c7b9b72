"""The acts on syncs: each is a POST with a reason, and leads back to where its outcome is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from commerce_sync.explain_documents import account_names
from commerce_sync.flow import undo_words
from commerce_sync.models import Schedule, Sync, Undo
from commerce_sync.schedule import ResumeConflict
from commerce_sync.services import AlreadyRunning, CannotResume
from commerce_sync.undo import CannotRedo, CannotUndo, PlanChanged, plan_undo
from commerce_sync.undo_plan import Plan
from health.console import sync_acts
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.console.sync_page import sync_of
from ledger.admin_filters import day_of
from ledger.models import Document

_RUNNING: Final = "A sync of this company has not ended yet. Wait until it has, then ask again."


@console_page(Right.RETRY)
def retry_items(console: Console, sync_id: UUID) -> HttpResponse:
    """Send what was refused once more: all of the sync, or one document."""
    sync = sync_of(console, sync_id)
    which = console.request.POST.get("document", "")
    document: Document | None = None
    if which:
        rows = Document.objects.filter(company=sync.company, posting__act=sync.public_id, reference=which[:40])
        if (document := rows.first()) is None:
            raise Http404("There is no such document in this sync.")

    def act(why: str) -> HttpResponse:
        one = None if document is not None else sync
        count = sync_acts.retry(company=sync.company, actor=console.actor, why=why, sync=one, document=document)
        said = f"{count:,} documents are sent again." if count != 1 else "1 document is sent again."
        messages.success(console.request, said) if count else messages.info(
            console.request, "Nothing is refused any more, or no accounting software is connected: nothing was sent."
        )
        return _to(sync, tab="documents")

    return _done(console, act, _to(sync))


@console_page(Right.SYNC)
def sync_again(console: Console, company_id: UUID) -> HttpResponse:
    """A sync of what is new; with ``from`` and ``through``, of these days again."""
    company = console.company(company_id)
    said = console.request.POST
    first, last = day_of(said.get("from", "")), day_of(said.get("through", ""))

    def act(why: str) -> HttpResponse:
        sync = sync_acts.sync_now(company=company, actor=console.actor, why=why, from_day=first, through=last)
        messages.success(console.request, "The sync has been asked for: it begins at once.")
        return _to(sync)

    latest = Sync.objects.filter(company=company).order_by("-id").first()
    return _done(console, act, _to(latest) if latest else redirect("admin:index"))


@console_page(Right.PAUSE)
def pause_company(console: Console, company_id: UUID) -> HttpResponse:
    """Stop syncing by itself; a page asks for the reason."""
    company = console.company(company_id)
    if console.request.method != "POST":
        schedule = Schedule.objects.filter(company=company).first()
        context = {"title": f"Pause {company.name}", "company": company, "schedule": schedule}
        return console.shown("console/pause.html", context)

    def act(why: str) -> HttpResponse:
        sync_acts.pause(company=company, actor=console.actor, why=why)
        messages.success(console.request, f"{company.name} is paused: it is not synced by itself until it is resumed.")
        return redirect("admin:console-resume", company.public_id)

    return _done(console, act, redirect("admin:console-pause", company.public_id))


@console_page(Right.PAUSE)
def resume_company(console: Console, company_id: UUID) -> HttpResponse:
    """Go on; days that would be met twice or never are named first and have to be agreed to."""
    company = console.company(company_id)
    schedule = Schedule.objects.filter(company=company).first()
    if schedule is None:
        raise Http404("The company has no schedule.")
    context: dict[str, Any] = {"title": f"Resume {company.name}", "company": company, "schedule": schedule}
    following = schedule.last_success_through and schedule.last_success_through + timedelta(days=1)
    context["start_on"] = following and following.isoformat()
    context["is_paused"] = schedule.paused_at is not None or not schedule.enabled
    if console.request.method != "POST":
        return console.shown("console/resume.html", context)
    start_on = day_of(console.request.POST.get("start_on", ""))
    if start_on is None:
        messages.error(console.request, "Say the business day from which it goes on, as 2026-03-31.")
        return console.shown("console/resume.html", context, status=400)
    accepted = _accepted(console.request.POST.get("accepted", ""))

    def act(why: str) -> HttpResponse:
        try:
            sync_acts.resume(company=company, actor=console.actor, why=why, start_on=start_on, accepted=accepted)
        except CannotResume as error:
            found = {"conflict": error.conflict, "token": ":".join(map(str, error.conflict)),
                "start_on": start_on.isoformat(), "why": why}  # fmt: skip
            return console.shown("console/resume.html", {**context, **found}, status=409)
        messages.success(console.request, f"{company.name} is synced by itself again, from {start_on:%d %B %Y}.")
        return redirect("admin:console-resume", company.public_id)

    return _done(console, act, redirect("admin:console-resume", company.public_id))


@console_page(Right.UNDO)
def undo_sync(console: Console, sync_id: UUID) -> HttpResponse:
    """What undoing a sync would do; and doing it, if it is still that."""
    sync = sync_of(console, sync_id)
    if console.request.method != "POST":
        return _plan_page(console, sync, plan_undo(company=sync.company, sync=sync))

    def act(why: str) -> HttpResponse:
        digest = console.request.POST.get("plan", "")[:100]
        try:
            undo = sync_acts.undo(sync=sync, plan_digest=digest, actor=console.actor, why=why)
        except (PlanChanged, CannotUndo) as error:
            return _plan_page(console, sync, error.plan, str(error), 409)
        messages.success(console.request, "The undo has been asked for: this is its run.")
        return _to(undo.run)

    return _done(console, act, redirect("admin:console-sync-undo", sync.public_id))


@console_page(Right.UNDO)
def redo_undo(console: Console, undo_id: UUID) -> HttpResponse:
    """Bring back what was undone."""
    undo = Undo.objects.select_related("company__partner", "run").filter(public_id=undo_id).first()
    if undo is None or not console.companies().filter(pk=undo.company_id).exists():
        raise Http404("There is no such undo.")

    def act(why: str) -> HttpResponse:
        try:
            done = sync_acts.redo(undo=undo, actor=console.actor, why=why)
        except CannotRedo as error:
            messages.error(console.request, str(error))
            return _to(undo.run)
        messages.success(console.request, "What was undone comes back with this run.")
        return _to(done.redo_run or done.run)

    return _done(console, act, _to(undo.run))


def _done(console: Console, act: Callable[[str], HttpResponse], back: HttpResponse) -> HttpResponse:
    """What the act leads to; a refusal in words leads ``back``."""
    if console.request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        return act(console.why())
    except NoReason as error:
        messages.error(console.request, str(error))
    except sync_acts.CannotSync as error:
        messages.error(console.request, str(error))
    except AlreadyRunning:
        messages.error(console.request, _RUNNING)
    return back


def _to(sync: Sync, tab: str = "") -> HttpResponse:
    answer = redirect("admin:console-sync", sync.public_id)
    if tab:
        answer["Location"] += f"?tab={tab}"
    return answer


def _plan_page(console: Console, sync: Sync, plan: Plan, notice: str = "", status: int = 200) -> HttpResponse:
    context = {
        "title": f"Undo a sync of {sync.company.name}",
        "sync": sync,
        "plan": plan,
        "notice": notice,
        "documents": undo_words.documents(plan),
        "count": undo_words.count(plan),
        "effects": undo_words.effects(plan, account_names(sync.company_id)),
        "first": Sync.objects.filter(company=sync.company, public_id__in=plan.undo_first[:10]).order_by("-id"),
    }
    return console.shown("console/undo.html", context, status=status)


def _accepted(text: str) -> ResumeConflict | None:
    kind, *days = text.split(":")
    if kind not in ("overlap", "gap") or len(days) != 2:
        return None
    first, last = (day_of(day) for day in days)
    return ResumeConflict(kind, first, last) if first and last else None  # type: ignore[arg-type]  # one of the two
