"""What the page of a company shows, each part in a statement or two, whatever the size of its books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.urls import reverse

from commerce_sync.flow.locales import NAMES
from commerce_sync.models import SetupDraft, Sync
from commerce_sync.selectors import present_code
from commerce_sync.status import CODES, is_success
from connectors import registry
from connectors.models import Call, Connection, IncomingWebhook, Watermark
from health.findings.kinds import SEVERITIES
from health.models import CompanyContact, Finding, WebhookEndpoint
from ledger.models import AuditEntry, BookVersion, Company, ProblemRow
from ledger.services import now

MOST_SYNCS: Final = 8
MOST_FINDINGS: Final = 20
MOST_PROBLEMS: Final = 500  # open ones that are read, to be told by kind
MOST_KINDS: Final = 12
MOST_VERSIONS: Final = 5
MOST_RUNG: Final = 5
MOST_CALLS: Final = 3  # failed ones of a connection


class SyncRow(NamedTuple):
    """A sync as the list of the page shows it; ``kind`` is good, bad or open."""

    row: Sync
    code: int
    words: str
    kind: str
    address: str


class Link(NamedTuple):
    """A connection with how it does: ``kind`` good, bad or open; ``calls`` are the last that failed."""

    row: Connection
    platform: str
    kind: str
    why: str
    pulled_at: datetime | None
    calls: list[Call]
    records: str


class Told(NamedTuple):
    """Open problems of one kind: what the first of them says, and how many there are."""

    code: str
    sentence: str
    remedy: str
    number: int
    blocks: bool


def syncs_of(company: Company) -> list[SyncRow]:
    """The last syncs, newest first."""
    at = now()
    found = []
    for row in Sync.objects.filter(company=company).order_by("-id")[:MOST_SYNCS]:
        code = present_code(row, at)
        kind = "open" if row.finished_at is None else "good" if is_success(code) else "bad"
        address = reverse("admin:console-sync", args=(row.public_id,))
        found.append(SyncRow(row, code, CODES[code], kind, address))
    return found


def links_of(company: Company) -> list[Link]:
    """The connections, the linked ones first, with why those that work no longer do not."""
    rows = sorted(company.connections.all()[:50], key=lambda row: (row.status != Connection.Status.LINKED, row.pk))
    why = _lost(company, rows)
    pulled = dict[int, datetime]()
    for connection_id, at in Watermark.objects.filter(connection__in=rows).values_list("connection_id", "pulled_at"):
        pulled[connection_id] = max(at, pulled.get(connection_id, at))
    for row in rows:
        row.company = company
    return [_link(row, why.get(str(row.public_id), ""), pulled.get(row.pk)) for row in rows]


def _link(row: Connection, why: str, pulled_at: datetime | None) -> Link:
    kind = {Connection.Status.LINKED: "good", Connection.Status.DEAUTHORIZED: "bad"}.get(
        Connection.Status(row.status), "open"
    )
    known = registry.accounting if row.kind == Connection.Kind.ACCOUNTING else registry.commerce
    calls = []
    if not known(row.platform).local and kind != "open":
        calls = [call for call in row.calls.order_by("-started_at")[:20] if call.failure][:MOST_CALLS]
    records = ""
    if row.source_id is not None:
        records = f"{reverse('admin:ledger_recordrow_changelist')}?company={row.company.public_id}"
    return Link(row, known(row.platform).name, kind, why, pulled_at, calls, records)


def _lost(company: Company, rows: Iterable[Connection]) -> dict[str, str]:
    ids = [str(row.public_id) for row in rows if row.status == Connection.Status.DEAUTHORIZED]
    if not ids:
        return {}
    told = AuditEntry.objects.filter(company=company, code="connection.deauthorized", subject__in=ids).order_by("id")
    return {entry.subject: str(entry.detail.get("reason", "")) for entry in told}


def problems_of(company: Company) -> tuple[list[Told], bool]:
    """Open problems by kind, those that keep sales out first; and whether there may be more than were read."""
    rows = list(ProblemRow.objects.filter(company=company, resolved_at=None).order_by("id")[: MOST_PROBLEMS + 1])
    found: dict[str, list[ProblemRow]] = {}
    for row in rows[:MOST_PROBLEMS]:
        found.setdefault(row.code, []).append(row)
    told = [
        Told(code, each[0].problem.sentence, each[0].problem.remedy, len(each), each[0].problem.blocks)
        for code, each in found.items()
    ]
    return sorted(told, key=lambda each: (not each.blocks, -each.number))[:MOST_KINDS], len(rows) > MOST_PROBLEMS


def findings_of(company: Company) -> list[tuple[Finding, str]]:
    """Open findings with the addresses of their pages, the gravest first."""
    rows = Finding.objects.filter(company=company, resolved_at=None).select_related("assignee").order_by("-id")
    found = sorted(rows[:MOST_FINDINGS], key=lambda each: (SEVERITIES.index(each.severity), -each.pk))
    return [(each, reverse("admin:console-finding", args=(each.public_id,))) for each in found]


def versions_of(company: Company) -> QuerySet[BookVersion]:
    """The last versions of the mapping."""
    return company.book_versions.annotate(size=Length("body")).defer("body").order_by("-number")[:MOST_VERSIONS]


def rung_of(links: Sequence[Link]) -> list[IncomingWebhook]:
    """The last webhooks of its platforms."""
    rows = IncomingWebhook.objects.filter(connection__in=[link.row.pk for link in links if link.records])
    return list(rows.defer("body").order_by("-received_at")[:MOST_RUNG])


def facts_of(company: Company) -> dict[str, Any]:
    """All of it, for the template."""
    links = links_of(company)
    told, has_more = problems_of(company)
    contact = CompanyContact.objects.filter(company=company).first()
    return {
        "syncs": syncs_of(company),
        "links": links,
        "problems": told,
        "has_more_problems": has_more,
        "findings": findings_of(company),
        "versions": versions_of(company),
        "rung": rung_of(links),
        "endpoints": WebhookEndpoint.objects.filter(partner=company.partner)[:5],
        "contact": contact,
        "contact_locale": NAMES.get(contact.locale, "") if contact is not None else "",
        "draft": SetupDraft.objects.filter(company=company).defer("body").first(),
    }
