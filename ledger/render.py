"""Documents as text, the way an accountant writes them: for the console, `explain`, the docs and golden tests.

    Journal CS261120-K7Q2M9XDAB3 · 2026-11-20 · GBP
    sales of 2026-11-20

        Dr  Cash drawer           300.00
            Cr  Sales                           250.00
            Cr  VAT payable                      50.00
                                  300.00        300.00

What has lines of its own (invoice, credit note, bill, deposit) shows them first, with their tax, then its entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ledger.documents import (
    Bill,
    CreditNote,
    Deposit,
    Document,
    DocumentKind,
    Entry,
    Invoice,
    Journal,
    Line,
    Payment,
)
from ledger.money import format_minor

_TITLES: Final[dict[DocumentKind, str]] = {
    "journal": "Journal",
    "invoice": "Invoice",
    "credit_note": "Credit note",
    "bill": "Bill",
    "payment": "Payment",
    "deposit": "Deposit",
}
_NAME_WIDTH = 60  # of the column of accounts; a longer name pushes its amount to the right and stays whole
_AMOUNT_WIDTH = 14
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


def render_all(documents: Iterable[Document], names: Mapping[str, str] = _NO_NAMES) -> str:
    """All of ``documents``, an empty line between them."""
    return "\n".join(render(document, names) for document in documents)


def render(document: Document, names: Mapping[str, str] = _NO_NAMES) -> str:
    """``document`` as text that ends in a newline. ``names``: account id → what people call it (else the id)."""
    header = document.header
    rows = [
        f"{_TITLES[document.kind]} {header.reference} · {header.date} · {header.currency}",
        header.narration + _parties(document),
        "",
    ]
    if not isinstance(document, Journal | Payment):
        rows += [*_items(document, names), ""]
    entries = document.entries()
    if isinstance(document, Journal):
        labels = _journal_labels(document.lines, names)
    else:
        labels = [names.get(entry.account, entry.account) for entry in entries]
    rows += _t_account(sorted(zip(entries, labels, strict=True), key=_debits_first), header.currency)
    return "\n".join(row.rstrip() for row in rows) + "\n"


def _parties(document: Document) -> str:
    """Whom the document concerns, as the end of the narration."""
    match document:
        case Invoice() | CreditNote():
            draft = " (draft)" if document.draft else ""
            return f", to {document.customer}{draft}" if document.customer else draft
        case Bill():
            return f", from {document.supplier}"
        case Payment():
            return f", {document.direction}"
        case _:
            return ""


def _items(document: Invoice | CreditNote | Bill | Deposit, names: Mapping[str, str]) -> list[str]:
    """The document's own lines: what, on which account, net, tax and tax code; then the total."""
    currency = document.header.currency
    rows = []
    for line in document.lines:
        tax = format_minor(line.tax, currency) if line.taxes else ""
        end = "".join(f"  [{word}]" for word in (line.tax_code, *_tracking(line)) if word)
        rows.append(
            f"    {_item(line, names)}{format_minor(line.amount, currency):>{_AMOUNT_WIDTH}}{tax:>{_AMOUNT_WIDTH}}{end}"
        )
    net = format_minor(sum(line.amount for line in document.lines), currency)
    tax = format_minor(sum(line.tax for line in document.lines), currency)
    taxed = any(line.taxes for line in document.lines)
    total = format_minor(document.total, currency)
    if taxed:
        rows.append(f"    {'':{_NAME_WIDTH}}{net:>{_AMOUNT_WIDTH}}{tax:>{_AMOUNT_WIDTH}}")
    rows.append(f"    {'Total':{_NAME_WIDTH}}{total:>{_AMOUNT_WIDTH}}")
    return rows


def _item(line: Line, names: Mapping[str, str]) -> str:
    account = names.get(line.account, line.account)
    text = account if line.description == account else f"{line.description} → {account}"
    return f"{text:{_NAME_WIDTH}}"


def _tracking(line: Line) -> list[str]:
    return [f"{dimension}: {option}" for dimension, option in line.tracking]


def _journal_labels(lines: tuple[Line, ...], names: Mapping[str, str]) -> list[str]:
    """Account names; where an account stands on several lines of a journal, what each is for."""
    accounts = Counter(line.account for line in lines)
    purposes = Counter((line.account, line.description) for line in lines)
    labels = []
    for line in lines:
        words = _tracking(line)
        if accounts[line.account] > 1:
            words.insert(0, line.description)
        if purposes[line.account, line.description] > 1:
            words.insert(1, line.about.replace("_", " "))
        notes = f" ({', '.join(words)})" if words else ""
        labels.append(names.get(line.account, line.account) + notes)
    return labels


def _debits_first(row: tuple[Entry, str]) -> bool:
    return row[0].credit > 0


def _t_account(entries: list[tuple[Entry, str]], currency: str) -> list[str]:
    """Debits at the margin, credits indented, both columns added up."""
    rows = []
    for entry, label in entries:
        if entry.credit:
            side = f"    Cr  {label}"
            rows.append(
                f"    {side:{_NAME_WIDTH}}{'':{_AMOUNT_WIDTH}}{format_minor(entry.credit, currency):>{_AMOUNT_WIDTH}}"
            )
        else:
            side = f"Dr  {label}"
            rows.append(f"    {side:{_NAME_WIDTH}}{format_minor(entry.debit, currency):>{_AMOUNT_WIDTH}}")
    debit = format_minor(sum(entry.debit for entry, _ in entries), currency)
    credit = format_minor(sum(entry.credit for entry, _ in entries), currency)
    rows.append(f"    {'':{_NAME_WIDTH}}{debit:>{_AMOUNT_WIDTH}}{credit:>{_AMOUNT_WIDTH}}")
    return rows
