"""The acts on syncs: each is a POST with a reason, and leads back to where its outcome is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from commerce_sync.explain_documents import account_names
from commerce_sync.flow import undo_words
from commerce_sync.models import Sync, Undo
from commerce_sync.services import AlreadyRunning
from commerce_sync.undo import CannotRedo, CannotUndo, PlanChanged, plan_undo
from commerce_sync.undo_plan import Plan
from health.console import sync_acts
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from health.console.sync_page import sync_of
from ledger.admin_filters import day_of
from ledger.models import Document

_RUNNING: Final = "A sync of this company is under way already. Wait until it has ended, then ask again."


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

    return _done(console, act, redirect("admin:console-company", company.public_id))


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
