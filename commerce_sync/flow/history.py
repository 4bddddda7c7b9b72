"""What was synced: the list, one sync with its documents, one day; and doing it again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from commerce_sync.documents import documents_of
from commerce_sync.flow import problem_words
from commerce_sync.flow.document_rows import document_page, made_by
from commerce_sync.flow.last_run import CHOICE, stopped
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.flow.progress import sync_context
from commerce_sync.models import Sync, Undo
from commerce_sync.retrying import retry_documents
from commerce_sync.selectors import present_code
from commerce_sync.services import AlreadyRunning, request_sync
from commerce_sync.status import is_success
from connectors.models import PushItem
from ledger.models import Company
from ledger.services import now

ACTOR: Final = "merchant"
A_PAGE: Final = 50
MOST_REFUSED: Final = 200  # of a sync, whose reasons are told
TRIGGERS: Final = {
    "schedule": gettext_lazy("By the schedule"),
    "hourly": gettext_lazy("By the schedule"),
    "event": gettext_lazy("After something happened"),
    "request": gettext_lazy("Asked for"),
    "historic": gettext_lazy("Days brought in again"),
    "retry": gettext_lazy("Tried again"),
    "undo": gettext_lazy("Taken back"),
}
STATES: Final = {
    "all": gettext_lazy("All"),
    "good": gettext_lazy("Done"),
    "bad": gettext_lazy("With a problem"),
    "open": gettext_lazy("Under way"),
}


class Row(NamedTuple):
    """A sync as a list shows it. ``kind`` is good, bad or open."""

    id: UUID
    started_at: datetime
    trigger: str
    first: date | None
    last: date | None
    words: str
    kind: str
    records: int
    documents: int


def row_of(sync: Sync, zone: ZoneInfo) -> Row:
    """A sync for a list, on the company's clock."""
    code = present_code(sync, now())
    kind = "open" if sync.finished_at is None else ("good" if is_success(code) else "bad")
    counts = sync.counts
    return Row(
        sync.public_id,
        sync.started_at.astimezone(zone),
        str(TRIGGERS.get(sync.trigger, sync.trigger)),
        sync.from_day,
        sync.through_day,
        str(problem_words.CODES.get(code, code)),
        kind,
        int(counts.get("records", 0)),
        int(counts.get("written", 0)),
    )


@merchant_page
@require_safe
def history(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """The syncs of a range of days, newest first."""
    zone = zone_of_company(merchant.company)
    first, last = _day(request.GET.get("from", "")), _day(request.GET.get("to", ""))
    state = request.GET.get("state", "all")
    rows = Sync.objects.filter(company=merchant.company).order_by("-id")
    if first is not None:
        rows = rows.filter(started_at__gte=_midnight(first, zone))
    if last is not None:
        rows = rows.filter(started_at__lt=_midnight(last + timedelta(days=1), zone))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    page = list(_in_state(rows, state)[: A_PAGE + 1])
    more = page[A_PAGE - 1].pk if len(page) > A_PAGE else None
    context = {
        "rows": [row_of(sync, zone) for sync in page[:A_PAGE]],
        "more": more,
        "first": first,
        "last": last,
        "state": state,
        "states": STATES,
    }
    return shown(request, merchant, "flow/history.html", context)


@merchant_page
@require_safe
def one_sync(request: HttpRequest, merchant: Merchant, sync_id: UUID) -> HttpResponse:
    """What one sync did, what it could not, and what to do about that."""
    row = Sync.objects.filter(company=merchant.company, public_id=sync_id).first()
    if row is None:
        return missing(request, merchant)
    documents = document_page(request, documents_of(merchant.company).filter(posting__act=row.public_id))
    refused = _refused(merchant.company, row, merchant.locale)
    told = problem_words.told(row.failure_code, {}, merchant.locale) if row.failure_code else None
    context = {
        **sync_context(row),
        "row": row_of(row, zone_of_company(merchant.company)),
        "told": told,
        "broken": stopped(merchant, row) if row.failure_code == CHOICE else [],
        "is_latest": not Sync.objects.filter(company=merchant.company, pk__gt=row.pk).exists(),
        "sentence": "" if told else row.failure_sentence,
        **documents,
        "refused": refused,
        "undo": Undo.objects.filter(Q(sync=row) | Q(run=row)).exclude(state="failed").order_by("-id").first(),
        "can_undo": bool(documents["found"]) and row.finished_at is not None and row.trigger not in ("undo", "retry"),
    }
    return shown(request, merchant, "flow/sync.html", context)


@merchant_page
@require_POST
def retry(request: HttpRequest, merchant: Merchant, sync_id: UUID) -> HttpResponse:
    """Send what was refused once more."""
    row = Sync.objects.filter(company=merchant.company, public_id=sync_id).first()
    if row is None:
        return missing(request, merchant)
    retry_documents(company=merchant.company, actor=ACTOR, sync=row)
    return redirect("flow-sync", row.public_id)


@merchant_page
@require_safe
def one_day(request: HttpRequest, merchant: Merchant, day: str) -> HttpResponse:
    """What the books have of one business day."""
    found = _day(day)
    if found is None:
        return missing(request, merchant)
    return _day_page(request, merchant, found)


@merchant_page
@require_POST
def run_day(request: HttpRequest, merchant: Merchant, day: str) -> HttpResponse:
    """Bring one day in again: what has changed is posted, what is right already stays."""
    found = _day(day)
    version = merchant.company.book_versions.order_by("-number").first()
    if found is None or version is None:
        return missing(request, merchant)
    book = version.book
    if found >= book.calendar.day_of(now()) or (book.start_on is not None and found < book.start_on):
        words = _("Only a day that is over, and not before your first day, can be brought in again.")
        return _day_page(request, merchant, found, words, 400)
    try:
        sync = request_sync(company=merchant.company, trigger=Sync.Trigger.HISTORIC, from_day=found, through=found)
    except AlreadyRunning:
        return _day_page(request, merchant, found, _("A sync is under way already. Wait until it has ended."), 409)
    return redirect("flow-sync", sync.public_id)


def _day_page(
    request: HttpRequest, merchant: Merchant, day: date, problem: str = "", status: int = 200
) -> HttpResponse:
    documents = document_page(request, documents_of(merchant.company).filter(posting__day=day))
    context = {
        "day": day,
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1),
        **documents,
        "problem": problem,
        "made_by": made_by(merchant.company, documents["found"], zone_of_company(merchant.company)),
    }
    return shown(request, merchant, "flow/day.html", context, status=status)


def zone_of_company(company: Company) -> ZoneInfo:
    """The clock on the company's wall."""
    version = company.book_versions.order_by("-number").first()
    return ZoneInfo(version.book.days[-1].zone if version is not None else company.zone)


def _refused(company: Company, sync: Sync, locale: str) -> list[dict[str, Any]]:
    items = PushItem.objects.filter(company=company, state="refused", document__posting__act=sync.public_id)
    found: dict[str, dict[str, Any]] = {}
    for code, sentence in items.values_list("failure_code", "failure_sentence")[:MOST_REFUSED]:
        told = problem_words.told(code, {}, locale)
        what, todo, page = told or (sentence, "", "")
        entry = found.setdefault(code, {"what": what, "todo": todo, "page": page, "count": 0, "sentence": sentence})
        entry["count"] += 1
    return list(found.values())


def _in_state(rows: QuerySet[Sync], state: str) -> QuerySet[Sync]:
    if state == "open":
        return rows.filter(finished_at__isnull=True)
    if state == "good":
        return rows.filter(code__in=(2000, 2040))
    if state == "bad":
        return rows.filter(finished_at__isnull=False).exclude(code__in=(2000, 2040))
    return rows


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1900, 1, 2) <= day <= date(2199, 12, 30) else None
