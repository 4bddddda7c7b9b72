"""The end of the set-up: a real day as it would be in the books, one day posted to look at, and turning it on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from msgspec import structs

from commerce_sync.configuration.known import Known
from commerce_sync.configuration.saving import Overtaken
from commerce_sync.documents import documents_of
from commerce_sync.flow import ledger_view, problem_words
from commerce_sync.flow.choosing import label_of
from commerce_sync.flow.draft import Draft, NotComplete, put_in_force
from commerce_sync.flow.last_run import broken_in
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.flow.progress import fetch_context, sync_context
from commerce_sync.flow.stage import Begun, begun
from commerce_sync.flow.stages import CHOOSING, Stage, next_stage
from commerce_sync.flow.version_words import SET_UP
from commerce_sync.models import Schedule, Sync
from commerce_sync.origins import still_registered
from commerce_sync.preview import TooManyRecords, preview
from commerce_sync.preview_result import KeptOut
from commerce_sync.services import AlreadyRunning, CannotResume, request_sync
from ledger import sql
from ledger.book import Book

ACTOR: Final = "merchant"
MOST_SHOWN: Final = 100  # documents, and records that stay out, on one page


@merchant_page
@require_safe
def preview_page(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """One day as the choices would have it in the books; nothing is posted."""
    at = _complete(merchant)
    if isinstance(at, HttpResponse):
        return at
    return _page(request, merchant, at)


@merchant_page
@require_POST
def post_day(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Put the choices in force, without turning them on, and bring one day into the books."""
    at = _complete(merchant)
    if isinstance(at, HttpResponse):
        return at
    day = _day(request.POST.get("day", ""))
    start_on = at.draft.book.start_on
    if day is None or day >= at.known.today or (start_on is not None and day < start_on):
        return _page(request, merchant, at, _("Choose a whole day that is over and not before your first day."))
    problem = _in_force(merchant, at, enable=None, ends=False)
    if problem:
        return _page(request, merchant, at, problem, status=409)
    try:
        sync = request_sync(company=merchant.company, trigger=Sync.Trigger.HISTORIC, from_day=day, through=day)
    except AlreadyRunning:
        return _page(request, merchant, at, _("A sync is under way already. Wait until it has ended."), status=409)
    return redirect("flow-posted", sync.public_id)


@merchant_page
@require_safe
def posted(request: HttpRequest, merchant: Merchant, sync_id: UUID) -> HttpResponse:
    """What came of posting one day, with the documents to look at."""
    row = Sync.objects.filter(company=merchant.company, public_id=sync_id).first()
    if row is None:
        return missing(request, merchant)
    at = _complete(merchant)
    if isinstance(at, HttpResponse):
        return at
    documents = documents_of(merchant.company).filter(posting__act=row.public_id)
    context = {
        **at.context,
        **sync_context(row),
        "told": problem_words.told(row.failure_code, {}, merchant.locale) if row.failure_code else None,
        "documents": [
            {"kind": ledger_view.KINDS.get(each.kind, each.kind), "row": each} for each in documents[:MOST_SHOWN]
        ],
    }
    return shown(request, merchant, "flow/posted.html", context)


@merchant_page
@require_POST
def finish(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Turn the syncs on."""
    at = _complete(merchant)
    if isinstance(at, HttpResponse):
        return at
    problem = _in_force(merchant, at, enable=True, ends=True)
    if problem:
        return _page(request, merchant, at, problem, status=409)
    return redirect("flow-finished")


@merchant_page
@require_safe
def finished(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """It is on: what happens next, and the way back to where the merchant came from."""
    schedule = Schedule.objects.filter(company=merchant.company).first()
    if schedule is None:
        return redirect("flow")
    back = still_registered(merchant.company.partner, merchant.session.redirect_url)
    return shown(request, merchant, "flow/finished.html", {"schedule": schedule, "back": back})


def _complete(merchant: Merchant) -> Begun | HttpResponse:
    """The draft with all its stages done; else the way to the first that is not, or to what came before it."""
    at = begun(merchant, "schedule")
    if isinstance(at, HttpResponse):
        return at
    if at.draft.is_overtaken(at.in_force):
        return redirect("flow-change")
    missing: Stage | None = next_stage({"commerce", "accounting", *at.draft.done})
    return redirect(missing.url) if missing is not None and missing.key in CHOOSING else at


def _in_force(merchant: Merchant, at: Begun, *, enable: bool | None, ends: bool) -> str:
    """Put the draft in force; what is in the way, in words, or nothing."""
    try:
        put_in_force(company=merchant.company, known=at.in_force, enable=enable, actor=ACTOR, reason=SET_UP, ends=ends)
    except NotComplete as error:
        return " ".join(sentence for _path, sentence in error.problems)
    except Overtaken:
        return _("Your settings were changed by somebody else meanwhile. Send it again to see both.")
    except CannotResume:
        return _("Some days would be met twice or never. Choose another first day.")
    return ""


def _page(request: HttpRequest, merchant: Merchant, at: Begun, problem: str = "", status: int = 400) -> HttpResponse:
    day = _day(request.GET.get("day", "") or request.POST.get("day", "")) or newest_day(merchant.company.pk, at.known)
    context: dict[str, Any] = {**at.context, **fetch_context(merchant), "day": day, "problem": problem}
    context["broken"] = broken_in(at.draft.book, at.in_force)
    if day is not None:
        context |= _shown_day(merchant, at.known, at.draft, day)
    return shown(request, merchant, "flow/preview.html", context, status=status if problem else 200)


def _shown_day(merchant: Merchant, known: Known, draft: Draft, day: date) -> dict[str, Any]:
    """The documents of a day, and what they do."""
    book: Book = draft.book
    if book.start_on is not None and day < book.start_on:
        book = structs.replace(book, start_on=day)  # to look at only
    try:
        found = preview(merchant.company, day, day, "whole", candidate=book)
    except TooManyRecords:
        return {"is_too_large": True}
    names = {option.id: label_of(option) for option in known.of_kind("account")}
    return {
        "tables": [ledger_view.document(each.document, names) for each in found.documents[:MOST_SHOWN]],
        "effects": ledger_view.effects(found.effects, names),
        "records": found.records,
        "kept_out": [_kept_out(each, merchant.locale) for each in found.kept_out[:MOST_SHOWN]],
        "can_post": day < known.today and (draft.book.start_on is None or day >= draft.book.start_on),
    }


def _kept_out(each: KeptOut, locale: str) -> dict[str, str]:
    told = problem_words.told(each.problem.code, each.problem.detail, locale)
    what, todo = (told.what, told.todo) if told else (each.problem.sentence, each.problem.remedy)
    return {"name": each.record.external_id, "what": what, "todo": todo}


def newest_day(company_id: int, known: Known) -> date | None:
    """The last whole business day that has sales."""
    begins: datetime = known.book.calendar.bounds(known.today)[0]
    found = sql.rows(
        "SELECT max(happened_at) FROM ledger_standing WHERE company_id = %s AND happened_at < %s", (company_id, begins)
    )
    latest = found[0][0]
    return known.book.calendar.day_of(latest) if latest is not None else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
