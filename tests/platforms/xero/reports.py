"""The trial balance of the fake, as Xero prints it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.platforms.xero.rules import Json, legs

if TYPE_CHECKING:
    from tests.platforms.xero.fake import Organisation


def day_of(row: Json) -> date:
    """The day of a document."""
    return datetime.fromtimestamp(int(row["Date"][6:].partition("+")[0]) / 1000, UTC).date()


def trial_balance(org: Organisation, through: date) -> Json:
    """Sections of accounts; the last two columns are the year to date."""
    sums: Counter[str] = Counter()
    for collection, rows in org.rows.items():
        for row in rows.values():
            if row["Status"] not in ("VOIDED", "DELETED", "DRAFT") and day_of(row) <= through:
                for account, amount in legs(org, collection, row):
                    sums[account] += amount
    heads = [{"Value": name} for name in ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")]
    rows = [_row(org, account, Decimal(amount)) for account, amount in sorted(sums.items())]
    total = {"RowType": "SummaryRow", "Cells": [{"Value": "Total"}, *({"Value": "1.00"} for _ in range(4))]}
    return {
        "Reports": [
            {
                "ReportID": "TrialBalance", "ReportDate": f"{through:%d %B %Y}",
                "Rows": [
                    {"RowType": "Header", "Cells": heads},
                    {"RowType": "Section", "Title": "Assets", "Rows": rows},
                    {"RowType": "Section", "Title": "", "Rows": [total]},
                ],
            }
        ]
    }  # fmt: skip


def _row(org: Organisation, account: str, amount: Decimal) -> Json:
    known = org.accounts[account]
    about = [{"Id": "account", "Value": account}]
    sides = [str(amount) if amount > 0 else "", str(-amount) if amount < 0 else ""]
    cells = [f"{known['Name']} ({known['Code']})", "", "0.00", *sides]
    return {"RowType": "Row", "Cells": [{"Value": each, "Attributes": about} for each in cells]}
