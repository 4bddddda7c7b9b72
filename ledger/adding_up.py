"""The pair assertion: the total that a platform prints, and what its parts add up to, agree to the unit.

A mapping that forgot a surcharge, a discount taken on the wrong base, a tax component lost on the way: all of
them show here, before anything is posted, with the difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.book import Book
from ledger.commerce import (
    KIND_OF,
    CashMovement,
    Dispute,
    Fact,
    GiftCardChange,
    Line,
    Order,
    Payout,
    Record,
    Refund,
)
from ledger.parts import BEYOND_SALE
from ledger.problems import Detail, Problem


def check(record: Record, tolerance: int = 0) -> Problem | None:
    """The first reason why ``record`` must not be posted, or None. ``tolerance`` is the minor units by which
    lines may miss the stated total (the book's ``record_tolerance``; the rounding role takes the difference)."""
    match record:
        case Order():
            return (
                _lines(record, record.lines, tolerance)
                or _negative_tender(record)
                or (_tenders(record) if record.state == "completed" else None)
            )
        case Refund():
            return (
                (_negative(record.stated, record, "refund") if record.stated < 0 else None)
                or (_lines(record, record.lines, tolerance) if record.lines is not None else None)
                or _negative_tender(record)
                or _tenders(record)
            )
        case Payout() if record.items is not None:
            found = sum(item.amount for item in record.items)
            if found != record.amount:
                return _differs("items_do_not_add_up", found, record.amount, record)
        case Dispute() if record.amount < 0:
            return _negative(record.amount, record, "dispute")
        case GiftCardChange() if record.amount < 0 and record.kind != "adjusted":
            return _negative(record.amount, record, "gift card change")
        case CashMovement() if record.amount < 0 and record.kind != "over_short":
            return _negative(record.amount, record, "cash movement")
    return None


def _lines(record: Order | Refund, lines: tuple[Line, ...], tolerance: int) -> Problem | None:
    """Every line says its taxes, and together they are the stated total. (Loops are written out: this is hot.)"""
    found = 0
    for index, line in enumerate(lines):
        found += line.net
        if line.taxes is None:
            return _problem("taxes_unknown", record, f"$.lines[{index}].taxes", {"label": line.label})
        for tax in line.taxes:
            found += tax.amount
    if abs(record.stated - found) > tolerance:
        return _differs("lines_do_not_add_up", found, record.stated, record)
    return None


def _negative_tender(record: Order | Refund) -> Problem | None:
    for index, tender in enumerate(record.tenders):
        if tender.amount < 0:
            detail: Detail = {"amount": tender.amount, "currency": record.currency}
            return _problem("negative_tender", record, f"$.tenders[{index}].amount", detail)
    return None


def _tenders(record: Order | Refund) -> Problem | None:
    found = record.due
    for tender in record.tenders:
        found += tender.amount
    if found != record.stated:
        return _differs("tenders_do_not_add_up", found, record.stated, record)
    return None


def _differs(code: str, found: int, stated: int, record: Order | Refund | Payout) -> Problem:
    detail: Detail = {
        "found": found,
        "stated": stated,
        "difference": stated - found,
        "currency": record.currency,
    }
    return _problem(code, record, "$.amount" if isinstance(record, Payout) else "$.stated", detail)


def _negative(amount: int, record: Fact, what: str) -> Problem:
    path = "$.stated" if isinstance(record, Refund) else "$.amount"
    return _problem("negative_amount", record, path, {"amount": amount, "currency": record.currency, "what": what})


def _problem(code: str, record: Fact, path: str, detail: Detail) -> Problem:
    return Problem(code, KIND_OF[type(record)], record.id, path, detail)


def notices(record: Record, book: Book) -> Iterator[Problem]:
    """What is posted all the same, but somebody should look at."""
    if isinstance(record, Refund) and record.lines is None:
        yield Problem("original_unknown", "refund", record.id)
    elif isinstance(record, Refund) and (beyond := _beyond(record)):
        detail: Detail = {"stated": record.stated, "original": record.stated - beyond, "currency": record.currency}
        yield _problem("refund_exceeds_original", record, "$.stated", detail)
    if book.policy.cost and isinstance(record, Order):
        for index, line in enumerate(record.lines):
            if line.kind == "product" and line.cost is None:
                path = f"$.lines[{index}].cost"
                yield Problem("cost_unknown", "order", record.id, path, {"label": line.label})


def _beyond(record: Refund) -> int:
    """What is given back without having been sold."""
    return sum(line.net for line in record.lines or () if line.label == BEYOND_SALE)
