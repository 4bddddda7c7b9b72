"""A document as the lines of one ledger entry. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ledger.documents import Bill, CreditNote, Deposit, Document, Invoice, Journal, Payment
from ledger.documents import Line as DocumentLine


class EntryLine(NamedTuple):
    """One debit or credit (minor units; exactly one of the two is not zero) with what a reader wants to know of it."""

    account: str
    debit: int
    credit: int
    description: str
    role: str
    tax_code: str
    tracking: dict[str, str] | None


_Detail = tuple[str, str, str, dict[str, str] | None]


def entry_lines(document: Document) -> list[EntryLine]:
    """The document's own debits and credits, in its order, those of zero left out.

    The amounts are those of ``document.entries()`` and nothing else, so that what we keep is what the document says.
    """
    paired = zip(document.entries(), _details(document), strict=True)
    return [
        EntryLine(entry.account, entry.debit, entry.credit, *detail)
        for entry, detail in paired
        if entry.debit or entry.credit
    ]


def content_digest(document: Document) -> bytes:
    """SHA-256 over what counts in a document: two pushes under one key must agree on it. Words may differ."""
    header = document.header
    content = (document.kind, header.reference, header.date, header.currency, document.entries())
    return hashlib.sha256(msgspec.json.encode(content)).digest()


def _details(document: Document) -> Iterator[_Detail]:
    """One detail for each of ``document.entries()``."""
    narration = document.header.narration
    if isinstance(document, Payment):
        words = document.description or narration
        yield (words, document.role, "", None)
        yield (words, "receivable" if document.direction == "in" else "", "", None)
        return
    match document:
        case Journal():
            pass
        case Invoice() | CreditNote():
            yield (document.customer or narration, "receivable", "", None)
        case Bill():
            yield (document.supplier or narration, "payable", "", None)
        case Deposit():
            yield (narration, "", "", None)
    for line in document.lines:
        yield from _line_details(line)


def _line_details(line: DocumentLine) -> Iterator[_Detail]:
    tracking = dict(line.tracking) or None
    if line.amount:
        yield (line.description, line.role, line.tax_code, tracking)
    for part in line.taxes:
        if part.amount:
            yield (f"Tax on {line.description}", "tax", line.tax_code, tracking)
