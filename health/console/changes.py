"""The log of changes: who changed what of how a company or a partner is served, when, why, and what was different."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from health.audit_trail import SEALED
from health.console.change_words import KINDS, Told, told_of
from health.console.company import frame_of
from health.console.page import Console, console_page
from ledger.models import AuditEntry, Partner

A_PAGE: Final = 40
RIGHT: Final = "ledger.view_auditentry"


@require_safe
@console_page(RIGHT)
def company_changes(console: Console, company_id: UUID) -> HttpResponse:
    """The changes of one company."""
    company = console.company(company_id)
    rows = changes().filter(company=company)
    context = {**frame_of(console, company, "changes"), **_listed(console, rows), "of_company": True}
    return console.shown("console/company/changes.html", context)


@require_safe
@console_page(RIGHT)
def partner_changes(console: Console, partner_id: int) -> HttpResponse:
    """The changes of a partner and of all its companies."""
    if console.partner_id not in (None, partner_id):
        raise Http404("There is no such partner.")
    partner = Partner.objects.filter(pk=partner_id).first()
    if partner is None:
        raise Http404("There is no such partner.")
    context = {"title": f"Changes: {partner.name}", **_listed(console, changes().filter(partner=partner))}
    return console.shown("console/company/all_changes.html", context)


@require_safe
@console_page(RIGHT)
def all_changes(console: Console) -> HttpResponse:
    """The changes that this person may see."""
    rows = changes() if console.partner_id is None else changes().filter(partner_id=console.partner_id)
    return console.shown("console/company/all_changes.html", {"title": "Changes", **_listed(console, rows)})


def changes() -> QuerySet[AuditEntry]:
    """What people changed, and not what syncs did: served by the indexes `audit_changes…`, whose condition this is."""
    rows = AuditEntry.objects.select_related("company", "partner").exclude(code=SEALED).order_by("-id")
    return rows.extra(where=[OF_PEOPLE])  # noqa: S610  # a constant


# As in the indexes, word for word: PostgreSQL uses them for nothing else.
OF_PEOPLE: Final = (
    "code NOT LIKE 'document.%%' AND code NOT LIKE 'posting.%%' AND code NOT LIKE 'setup_link.%%'"
    " AND code NOT LIKE 'login.%%' AND code NOT LIKE 'session.%%' AND code NOT LIKE 'finding.%%'"
    " AND code <> 'sync.succeeded' AND code <> 'sync.failed'"
)


def _listed(console: Console, rows: QuerySet[AuditEntry]) -> dict[str, Any]:
    """A page of ``rows``, as the filters want them."""
    said = {name: console.request.GET.get(name, "").strip()[:100] for name in ("who", "kind", "from", "to", "before")}
    first, last = _day(said["from"]), _day(said["to"])
    if first is not None:
        rows = rows.filter(at__gte=_midnight(first))
    if last is not None:
        rows = rows.filter(at__lt=_midnight(last + timedelta(days=1)))
    if said["kind"] in KINDS:
        wanted = Q()
        for prefix in KINDS[said["kind"]].prefixes:
            wanted |= Q(code__startswith=prefix)
        rows = rows.filter(wanted)
    if said["who"]:
        who = said["who"]
        rows = rows.filter(actor__in=(who, f"console:{who}", f"api:{who}"))
    if said["before"].isascii() and said["before"].isdigit() and len(said["before"]) < 19:
        rows = rows.filter(id__lt=int(said["before"]))
    page = list(rows[: A_PAGE + 1])
    told: list[Told] = told_of(page[:A_PAGE])
    kept = urlencode({name: value for name, value in said.items() if value and name != "before"})
    return {
        "changes": told,
        "said": said,
        "kinds": {key: kind.words for key, kind in KINDS.items()},
        "more": page[A_PAGE - 1].pk if len(page) > A_PAGE else None,
        "kept": kept,
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1970, 1, 2) <= day <= date(2199, 12, 30) else None
