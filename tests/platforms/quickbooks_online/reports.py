"""The reports of the fake, as QuickBooks prints them: rows in sections, amounts as text, "" for none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tests.platforms.quickbooks_online.rules import Json, legs

if TYPE_CHECKING:
    from tests.platforms.quickbooks_online.fake import FakeQuickBooks

WORDS: Final = {"JournalEntry": "Journal Entry", "CreditMemo": "Credit Memo", "BillPayment": "Bill Payment (Check)"}
DOCUMENTS: Final = ("JournalEntry", "Invoice", "CreditMemo", "Payment", "Bill", "BillPayment", "Deposit", "Transfer")


def _posted(company: FakeQuickBooks) -> Iterator[tuple[str, Json, str, Decimal]]:
    """(entity, document, account, signed amount) of every leg."""
    for entity in DOCUMENTS:
        for row in company.rows[entity].values():
            for account, amount in legs(company, entity, row):
                yield entity, row, account, Decimal(amount)


def _side(amount: Decimal, sign: int) -> str:
    return f"{abs(amount):.2f}" if amount * sign > 0 else ""


def trial_balance(company: FakeQuickBooks, asked: Json) -> Json:
    """Balances at the end of a day, flat."""
    sums: Counter[str] = Counter()
    for _, row, account, amount in _posted(company):
        if row["TxnDate"] <= asked["end_date"]:
            sums[account] += amount
    rows = [
        {"ColData": [{"value": company.rows["Account"][account]["Name"], "id": account},
                     {"value": _side(amount, 1)}, {"value": _side(amount, -1)}]}
        for account, amount in sorted(sums.items()) if amount
    ]  # fmt: skip
    total = {"Summary": {"ColData": [{"value": "TOTAL"}, {"value": "1.00"}, {"value": "1.00"}]}, "type": "Section"}
    return {"Header": {"ReportName": "TrialBalance"}, "Rows": {"Row": [*rows, total]}}


def general_ledger(company: FakeQuickBooks, asked: Json) -> Json:
    """A section for each account, which begins with a row of what it held before."""
    columns = asked["columns"].split(",")
    sections = []
    for account in asked["account"].split(","):
        rows = [{"ColData": [{"value": "Beginning Balance"}, *({"value": ""} for _ in columns[1:])], "type": "Data"}]
        for entity, row, own, amount in _posted(company):
            if own == account and asked["start_date"] <= row["TxnDate"] <= asked["end_date"]:
                cells = {
                    "tx_date": {"value": row["TxnDate"]},
                    "txn_type": {"value": WORDS.get(entity, entity), "id": row["Id"]},
                    "doc_num": {"value": row.get("DocNumber", "")},
                    "memo": {"value": row.get("PrivateNote", "")},
                    "debt_amt": {"value": _side(amount, 1)},
                    "credit_amt": {"value": _side(amount, -1)},
                    "is_cleared": {"value": ""},
                }
                rows.append({"ColData": [cells[name] for name in columns], "type": "Data"})
        name = company.rows["Account"][account]["Name"]
        sections.append(
            {"Header": {"ColData": [{"value": name, "id": account}]}, "Rows": {"Row": rows}, "type": "Section"}
        )
    heads = [
        {"ColTitle": name, "ColType": "String", "MetaData": [{"Name": "ColKey", "Value": name}]} for name in columns
    ]
    return {"Header": {"ReportName": "GeneralLedger"}, "Columns": {"Column": heads}, "Rows": {"Row": sections}}


REPORTS: Final[dict[str, Callable[[FakeQuickBooks, Json], Json]]] = {
    "TrialBalance": trial_balance, "GeneralLedger": general_ledger,
}  # fmt: skip
