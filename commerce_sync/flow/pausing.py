"""Pause, switch off, and go on: what each means, and from which day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.version_words import GOING_ON
from commerce_sync.models import Schedule
from commerce_sync.pausing import go_on, switch_off
from commerce_sync.schedule import FAILING_DAYS_LIMIT, ResumeConflict
from commerce_sync.services import CannotResume, pause
from connectors.models import Connection
from connectors.options import locked_through
from ledger.book import Book
from ledger.calendar import OutsideCalendar
from ledger.services import now

ACTOR: Final = "merchant"
LONGEST_REASON: Final = 300
NO_REASON: Final = "Paused by the merchant"  # as it is stored, for support; merchants read it in their language
LATEST: Final = timedelta(days=366)  # so far ahead may it go on
_ONE_DAY: Final = timedelta(days=1)


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def pause_page(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """What it means to stop, for a while or for good; and stopping."""
    schedule = Schedule.objects.filter(company=merchant.company).first()
    if schedule is None:
        return redirect("flow")
    if request.method != "POST":
        if schedule.paused_at is not None or not schedule.enabled:
            return redirect("flow-resume")
        return shown(request, merchant, "flow/pause.html", {"longest": LONGEST_REASON})
    if request.POST.get("what") == "off":
        switch_off(company=merchant.company, actor=ACTOR)
    else:
        reason = " ".join(request.POST.get("why", "").replace("\0", " ").split())[:LONGEST_REASON]
        pause(company=merchant.company, reason=reason or NO_REASON, actor=ACTOR)
    return redirect("flow")


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def resume_page(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """From which day it goes on; days that would be met twice or never are named, and have to be agreed to."""
    schedule = Schedule.objects.filter(company=merchant.company).first()
    version = merchant.company.book_versions.order_by("-number").first()
    if schedule is None or version is None or (schedule.enabled and schedule.paused_at is None):
        return redirect("flow")
    if request.method != "POST":
        return _resume(request, merchant, schedule, version.book)
    text = request.POST.get("start_on", "").strip()
    day, problem = chosen_day(text, version.book)
    if day is None:
        return _resume(request, merchant, schedule, version.book, {"problem": problem, "start_on": text[:40]}, 400)
    try:
        go_on(
            company=merchant.company,
            start_on=day,
            accepted=accepted_of(request.POST.get("accepted", "")),
            actor=ACTOR,
            reason=GOING_ON,
        )
    except CannotResume as error:
        found = {"conflict": error.conflict, "token": token_of(error.conflict), "start_on": day.isoformat()}
        return _resume(request, merchant, schedule, version.book, found, 409)
    return redirect("flow")


def _resume(
    request: HttpRequest,
    merchant: Merchant,
    schedule: Schedule,
    book: Book,
    found: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    last = schedule.last_success_through
    following = last + _ONE_DAY if last is not None else (book.start_on or book.calendar.day_of(now()))
    context = {
        "schedule": schedule,
        "by_itself": schedule.failing_days >= FAILING_DAYS_LIMIT,
        "why": _("You paused it.") if schedule.pause_reason == NO_REASON else schedule.pause_reason,
        "last": last,
        "following": following,
        "start_on": following.isoformat(),
        "locked": _locked(merchant),
        **(found or {}),
    }
    return shown(request, merchant, "flow/resume.html", context, status=status)


def chosen_day(text: str, book: Book) -> tuple[date | None, str]:
    """The day that was chosen, or why it cannot be taken."""
    if not text:
        return None, _("Choose the day from which it goes on.")
    try:
        day = date.fromisoformat(text)
        book.calendar.bounds(day)
    except (ValueError, OutsideCalendar, OverflowError):
        return None, _("“%(said)s” is no date. Write it as 2026-03-01.") % {"said": text[:40]}
    if book.start_on is not None and day < book.start_on:
        words = _("Your books begin on %(day)s. Choose that day or a later one.")
        return None, words % {"day": book.start_on.isoformat()}
    if day > book.calendar.day_of(now()) + LATEST:
        return None, _("Choose a day within the next year.")
    return day, ""


def token_of(conflict: ResumeConflict) -> str:
    """What somebody who agrees agrees to: these days and no others."""
    return f"{conflict.kind}:{conflict.first}:{conflict.last}"


def accepted_of(text: str) -> ResumeConflict | None:
    """What somebody agreed to, by its token; None: nothing."""
    kind, *days = text.split(":")
    if kind not in ("overlap", "gap") or len(days) != 2:
        return None
    try:
        return ResumeConflict(kind, date.fromisoformat(days[0]), date.fromisoformat(days[1]))  # type: ignore[arg-type]
    except ValueError:
        return None


def _locked(merchant: Merchant) -> date | None:
    books = merchant.books
    linked = books is not None and books.status == Connection.Status.LINKED
    return locked_through(books) if books is not None and linked else None
