"""The books as files: CSV, hledger and beancount text, streamed piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal

from connectors.general_ledger import reports
from connectors.general_ledger.beancount import beancount_text
from connectors.general_ledger.hledger import hledger_journal
from connectors.general_ledger.spreadsheet import journal_csv, trial_balance_csv

ExportFormat = Literal["csv", "trial-balance-csv", "hledger", "beancount"]

FILE_NAMES: Final[dict[ExportFormat, str]] = {
    "csv": "journal.csv",
    "trial-balance-csv": "trial-balance.csv",
    "hledger": "books.journal",
    "beancount": "books.beancount",
}


def export(
    connection_id: int, form: ExportFormat, first: date | None = None, last: date | None = None
) -> Iterator[str]:
    """The entries from ``first`` to ``last`` (None: all) as text, to be written as UTF-8.

    A trial balance stands at the end of ``last``; ``first`` means nothing to it.
    """
    if form == "trial-balance-csv":
        return trial_balance_csv(reports.trial_balance(connection_id, last))
    rows = reports.general_journal(connection_id, first, last)
    if form == "csv":
        return journal_csv(rows)
    accounts, currencies = reports.chart(connection_id), reports.currencies(connection_id)
    if form == "hledger":
        return hledger_journal(rows, accounts, currencies)
    return beancount_text(rows, accounts, currencies)
