"""Builders of records with sensible defaults, and the few verbs of the tests: deliver, post, read the books.

A sale is 12.00 by card with 2.00 tax in it, at noon UTC of 2 March 2026, last changed ten seconds later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from ledger.commerce import KIND_OF, Deleted, Fee, Line, Order, Payout, PayoutItem, Record, RecordKind, Refund, Tax
from ledger.commerce import Tender as Payment
from ledger.incoming import Incoming
from ledger.intake import Stored, store
from ledger.models import Document, DocumentLine, ProblemRow, RecordRow, Standing
from ledger.post_due import PostingResult, post_due
from ledger.versions import digest
from tests.ledger.cast import Merchant

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = NOON.date()
FAR = date(2026, 12, 31)


def stamp(seconds: int) -> datetime:
    """The instant ``seconds`` after the sale, for ``updated_at``."""
    return NOON + timedelta(seconds=seconds)


def a_line(gross: int = 1_200, **changes: Any) -> Line:
    """Goods of ``gross``, a sixth of it VAT (nothing of it when ``tax=0``)."""
    tax = changes.pop("tax", gross // 6)
    taxes = (Tax("vat20", "VAT 20 %", tax, 200_000),) if tax else ()
    return Line(**{"kind": "product", "label": "Tea", "net": gross - tax, "taxes": taxes, **changes})


def an_order(id: str = "o1", gross: int = 1_200, *, at: datetime = NOON, v: int = 10, **changes: Any) -> Order:
    """A card sale of ``gross``; ``v`` is its version: seconds from the sale to its last change."""
    lines = changes.pop("lines", (a_line(gross),))
    tenders = changes.pop("tenders", (Payment(f"t-{id}", "card", gross, at),))
    return Order(id, id, changes.pop("currency", "GBP"), at, stamp(v), lines, tenders, gross, **changes)


def a_refund(
    id: str = "r1", gross: int = 600, *, of: str = "o1", at: datetime = NOON, v: int = 10, **changes: Any
) -> Refund:
    """Money back on the card, of which the platform gave no parts."""
    currency = changes.pop("currency", "GBP")
    tenders = changes.pop("tenders", (Payment(f"t-{id}", "card", gross, at),))
    return Refund(id, of, currency, at, stamp(v), changes.pop("lines", None), tenders, gross, **changes)


def a_fee(id: str = "f1", amount: int = 50, *, at: datetime = NOON, v: int = 10, currency: str = "GBP") -> Fee:
    """What the processor keeps."""
    return Fee(id, currency, at, stamp(v), amount)


def a_payout(id: str = "p1", amount: int = 1_150, *, at: datetime = NOON, v: int = 10, **items: int) -> Payout:
    """A transfer to the bank; ``items`` are ids of charges with their amounts."""
    rows = tuple(PayoutItem("charge", value, key) for key, value in items.items()) or None
    return Payout(id, "GBP", at, stamp(v), amount, rows)


def gone(id: str = "o1", *, at: datetime = NOON, v: int = 20, currency: str = "GBP") -> Deleted:
    """The platform says that there is no such record any more."""
    return Deleted(id, currency, at, stamp(v))


def incoming(*records: Record, kind: RecordKind = "order") -> list[Incoming]:
    """Records as intake takes them; ``kind`` is that of deleted ones."""
    return [
        Incoming(kind if isinstance(r, Deleted) else KIND_OF[type(r)], r, digest(repr(r).encode()), number)
        for number, r in enumerate(records)
    ]


def deliver(merchant: Merchant, *records: Record, kind: RecordKind = "order") -> list[str]:
    """Store ``records`` as one batch; what became of each."""
    return [stored.status for stored in delivered(merchant, *records, kind=kind)]


def delivered(merchant: Merchant, *records: Record, kind: RecordKind = "order") -> Sequence[Stored]:
    """Store ``records`` as one batch; the full outcomes."""
    return store(
        company_id=merchant.id,
        source_id=merchant.source.pk,
        items=incoming(*records, kind=kind),
        page_id=None,
        received_at=stamp(3_600),
    )


def post(merchant: Merchant, through: date = FAR, locked: date | None = None) -> PostingResult:
    """Post what is due through a business day."""
    return post_due(company_id=merchant.id, through=through, act=uuid4(), locked_through=locked)


def balances(merchant: Merchant) -> dict[str, int]:
    """The trial balance of what was posted: account → debit less credit, without zeros, whatever the currency."""
    found: dict[str, int] = defaultdict(int)
    for (_, _, account), amount in daily(merchant).items():
        found[account] += amount
    return {account: amount for account, amount in sorted(found.items()) if amount}


def daily(merchant: Merchant) -> dict[tuple[date, str, str], int]:
    """(date, currency, account) → debit less credit, without zeros."""
    rows = (
        DocumentLine.objects.filter(document__company=merchant.company)
        .values_list("document__date", "document__currency", "account")
        .annotate(amount=Sum(Coalesce(F("debit"), 0) - Coalesce(F("credit"), 0)))
        .order_by("document__date", "document__currency", "account")
    )
    return {(day, currency, account): amount for day, currency, account, amount in rows if amount}


def documents(merchant: Merchant) -> list[Document]:
    """The merchant's documents, oldest first."""
    return list(Document.objects.filter(company=merchant.company).order_by("id"))


def standings(merchant: Merchant) -> list[tuple[str, int, int, str]]:
    """(record id, revision, round, state) of everything, in order."""
    found = Standing.objects.filter(company=merchant.company).select_related("record")
    return sorted((s.record.external_id, s.record.revision, s.round, Standing.State(s.state).name) for s in found)


def current(merchant: Merchant, id: str = "o1", kind: str = "order") -> RecordRow:
    """The version of a record that counts now."""
    return RecordRow.objects.get(source=merchant.source, external_id=id, kind=kind, superseded=False)


def open_codes(merchant: Merchant) -> list[str]:
    """The codes of the merchant's open problems."""
    return sorted(ProblemRow.objects.filter(company=merchant.company, resolved_at=None).values_list("code", flat=True))
