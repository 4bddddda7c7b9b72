"""Documents as the lists of pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest

from commerce_sync.flow import ledger_view
from commerce_sync.models import Sync
from ledger.models import Company, Document

MOST_SYNCS: Final = 50
A_PAGE: Final = 50


def page_number(request: HttpRequest) -> int:
    """The page that is asked for, from 1; what is no number is the first."""
    text = request.GET.get("page", "1")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def document_page(request: HttpRequest, rows: QuerySet[Document]) -> dict[str, Any]:
    """The page of ``rows`` that is asked for, for `flow/_documents.html`; ``found`` are the rows themselves."""
    page = page_number(request)
    found = list(rows[(page - 1) * A_PAGE : page * A_PAGE + 1])
    return {
        "found": found[:A_PAGE],
        "documents": [shown_document(each) for each in found[:A_PAGE]],
        "documents_before": page - 1,
        "documents_after": page + 1 if len(found) > A_PAGE else 0,
    }


def shown_document(row: Any) -> dict[str, Any]:
    """A document as a list shows it; ``state`` is what `documents_of` found."""
    item = getattr(row, "push_item", None)
    binding = getattr(item, "binding", None) if item is not None else None
    return {
        "id": row.uuid,
        "kind": ledger_view.KINDS.get(row.kind, row.kind),
        "date": row.date,
        "total": row.total,
        "currency": row.currency,
        "reference": row.reference,
        "is_there": row.state == "pushed",
        "is_refused": row.state == "refused",
        "is_gone": row.voided_at is not None or row.withdrawn_at is not None,
        "url": binding.url if binding is not None else "",
    }


def made_by(company: Company, documents: Iterable[Document], zone: ZoneInfo) -> list[tuple[UUID, datetime]]:
    """The syncs that made those of ``documents`` that are still there, newest first, with when they began."""
    acts = {each.posting.act for each in documents if each.voided_at is None and each.withdrawn_at is None}
    rows = Sync.objects.filter(company=company, public_id__in=acts).exclude(trigger=Sync.Trigger.UNDO).order_by("-id")
    return [(row.public_id, row.started_at.astimezone(zone)) for row in rows[:MOST_SYNCS]]
