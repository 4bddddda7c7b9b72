"""Taking documents back by documents: the same amounts on the same accounts, the other way round. Pure.

Made from the documents themselves and not from their records: whatever rules, books or payouts say today, what is taken
back is what was sent. An invoice becomes a credit note with payments out, a journal its mirror image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from ledger.book import Book
from ledger.compose import Naming, Sum, compose
from ledger.documents import Bill, CreditNote, Deposit, Document, Invoice, Journal, Line, Payment
from ledger.legs import About, Slot
from ledger.rules import roles


class InexactReversal(ArithmeticError):
    """The documents would not take back exactly what they reverse: nothing is written."""


def reverse(documents: Sequence[Document], naming: Naming, book: Book) -> list[Document]:
    """The documents that undo `documents`, which one posting made under `book`; account by account, to the unit.

    Raises `InexactReversal`.
    """
    found = compose(_mirrored(documents), naming, book)
    left = effect_of([*documents, *found])
    if left:  # a net: nothing is known to get here
        raise InexactReversal(f"{naming.stem} would leave {left}")
    return found


def effect_of(documents: Iterable[Document]) -> dict[str, int]:
    """Account → debits less credits of all the documents together, in minor units; what is zero is left out."""
    total: dict[str, int] = {}
    for document in documents:
        for account, debit, credit in document.entries():
            total[account] = total.get(account, 0) + debit - credit
    return {account: amount for account, amount in sorted(total.items()) if amount}


def title_of(documents: Sequence[Document]) -> str:
    """What a reversal is called: "reversal of sales of 2026-03-02"."""
    main = next((each for each in documents if not isinstance(each, Payment)), documents[0])
    return f"reversal of {main.header.narration}"


def reversal_day(documents: Sequence[Document], book: Book, through: date, locked_through: date | None) -> date:
    """The date of a reversal: as the book dates late changes, and never in a closed period.

    `through` is the last business day that is kept now, `locked_through` the last one that is closed.
    """
    day = max(document.header.date for document in documents)
    if book.policy.late_changes == "first_open_day":
        day = max(day, through)
    return day if locked_through is None or day > locked_through else locked_through + timedelta(days=1)


def _mirrored(documents: Sequence[Document]) -> list[Sum]:
    abouts = {document.header.key: _about(document) for document in documents}
    sums: dict[tuple[object, ...], Sum] = {}
    for document in documents:
        for item in _sums(document, abouts):
            key = (item.slot, item.account, item.tax_code, item.tracking)
            known = sums.get(key)
            sums[key] = item._replace(amount=(known.amount if known else 0) - item.amount)
    return [item for item in sums.values() if item.amount]


def _about(document: Document) -> About:
    """The kind of event that a document tells of; a payment that of what it settles, which the caller knows."""
    match document:
        case Payment():
            return "sale"
        case Bill():
            return document.lines[0].about if document.lines else "fee"
        case _:
            return document.lines[0].about if document.lines else "sale"


def _sums(document: Document, abouts: dict[str, About]) -> Iterator[Sum]:
    """A document's entries with what each is for: debit positive."""
    match document:
        case Journal():
            for line in document.lines:
                yield from _of_line(line, 1)
        case Invoice():
            yield from _of_document(document.lines, -1)
            yield _plain(_about(document), roles.RECEIVABLE, document.control, document.total)
        case CreditNote():
            yield from _of_document(document.lines, 1)
            yield _plain(_about(document), roles.RECEIVABLE, document.control, -document.total)
        case Bill():
            yield from _of_document(document.lines, 1)
            yield _plain(_about(document), roles.PAYABLE, document.control, -document.total)
        case Deposit():
            about = _about(document)
            role = roles.BANK if about == "payout" else "tender"
            yield _plain(about, role, document.account, document.total)
            yield from _of_document(document.lines, -1)
        case _:
            signed = document.amount if document.direction == "in" else -document.amount
            about = abouts.get(document.settles, "sale")
            control = roles.PAYABLE if about in ("fee", "fee_refund") else roles.RECEIVABLE
            yield _plain(about, document.role or "tender", document.account, signed)
            yield _plain(about, control, document.control, -signed)


def _of_document(lines: Iterable[Line], sign: int) -> Iterator[Sum]:
    for line in lines:
        yield from _of_line(line, sign)


def _of_line(line: Line, sign: int) -> Iterator[Sum]:
    """The line and the tax beside it, which finds its line again by `of` and the treatment."""
    slot = Slot(0, line.about, line.role, line.tax_code, "", "", "")
    yield Sum(slot, line.account, sign * line.amount, line.tax_code, line.tracking)
    for part in line.taxes:
        own = slot._replace(role=part.role or f"tax:{part.account}", of=line.role)
        yield Sum(own, part.account, sign * part.amount, line.tax_code, line.tracking)


def _plain(about: About, role: str, account: str, amount: int) -> Sum:
    return Sum(Slot(0, about, role, "", "", "", ""), account, amount, "", ())
