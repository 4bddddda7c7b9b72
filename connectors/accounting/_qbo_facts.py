"""What QuickBooks' ledger holds, by its reports: the trial balance, and the general ledger of some accounts.

Reports have every kind of document, also those that only people and other apps make (sales receipts, purchases). Their
amounts are in the home currency, without a currency of their own, and their rows lie in sections within sections.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, report
from connectors.errors import BadAnswer
from connectors.ledger_facts import LedgerBalance, LedgerEntry
from connectors.session import Session
from ledger.money import NotANumber, NotExact, to_minor

_COLUMNS: Final = ("tx_date", "txn_type", "doc_num", "memo", "debt_amt", "credit_amt", "is_cleared")
_ENTITIES: Final = {
    "Journal Entry": "JournalEntry",
    "Credit Memo": "CreditMemo",
    "Bill Payment (Check)": "BillPayment",
    "Bill Payment (Credit Card)": "BillPayment",
    "Sales Receipt": "SalesReceipt",
}
"""The report's words where they are not the name of the kind itself."""
_CLEARED: Final = frozenset({"C", "R", "Cleared", "Reconciled"})
ACCOUNTS_AT_ONCE: Final = 50  # in one address


def balances(session: Session, through: date) -> list[LedgerBalance]:
    """Of every account of the trial balance, at the end of a day."""
    currency, day = company.home_currency(session), through.isoformat()
    answer = report(session, "TrialBalance", ("start_date", day), ("end_date", day), ("accounting_method", "Accrual"))
    found = []
    for cells in _rows(answer):
        account = str(cells[0].get("id") or "")
        amount = _amount(cells, 1, currency) - _amount(cells, 2, currency)
        if account and amount:
            found.append(LedgerBalance(account, currency, amount))
    return found


def entries(session: Session, accounts: frozenset[str], first: date, last: date) -> Iterator[LedgerEntry]:
    """What stands on these accounts in a span of days, document by document."""
    wanted = sorted(accounts)
    for start in range(0, len(wanted), ACCOUNTS_AT_ONCE):
        yield from _entries(session, wanted[start : start + ACCOUNTS_AT_ONCE], first, last)


def _entries(session: Session, accounts: list[str], first: date, last: date) -> Iterator[LedgerEntry]:
    currency = company.home_currency(session)
    answer = report(
        session, "GeneralLedger", ("start_date", first.isoformat()), ("end_date", last.isoformat()),
        ("accounting_method", "Accrual"), ("account", ",".join(accounts)), ("columns", ",".join(_COLUMNS)),
    )  # fmt: skip
    places = _places(answer)
    for account, cells in _sections(answer.get("Rows", {}), ""):
        kind = cells[places["txn_type"]]
        id = str(kind.get("id") or "")
        if account not in accounts or not id:  # the balance that the account began with
            continue
        debit, credit = (_amount(cells, places[name], currency) for name in ("debt_amt", "credit_amt"))
        said = str(kind.get("value") or "")
        yield LedgerEntry(
            f"{_ENTITIES.get(said, said.replace(' ', ''))}/{id}", account, _day(cells[places["tx_date"]]), currency,
            debit - credit, str(cells[places["doc_num"]].get("value") or ""),
            str(cells[places["memo"]].get("value") or ""),
            is_cleared=cells[places["is_cleared"]].get("value") in _CLEARED,
        )  # fmt: skip


def _places(answer: Row) -> dict[str, int]:
    """Column → its place: the report has them in an order of its own."""
    found = {}
    for place, column in enumerate(answer.get("Columns", {}).get("Column", [])):
        keys = [each.get("Value") for each in column.get("MetaData", []) if each.get("Name") == "ColKey"]
        found[str(keys[0] if keys else column.get("ColType"))] = place
    if missing := set(_COLUMNS) - found.keys():
        raise BadAnswer(f"the general ledger has no column {sorted(missing)[0]}")
    return found


def _sections(rows: Row, account: str) -> Iterator[tuple[str, list[Row]]]:
    """(account, cells) of each row; an account is a section, and its sub-accounts are sections in it."""
    for row in rows.get("Row", []):
        head = row.get("Header", {}).get("ColData", [])
        own = str(head[0].get("id") or account) if head else account
        if cells := row.get("ColData"):
            yield account, cells
        yield from _sections(row.get("Rows", {}), own)


def _rows(answer: Row) -> Iterator[list[Row]]:
    for _, cells in _sections(answer.get("Rows", {}), ""):
        yield cells


def _amount(cells: list[Row], place: int, currency: str) -> int:
    value: Any = cells[place].get("value") if place < len(cells) else ""
    try:
        return to_minor(str(value or 0), currency)
    except (NotANumber, NotExact) as error:
        raise BadAnswer(f"an amount of a report cannot be read: {error}") from None


def _day(cell: Row) -> date:
    try:
        return date.fromisoformat(str(cell.get("value")))
    except ValueError:
        raise BadAnswer(f"a day of a report cannot be read: {cell.get('value')!r}") from None
