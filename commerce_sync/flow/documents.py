"""One document: its lines, the sales behind it, where it is, its evidence, and sending it once more."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commerce_sync.documents import Listed, document_named, whole
from commerce_sync.evidence import evidence_of
from commerce_sync.evidence_text import evidence_text
from commerce_sync.explain_documents import account_names
from commerce_sync.flow import ledger_view, problem_words
from commerce_sync.flow.document_rows import page_number, shown_document
from commerce_sync.flow.history import zone_of_company
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.flow.sales_behind import sales_behind
from commerce_sync.models import Sync
from commerce_sync.retrying import retry_documents
from ledger.models import Document

ACTOR: Final = "merchant"
A_PAGE: Final = 25  # of the sales behind a document
AN_EVIDENCE: Final = 100  # of them in one file
MOST_LINES: Final = 500
MOST_SIBLINGS: Final = 50
STATES: Final = {  # by the state of `commerce_sync.documents`: the words, and the badge
    "pending": (_("On its way"), "warn"),
    "prepared": (_("On its way"), "warn"),
    "sending": (_("On its way"), "warn"),
    "waiting": (_("On its way"), "warn"),
    "unknown": (_("On its way: it is being looked up whether it has arrived"), "warn"),
    "pushed": (_("In your books"), "good"),
    "refused": (_("Refused"), "bad"),
    "removed": (_("Taken away in your accounting software"), "bad"),
    "voiding": (_("Being taken back"), "warn"),
    "voided": (_("Taken back"), ""),
    "withdrawn": (_("Taken back before it left"), ""),
}
_TAKEABLE: Final = frozenset(STATES) - {"voiding", "voided", "withdrawn"}


class Line(NamedTuple):
    """A debit or a credit (minor units, 0 for the other), with what it is for."""

    account: str
    description: str
    debit: int
    credit: int


@merchant_page
@require_safe
def one_document(request: HttpRequest, merchant: Merchant, document_id: UUID) -> HttpResponse:
    """A document as an accountant reads it, and what a merchant can do about it."""
    row = document_named(merchant.company, str(document_id))
    if row is None:
        return missing(request, merchant)
    found = whole(row)
    page = page_number(request)
    offset = (page - 1) * A_PAGE
    context = {
        **_facts(merchant, found),
        "sales": sales_behind(row.posting, offset, A_PAGE, zone_of_company(merchant.company)),
        "total_sales": found.records.number,
        "page_before": page - 1,
        "page_after": page + 1 if offset + A_PAGE < found.records.number else 0,
        "evidence_parts": list(range(2, min(-(-found.records.number // AN_EVIDENCE), 20) + 1)),
    }
    return shown(request, merchant, "flow/document.html", context)


@merchant_page
@require_POST
def retry_document(request: HttpRequest, merchant: Merchant, document_id: UUID) -> HttpResponse:
    """Send a refused document once more; nothing for one that was not refused."""
    row = document_named(merchant.company, str(document_id))
    if row is None:
        return missing(request, merchant)
    retry_documents(company=merchant.company, actor=ACTOR, document=row)
    return redirect("flow-document", document_id)


@merchant_page
@require_safe
def evidence(request: HttpRequest, merchant: Merchant, document_id: UUID) -> HttpResponse:
    """All that proves the document, as a text to be filed: in English, as auditors and support read it."""
    row = document_named(merchant.company, str(document_id))
    if row is None:
        return missing(request, merchant)
    page = page_number(request)
    found = evidence_of(merchant.company, row, (page - 1) * AN_EVIDENCE, AN_EVIDENCE)
    part = f"-{page}" if page > 1 else ""
    name = f"evidence-{row.reference}{part}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(evidence_text(found), content_type="text/plain; charset=utf-8", headers=headers)


def _facts(merchant: Merchant, found: Listed) -> dict[str, Any]:
    row: Any = found.row
    names = account_names(merchant.company.pk)
    lines = [
        Line(names.get(each.account, each.account), each.description, each.debit, each.credit)
        for each in found.lines or ()
    ]
    siblings = Document.objects.filter(posting=row.posting_id).exclude(pk=row.pk).only("kind", "reference", "key")
    item = getattr(row, "push_item", None)
    sync = Sync.objects.filter(company=merchant.company, public_id=row.posting.act).only("public_id").first()
    words, badge = STATES[found.state]
    return {
        "row": row,
        "document": shown_document(row),
        "state": words,
        "badge": badge,
        "lines": lines[:MOST_LINES],
        "has_more_lines": len(lines) > MOST_LINES,
        "debit": sum(line.debit for line in lines),
        "credit": sum(line.credit for line in lines),
        "siblings": [
            (each.public_id, ledger_view.KINDS[each.kind], each.reference) for each in siblings[:MOST_SIBLINGS]
        ],
        "sync": sync,
        "is_reversal": row.posting.reverses_id is not None,
        "told": problem_words.told(item.failure_code, {}, merchant.locale) if item and item.failure_code else None,
        "sentence": item.failure_sentence if item else "",
        "can_retry": found.state == "refused",
        "can_undo": found.state in _TAKEABLE and row.posting.reverses_id is None,
    }
