"""The pair assertion: what a platform prints as a record's total, and what its parts add up to, agree to the unit.

A mapping that forgot a surcharge, a discount taken on the wrong base, a tax component lost on the way: all of them
show here, before anything is posted, with the difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.book import Book
from ledger.commerce import (
    CashMovement,
    Dispute,
    GiftCardChange,
    Line,
    Order,
    Payout,
    Record,
    Refund,
    Tender,
)
from ledger.problems import Problem


def check(record: Record, tolerance: int = 0) -> Problem | None:
    """The first reason why ``record`` must not be posted, or None. ``tolerance`` is the minor units by which lines
    may miss the stated total (the book's ``record_tolerance``; the difference goes to the rounding role)."""
    match record:
        case Order():
            return (
                _lines(record.lines, record.stated, tolerance)
                or _negative_tender(record.tenders)
                or (_tenders(record.tenders, record.stated, record.due) if record.state == "completed" else None)
            )
        case Refund():
            return (
                (_negative(record.stated, "refund") if record.stated < 0 else None)
                or (_lines(record.lines, record.stated, tolerance) if record.lines is not None else None)
                or _negative_tender(record.tenders)
                or _tenders(record.tenders, record.stated, record.due)
            )
        case Payout() if record.items is not None:
            found = sum(item.amount for item in record.items)
            return _differs("items_do_not_add_up", found, record.amount) if found != record.amount else None
        case Dispute() if record.amount < 0:
            return _negative(record.amount, "dispute")
        case GiftCardChange() if record.amount < 0 and record.kind != "adjusted":
            return _negative(record.amount, "gift card change")
        case CashMovement() if record.amount < 0 and record.kind != "over_short":
            return _negative(record.amount, "cash movement")
    return None


def _lines(lines: tuple[Line, ...], stated: int, tolerance: int) -> Problem | None:
    """Every line says its taxes, and together they are the stated total. (Written out: it runs for every record.)"""
    found = 0
    for index, line in enumerate(lines):
        found += line.net
        if line.taxes is None:
            return Problem("taxes_unknown", path=f"$.lines[{index}].taxes", detail={"label": line.label})
        for tax in line.taxes:
            found += tax.amount
    return _differs("lines_do_not_add_up", found, stated) if abs(stated - found) > tolerance else None


def _negative_tender(tenders: tuple[Tender, ...]) -> Problem | None:
    for index, tender in enumerate(tenders):
        if tender.amount < 0:
            return Problem("negative_tender", path=f"$.tenders[{index}].amount", detail={"amount": tender.amount})
    return None


def _tenders(tenders: tuple[Tender, ...], stated: int, due: int) -> Problem | None:
    found = due
    for tender in tenders:
        found += tender.amount
    return _differs("tenders_do_not_add_up", found, stated) if found != stated else None


def _differs(code: str, found: int, stated: int) -> Problem:
    return Problem(code, path="$.stated", detail={"found": found, "stated": stated, "difference": stated - found})


def _negative(amount: int, what: str) -> Problem:
    return Problem("negative_amount", path="$.amount", detail={"amount": amount, "what": what})


def notices(record: Record, book: Book) -> Iterator[Problem]:
    """What is posted all the same, but somebody should look at."""
    if isinstance(record, Refund) and record.lines is None:
        yield Problem("original_unknown", "refund", record.id)
    if book.policy.cost and isinstance(record, Order):
        for index, line in enumerate(record.lines):
            if line.kind == "product" and line.cost is None:
                path = f"$.lines[{index}].cost"
                yield Problem("cost_unknown", "order", record.id, path, {"label": line.label})
