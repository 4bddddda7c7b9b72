"""Taking back a sync or a document: the plan first, then the deed, what came of it, and bringing it back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import Struct

from commerce_sync.documents import document_named, documents_of
from commerce_sync.explain_documents import account_names
from commerce_sync.flow import problem_words, undo_words
from commerce_sync.flow.document_rows import document_page
from commerce_sync.flow.history import zone_of_company
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.flow.progress import sync_context
from commerce_sync.models import Sync, Undo
from commerce_sync.services import AlreadyRunning
from commerce_sync.undo import CannotRedo, CannotUndo, PlanChanged, plan_undo, request_redo, request_undo
from commerce_sync.undo_plan import Plan
from connectors import registry
from connectors.models import Connection
from connectors.options import locked_through
from ledger.models import Company, Document

ACTOR: Final = "merchant"
A_PAGE: Final = 50
MOST_FIRST: Final = 10  # syncs that have to go first, on a page
STATES: Final = {
    "requested": (gettext_lazy("Waiting for its turn"), ""),
    "running": (gettext_lazy("Being taken back"), "warn"),
    "done": (gettext_lazy("Taken back"), "good"),
    "failed": (gettext_lazy("Not taken back"), "bad"),
    "redone": (gettext_lazy("Brought back"), ""),
}


class Subject(Struct):
    """What is to be taken back: one of the two."""

    company: Company
    sync: Sync | None = None
    document: Document | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """As the services of undo take it."""
        return {"company": self.company, "sync": self.sync, "document": self.document}

    def before(self) -> Undo | None:
        """The undo of this that has not ended, or ended well and was not undone itself."""
        posting = self.document.posting_id if self.document is not None else None
        rows = Undo.objects.filter(company=self.company, sync=self.sync, posting=posting, redone_at=None)
        return rows.exclude(state=Undo.State.FAILED).order_by("-id").first()


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def undo_sync(request: HttpRequest, merchant: Merchant, sync_id: UUID) -> HttpResponse:
    """What taking back a sync would do; and doing it."""
    row = Sync.objects.filter(company=merchant.company, public_id=sync_id).first()
    if row is None:
        return missing(request, merchant)
    return _undo(request, merchant, Subject(merchant.company, sync=row))


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def undo_document(request: HttpRequest, merchant: Merchant, document_id: UUID) -> HttpResponse:
    """What taking back a document would do, with all that has to go with it; and doing it."""
    row = document_named(merchant.company, str(document_id))
    if row is None:
        return missing(request, merchant)
    return _undo(request, merchant, Subject(merchant.company, document=row))


@merchant_page
@require_safe
def undos(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """What was taken back, newest first."""
    zone = zone_of_company(merchant.company)
    rows = _undos(merchant.company).defer("plan").annotate(records=F("plan__records"))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    page = list(rows[: A_PAGE + 1])
    context = {
        "rows": [
            {"row": row, "at": row.requested_at.astimezone(zone), "state": _state(row)} for row in page[:A_PAGE]
        ],
        "more": page[A_PAGE - 1].pk if len(page) > A_PAGE else None,
    }  # fmt: skip
    return shown(request, merchant, "flow/undos.html", context)


@merchant_page
@require_safe
def one_undo(request: HttpRequest, merchant: Merchant, undo_id: UUID) -> HttpResponse:
    """How an undo stands, and what came of it."""
    row = _undos(merchant.company).filter(public_id=undo_id).first()
    if row is None:
        return missing(request, merchant)
    return _undo_page(request, merchant, row)


@merchant_page
@require_POST
def redo(request: HttpRequest, merchant: Merchant, undo_id: UUID) -> HttpResponse:
    """Bring back what was taken back."""
    row = _undos(merchant.company).filter(public_id=undo_id).first()
    if row is None:
        return missing(request, merchant)
    try:
        request_redo(undo=row, actor=ACTOR)
    except CannotRedo:
        is_done = row.state == Undo.State.DONE
        words = (
            _("These records are out of your books because of another time that they were taken back. Bring that back.")
            if is_done
            else _("It has not been taken back yet, so there is nothing to bring back.")
        )
        return _undo_page(request, merchant, row, words, 409)
    except AlreadyRunning:
        return _undo_page(request, merchant, row, _busy(), 409)
    return redirect("flow-undo", row.public_id)


def _undo(request: HttpRequest, merchant: Merchant, subject: Subject) -> HttpResponse:
    before = subject.before()
    if before is not None:  # sent twice, or looked at again
        return redirect("flow-undo", before.public_id)
    if request.method != "POST":
        return _plan_page(request, merchant, subject, plan_undo(**subject.asked))
    try:
        made = request_undo(**subject.asked, plan_digest=request.POST.get("plan", "")[:100], actor=ACTOR)
    except PlanChanged as error:
        words = _("Your books have changed since this was shown, so nothing was done. This is how it is now.")
        return _plan_page(request, merchant, subject, error.plan, words, 409)
    except CannotUndo as error:
        return _plan_page(request, merchant, subject, error.plan, status=409)
    except AlreadyRunning:
        return _plan_page(request, merchant, subject, plan_undo(**subject.asked), _busy(), 409)
    return redirect("flow-undo", made.public_id)


def _busy() -> str:
    return _("A sync is under way already. Wait until it has ended.")


def _plan_page(
    request: HttpRequest, merchant: Merchant, subject: Subject, plan: Plan, notice: str = "", status: int = 200
) -> HttpResponse:
    link = Connection.objects.filter(
        company=merchant.company, kind=Connection.Kind.ACCOUNTING, status=Connection.Status.LINKED
    ).first()
    platform = registry.accounting(link.platform) if link is not None else None
    said = (
        undo_words.obstacles(plan, has_books=link is not None)
        if plan.blocked
        else undo_words.sentences(
            plan, platform.voids if platform else (), locked_through(link) if link else None, merchant.locale
        )
    )
    zone = zone_of_company(merchant.company)
    first = Sync.objects.filter(company=merchant.company, public_id__in=plan.undo_first[:MOST_FIRST]).order_by("-id")
    count = undo_words.count(plan)
    context = {
        "sync": subject.sync,
        "document": subject.document,
        "started_at": subject.sync.started_at.astimezone(zone) if subject.sync else None,
        "plan": plan,
        "has_books": link is not None,
        "notice": notice,
        "said": list(said),
        "first": [(row.public_id, row.started_at.astimezone(zone)) for row in first],
        "documents": undo_words.documents(plan),
        "count": count,
        "has_more": count > undo_words.MOST_SHOWN,
        "effects": undo_words.effects(plan, account_names(merchant.company.pk)),
    }
    return shown(request, merchant, "flow/undo_plan.html", context, status=status)


def _undo_page(
    request: HttpRequest, merchant: Merchant, row: Undo, problem: str = "", status: int = 200
) -> HttpResponse:
    zone = zone_of_company(merchant.company)
    postings = row.posting_ids
    rows = documents_of(merchant.company).filter(Q(posting__in=postings) | Q(posting__reverses__in=postings))
    runs = [run for run in (row.run, row.redo_run) if run is not None and run.finished_at is None]
    context = {
        **(sync_context(runs[0]) if runs else {"sync": None}),
        "undo": row,
        "at": row.requested_at.astimezone(zone),
        "records": row.plan["records"],
        "state": _state(row),
        "told": problem_words.told(row.failure_code, {}, merchant.locale) if row.failure_code else None,
        "problem": problem,
        **document_page(request, rows),
        "can_redo": row.state == Undo.State.DONE and row.redone_at is None,
    }
    return shown(request, merchant, "flow/undo.html", context, status=status)


def _undos(company: Company) -> QuerySet[Undo]:
    return Undo.objects.filter(company=company).select_related("sync", "posting", "run", "redo_run").order_by("-id")


def _state(row: Undo) -> tuple[str, str]:
    words, badge = STATES["redone" if row.redone_at is not None else row.state]
    return str(words), badge
