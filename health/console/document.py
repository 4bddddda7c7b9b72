"""The page of a document: T-accounts, and beside them the records that they are made of, down to the raw row."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from commerce_sync.document_lines import PostedLine
from commerce_sync.document_records import BehindDocument, records_of
from commerce_sync.documents import documents_of, whole
from commerce_sync.evidence import evidence_of, fields_used
from commerce_sync.evidence_text import evidence_text
from commerce_sync.explain_chain import raw_row
from commerce_sync.explain_documents import account_names
from commerce_sync.flow.document_rows import page_number
from commerce_sync.models import Sync
from commerce_sync.retrying import retry_documents
from connectors.models import Call
from health.console.company import frame_of
from health.console.page import Console, NoReason, console_page
from health.console.roles import Right
from ledger.models import AuditEntry, Company, Document, RecordRow
from ledger.services import audit

A_PAGE: Final = 25  # records
AN_EVIDENCE: Final = 100  # records in one file
MOST_LINES: Final = 500
MOST_OTHERS: Final = 20
MOST_POSTED_AGAIN: Final = 500  # records of a run that are posted again in memory while somebody waits for the page
GOOD: Final = frozenset({"pushed"})
BAD: Final = frozenset({"refused", "unknown", "removed"})


class Account(NamedTuple):
    """One account of the document as a T: its lines, and both sums in minor units."""

    id: str
    name: str
    lines: list[PostedLine]
    debit: int
    credit: int


class Behind(NamedTuple):
    """A record with what it does to the account that was asked for, or to all: debits less credits of the positive."""

    record: BehindDocument
    amount: int
    is_open: bool


@require_safe
@console_page("ledger.view_document")
def document_page(console: Console, document_id: int) -> HttpResponse:
    """The document, its delivery, and the records behind it: all, or those on one account."""
    company, row = _found(console, document_id)
    listed = whole(row)
    names = account_names(company.pk)
    lines = list(listed.lines or ())
    account = console.request.GET.get("account", "")[:200]
    offset = (page_number(console.request) - 1) * A_PAGE
    part = records_of(row.posting_id, offset, A_PAGE, account=account, most=MOST_POSTED_AGAIN)
    chosen = console.request.GET.get("record", "")
    behind = [_behind(record, account, chosen) for record in part.records]
    context = {
        **frame_of(console, company, ""),
        "title": f"{row.kind.replace('_', ' ')} {row.reference}",
        "row": row,
        "state": listed.state,
        "badge": "good" if listed.state in GOOD else "bad" if listed.state in BAD else "open",
        "accounts": _accounts(lines[:MOST_LINES], names),
        "has_more_lines": len(lines) > MOST_LINES,
        "total": sum(line.debit for line in lines),
        "account": account,
        "account_name": names.get(account, account),
        "part": part,
        "behind": behind,
        "page_before": offset // A_PAGE,
        "page_after": offset // A_PAGE + 2 if offset + A_PAGE < part.total else 0,
        "evidence_parts": range(2, min(-(-listed.records.number // AN_EVIDENCE), 20) + 1),
        **_opened(console, company, chosen),
        **_around(console, company, row, lines, names),
    }
    return console.shown("console/company/document.html", context)


@require_safe
@console_page(Right.RAW)
def evidence_page(console: Console, document_id: int) -> HttpResponse:
    """All that proves the document, as a text to be filed."""
    company, row = _found(console, document_id)
    page = page_number(console.request)
    text = evidence_text(evidence_of(company, row, (page - 1) * AN_EVIDENCE, AN_EVIDENCE))
    name = f"evidence-{row.reference}{f'-{page}' if page > 1 else ''}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@require_POST
@console_page(Right.RETRY)
def retry_page(console: Console, document_id: int) -> HttpResponse:
    """Send a refused document once more; nothing for one that was not refused."""
    company, row = _found(console, document_id)
    try:
        why = console.why()
    except NoReason as error:
        messages.error(console.request, str(error))
    else:
        if _retry(company, row, console.actor, why):
            messages.success(console.request, "It is sent once more as soon as no sync of the company runs.")
        else:
            messages.warning(console.request, "It is not refused, so there is nothing to send again.")
    return redirect("admin:console-document", document_id)


@transaction.atomic
def _retry(company: Company, row: Document, actor: str, why: str) -> int:
    count = retry_documents(company=company, actor=actor, document=row)
    if count:
        detail = {"why": why}
        audit(code="document.retry_requested", actor=actor, company=company, subject=row.reference, detail=detail)
    return count


def _found(console: Console, document_id: int) -> tuple[Company, Any]:
    """The document, of a company that this person may see; raises Http404."""
    at = Document.objects.filter(pk=document_id).values_list("company_id", flat=True).first()
    company = console.companies().filter(pk=at).first() if at is not None else None
    row = documents_of(company).filter(pk=document_id).first() if company is not None else None
    if company is None or row is None:
        raise Http404("There is no such document.")
    return company, row


def _accounts(lines: list[PostedLine], names: dict[str, str]) -> list[Account]:
    found = []
    for account, each in groupby(sorted(lines, key=lambda line: line.account), lambda line: line.account):
        own = list(each)
        sums = sum(line.debit for line in own), sum(line.credit for line in own)
        found.append(Account(account, names.get(account, account), own, *sums))
    return sorted(found, key=lambda each: (each.credit > each.debit, each.name))


def _behind(record: BehindDocument, account: str, chosen: str) -> Behind:
    amounts = record.accounts
    amount = amounts.get(account, 0) if account else sum(each for each in amounts.values() if each > 0)
    return Behind(record, amount, str(record.number) == chosen)


def _opened(console: Console, company: Company, chosen: str) -> dict[str, Any]:
    """The record that was chosen, with the row that it was made of."""
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
        return {}
    record = RecordRow.objects.filter(pk=int(chosen), source__company=company).first()
    if record is None:
        return {}
    may = console.may(Right.RAW)
    raw = raw_row(record.page, record.page_row) if may else None
    payload = pretty(raw.payload) if raw is not None and not raw.absent else ""
    return {"opened": record, "canonical": pretty(record.body), "raw": raw, "payload": payload, "may_raw": may}


def _around(
    console: Console, company: Company, row: Any, lines: list[PostedLine], names: dict[str, str]
) -> dict[str, Any]:
    """How it came about and where it went: posting, mapping, delivery, answer, calls, what the trail tells."""
    item = getattr(row, "push_item", None)
    binding = item.binding if item is not None else None
    sync = Sync.objects.filter(company=company, public_id=row.posting.act).first()
    siblings = Document.objects.filter(posting_id=row.posting_id).exclude(pk=row.pk).only("kind", "reference")
    calls: list[Call] = []
    if sync is not None and sync.correlation and item is not None and console.may(Right.CALLS):
        mine = Call.objects.filter(correlation=sync.correlation, connection_id=item.connection_id)
        calls = list(mine.order_by("-id")[:MOST_OTHERS])
    used = fields_used(row.posting.book_version.book, lines[:MOST_LINES], row.currency)
    return {
        "item": item,
        "binding": binding,
        "answer": json.dumps(binding.answer, indent=2, ensure_ascii=False) if binding and binding.answer else "",
        "sync": sync,
        "siblings": siblings.order_by("pk")[:MOST_OTHERS],
        "fields": [(each, names.get(each.value, each.value)) for each in used],
        "calls": calls,
        "events": AuditEntry.objects.filter(company=company, subject=row.reference).order_by("-id")[:MOST_OTHERS],
        "can_retry": item is not None and item.state == "refused" and console.may(Right.RETRY),
        "may_evidence": console.may(Right.RAW),
    }


def pretty(raw: Any) -> str:
    """JSON as people read it."""
    return json.dumps(json.loads(bytes(memoryview(raw))), indent=2, ensure_ascii=False)
