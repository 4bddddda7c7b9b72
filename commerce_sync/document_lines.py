"""A document's debits and credits with what each one is for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ledger.documents import Bill, CreditNote, Deposit, Document, Entry, Invoice, Journal, Line, Payment, entry
from ledger.rules import roles


class PostedLine(NamedTuple):
    """One debit or credit, in minor units of the document's currency; one of the two is zero.

    ``role`` and ``about`` say what it is for; "" where the document alone does not say.
    """

    account: str
    debit: int
    credit: int
    description: str = ""
    role: str = ""
    about: str = ""
    tax_code: str = ""
    tracking: tuple[tuple[str, str], ...] = ()


def lines_of(document: Document) -> list[PostedLine]:
    """The lines of `document`, one for each of its ``entries()`` and in their order."""
    match document:
        case Journal():
            return list(_sides(document.lines, 1))
        case Invoice():
            control = _line(entry(document.control, document.total), document.header.narration, roles.RECEIVABLE)
            return [control, *_sides(document.lines, -1)]
        case CreditNote():
            control = _line(entry(document.control, -document.total), document.header.narration, roles.RECEIVABLE)
            return [control, *_sides(document.lines, 1)]
        case Bill():
            control = _line(entry(document.control, -document.total), document.header.narration, roles.PAYABLE)
            return [control, *_sides(document.lines, 1)]
        case Deposit():
            role = roles.BANK if any(line.about == "payout" for line in document.lines) else ""
            account = _line(entry(document.account, document.total), document.header.narration, role)
            return [account, *_sides(document.lines, -1)]
        case Payment():
            described = document.description or document.header.narration
            return [
                _line(made, described, role) for made, role in zip(document.entries(), (document.role, ""), strict=True)
            ]


def _sides(lines: Iterable[Line], sign: int) -> Iterator[PostedLine]:
    """As the document's own entries are made: each line, then the parts of its tax."""
    for line in lines:
        labels = (line.about, line.tax_code, line.tracking)
        if line.amount:
            yield PostedLine(*entry(line.account, sign * line.amount), line.description, line.role, *labels)
        for part in line.taxes:
            if part.amount:
                described = f"Tax on {line.description}"
                yield PostedLine(*entry(part.account, sign * part.amount), described, "tax", *labels)


def _line(made: Entry, description: str, role: str) -> PostedLine:
    return PostedLine(*made, description, role)
