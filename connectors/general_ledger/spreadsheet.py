"""The general journal and the trial balance as CSV, as streams of text. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from connectors.general_ledger.report_rows import Balance, JournalRow
from ledger.money import to_decimal

JOURNAL_COLUMNS = (
    "date",
    "reference",
    "kind",
    "currency",
    "account_code",
    "account_name",
    "debit",
    "credit",
    "description",
    "narration",
    "document_key",
)
BALANCE_COLUMNS = ("currency", "account_code", "account_name", "type", "debit", "credit")

# What a spreadsheet program takes for the beginning of a formula; the last four are the full-width forms, which some
# programs treat alike.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def neutral(text: str) -> str:
    """``text`` so that no spreadsheet program runs it as a formula: an apostrophe goes before what would begin one."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def amount(minor: int, currency: str) -> str:
    """A plain decimal with the currency's decimals and no grouping; empty for zero."""
    return f"{to_decimal(minor, currency):f}" if minor else ""


def journal_csv(rows: Iterable[JournalRow]) -> Iterator[str]:
    """One line of text per journal line, after a header. Amounts in major units with all decimals."""
    yield _line(JOURNAL_COLUMNS)
    for row in rows:
        yield _line(
            (
                row.date.isoformat(),
                neutral(row.reference),
                row.kind,
                row.currency,
                row.account_code,
                neutral(row.account_name),
                amount(row.debit, row.currency),
                amount(row.credit, row.currency),
                neutral(row.description),
                neutral(row.narration),
                neutral(row.document_key),
            )
        )


def trial_balance_csv(balances: Iterable[Balance]) -> Iterator[str]:
    """One line of text per account and currency, after a header."""
    yield _line(BALANCE_COLUMNS)
    for row in balances:
        debit, credit = amount(row.debit, row.currency), amount(row.credit, row.currency)
        yield _line((row.currency, row.code, neutral(row.name), row.type, debit, credit))


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # RFC 4180: CRLF, quotes doubled
    return text.getvalue()
