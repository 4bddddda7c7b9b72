"""What Xero's ledger holds: balances by its trial balance, entries by the lists of documents.

The trial balance is in the organisation's own currency, and needs a scope that access from before does not have: then
balances are not told. The general journal (``/Journals``) is closed to most apps, so documents are read and turned into
their legs, as when one of ours is read back; bills, spent and received money, and what is done in Xero itself are among
them, payroll and expense claims are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from connectors.accounting import _xero_calls as calls
from connectors.accounting import _xero_wire as wire
from connectors.accounting._xero_bodies import (
    BANK_TRANSACTIONS,
    BANK_TRANSFERS,
    CREDIT_NOTES,
    INVOICES,
    JOURNALS,
    PAYMENTS,
)
from connectors.accounting._xero_legs import legs
from connectors.errors import BadAnswer
from connectors.ledger_facts import LedgerBalance, LedgerEntry
from connectors.session import Session
from ledger.money import NotANumber, NotExact, to_minor

_LISTS: Final = (JOURNALS, INVOICES, CREDIT_NOTES, PAYMENTS, BANK_TRANSACTIONS)
_NOT_IN_BOOKS: Final = frozenset({"DRAFT", "SUBMITTED", "VOIDED", "DELETED", "ARCHIVED"})
_DEBIT, _CREDIT = 3, 4  # of the year to date: what a balance sheet account holds


class Attribute(wire.Wire):
    """What a cell of a report is about."""

    id: str = ""
    value: str = ""


class Cell(wire.Wire):
    """One cell of a report: amounts are text, empty for none."""

    value: str = ""
    attributes: list[Attribute] = []


class ReportRow(wire.Wire):
    """A row of a report, or a section with rows of its own."""

    row_type: str = ""
    cells: list[Cell] = []
    rows: list[ReportRow] = []


class Report(wire.Wire):
    rows: list[ReportRow] = []


class Reports(wire.Wire):
    reports: list[Report] = []


def balances(session: Session, through: date) -> list[LedgerBalance]:
    """Of every account of the trial balance, at the end of a day."""
    currency = _currency(session)
    answer = calls.get(session, "/Reports/TrialBalance", ("date", through.isoformat())).decode(Reports)
    return [
        LedgerBalance(account, currency, amount)
        for report in answer.reports
        for row in _rows(report.rows)
        for account, amount in _balance(row, currency)
    ]


def entries(session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[LedgerEntry]:
    """What stands on these accounts in a span of days, document by document."""
    chart, base = calls.chart(session), str(session.settings.get("base_currency") or "")
    span = ("where", f"Date>=DateTime({first:%Y,%m,%d}) AND Date<=DateTime({last:%Y,%m,%d})")
    for collection in (*_LISTS, BANK_TRANSFERS):
        if collection == BANK_TRANSFERS:  # which has no pages
            found = iter(calls.get(session, f"/{collection}", span).decode(wire.Entries).all)
        else:
            found = calls.pages(session, collection, span)
        for entry in found:
            day = wire.day(entry.date)
            if entry.status in _NOT_IN_BOOKS or day is None:
                continue
            settled = entry.invoice or entry.credit_note
            currency = entry.currency_code or (settled.currency_code if settled else None) or base
            sums: Counter[str] = Counter()
            for account, debit, credit in legs(collection, entry, chart, base) or ():
                sums[account] += debit - credit
            for account, amount in sums.items():
                if amount and account in accounts:
                    yield _entry(collection, entry, account, day, currency, amount)


def _entry(collection: str, entry: wire.Entry, account: str, day: date, currency: str, amount: int) -> LedgerEntry:
    reference = entry.reference or entry.invoice_number or entry.credit_note_number or ""
    id = f"{collection}/{entry.id}"
    return LedgerEntry(id, account, day, currency, amount, reference, entry.narration, is_cleared=entry.is_reconciled)


def _currency(session: Session) -> str:
    known = str(session.settings.get("base_currency") or "")
    if known:
        return known
    found = calls.get(session, "/Organisation").decode(wire.Organisations).organisations
    return found[0].base_currency if found else ""


def _rows(rows: list[ReportRow]) -> Iterator[ReportRow]:
    for row in rows:
        yield row
        yield from _rows(row.rows)


def _balance(row: ReportRow, currency: str) -> Iterator[tuple[str, int]]:
    """Account and balance of a row of an account; nothing of heads and totals."""
    if row.row_type != "Row" or len(row.cells) <= _CREDIT:
        return
    named = [each.value for each in row.cells[0].attributes if each.id == "account"]
    if not named:
        return
    try:
        sides = [to_minor(Decimal(row.cells[place].value or 0), currency) for place in (_DEBIT, _CREDIT)]
    except (ArithmeticError, NotANumber, NotExact) as error:
        raise BadAnswer(f"a balance cannot be read: {error}") from None
    if sides[0] != sides[1]:
        yield named[0], sides[0] - sides[1]
