"""What the books say: trial balance, profit and loss, balance sheet, account ledger, general journal.

Plain SQL over entries and lines; all amounts are integers of minor units, one set of figures per currency. Dates are
the entries' own dates, both ends included.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from django.db import connection as database

from connectors.general_ledger import statements
from connectors.general_ledger.report_rows import Balance, BalanceSheet, JournalRow, LedgerRow, ProfitAndLoss

_BALANCES: Final = """
    SELECT sums.currency, account.code, account.name, account.type, account.subtype, sums.amount, sums.earlier
    FROM (
        SELECT entry.currency, line.account_id, sum(line.debit - line.credit) AS amount,
               coalesce(sum(line.debit - line.credit) FILTER (WHERE entry.date < %(year_start)s), 0) AS earlier
        FROM books_entry entry JOIN books_line line ON line.entry_id = entry.id
        WHERE entry.connection_id = %(connection)s
            AND entry.date >= coalesce(%(first)s::date, '-infinity')
            AND entry.date <= coalesce(%(last)s::date, 'infinity')
        GROUP BY entry.currency, line.account_id
    ) sums JOIN books_account account ON account.id = sums.account_id
    ORDER BY sums.currency, account.code
"""
_JOURNAL: Final = """
    SELECT entry.id, entry.date, entry.reference, entry.document_key, entry.kind, entry.currency, entry.narration,
           account.code, account.name, account.type, line.debit, line.credit, line.description, line.role
    FROM books_entry entry
        JOIN books_line line ON line.entry_id = entry.id
        JOIN books_account account ON account.id = line.account_id
    WHERE entry.connection_id = %(connection)s
        AND entry.date >= coalesce(%(first)s::date, '-infinity')
        AND entry.date <= coalesce(%(last)s::date, 'infinity')
    ORDER BY entry.date, entry.id, line.position
"""
_ACCOUNT: Final = """
    SELECT id, date, reference, document_key, kind, currency, narration, description, debit, credit, balance
    FROM (
        SELECT entry.id, entry.date, entry.reference, entry.document_key, entry.kind, entry.currency,
               entry.narration, line.description, line.debit, line.credit, line.position,
               sum(line.debit - line.credit)
                   OVER (PARTITION BY entry.currency ORDER BY entry.date, entry.id, line.position) AS balance
        FROM books_account account
            JOIN books_line line ON line.account_id = account.id
            JOIN books_entry entry ON entry.id = line.entry_id
        WHERE account.connection_id = %(connection)s AND account.code = %(code)s
            AND entry.date <= coalesce(%(last)s::date, 'infinity')
    ) running
    WHERE date >= coalesce(%(first)s::date, '-infinity')
    ORDER BY currency, date, id, position
"""


def balances(
    connection_id: int, *, first: date | None = None, last: date | None = None, year_start: date | None = None
) -> list[Balance]:
    """Debits less credits per currency and account, by currency and code; None is the beginning, or the end.

    ``Balance.earlier`` is the part before ``year_start``.
    """
    parameters = _parameters(connection_id, first, last) | {"year_start": year_start or date.min}
    with database.cursor() as cursor:
        cursor.execute(_BALANCES, parameters)
        # Sums of bigint come as numeric.
        return [Balance._make((*row[:5], int(row[5]), int(row[6]))) for row in cursor.fetchall()]


def trial_balance(connection_id: int, as_of: date | None = None) -> list[Balance]:
    """The accounts with a balance at the end of ``as_of``; per currency the amounts sum to zero."""
    return [row for row in balances(connection_id, last=as_of) if row.amount]


def profit_and_loss(connection_id: int, first: date, last: date) -> list[ProfitAndLoss]:
    """Income, cost of sales and expenses from ``first`` to ``last``, per currency."""
    return statements.profit_and_loss(balances(connection_id, first=first, last=last), first, last)


def balance_sheet(connection_id: int, as_of: date, year_start: date | None = None) -> list[BalanceSheet]:
    """Assets, liabilities and equity at the end of ``as_of``, per currency.

    Earnings are computed: those since ``year_start`` (by default 1 January) and those of all years before apart.
    """
    began = year_start or as_of.replace(month=1, day=1)
    return statements.balance_sheet(balances(connection_id, last=as_of, year_start=began), as_of)


def account_ledger(
    connection_id: int, code: str, first: date | None = None, last: date | None = None
) -> Iterator[LedgerRow]:
    """The lines on one account with its running balance per currency, which counts what came before ``first`` too."""
    for row in _stream(_ACCOUNT, _parameters(connection_id, first, last) | {"code": code}):
        yield LedgerRow._make((*row[:10], int(row[10])))


def general_journal(connection_id: int, first: date | None = None, last: date | None = None) -> Iterator[JournalRow]:
    """Every line of every entry, by date and in the order of posting; streamed, whatever the size of the books."""
    for row in _stream(_JOURNAL, _parameters(connection_id, first, last)):
        yield JournalRow(*row)


def currencies(connection_id: int) -> list[str]:
    """The currencies that the books have entries in."""
    with database.cursor() as cursor:
        statement = "SELECT DISTINCT currency FROM books_entry WHERE connection_id = %s ORDER BY currency"
        cursor.execute(statement, [connection_id])
        return [row[0] for row in cursor.fetchall()]


def chart(connection_id: int) -> list[tuple[str, str, str]]:
    """(type, code, name) of every account, archived ones too, by code: what an export has to declare."""
    with database.cursor() as cursor:
        statement = "SELECT type, code, name FROM books_account WHERE connection_id = %s ORDER BY code"
        cursor.execute(statement, [connection_id])
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def _parameters(connection_id: int, first: date | None, last: date | None) -> dict[str, Any]:
    return {"connection": connection_id, "first": first, "last": last}


def _stream(statement: str, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    # A cursor at the server: memory stays flat however long the books are.
    with database.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        while rows := cursor.fetchmany(2_000):
            yield from rows
