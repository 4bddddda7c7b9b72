"""What QuickBooks has, as debits and credits: to be compared with what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, read
from connectors.session import Session
from ledger.money import to_minor

Leg = tuple[str, int, int]


class _CannotSay(Exception):
    """The platform does not tell on which account an amount stands."""


def legs(session: Session, entity: str, row: Row) -> list[Leg] | None:
    """The legs of a document; [] for a voided one, None when the platform does not say where an amount stands.

    Amounts are in minor units of the document's currency.
    """
    currency = row.get("CurrencyRef", {}).get("value") or company.home_currency(session)
    try:
        found = [(account, to_minor(value, currency)) for account, value in _READERS[entity](session, row, currency)]
    except (_CannotSay, KeyError):
        return None
    return [(account, max(value, 0), max(-value, 0)) for account, value in found if value]


def day_of(row: Row) -> date | None:
    """The day of a document; None when it does not say."""
    try:
        return date.fromisoformat(row["TxnDate"])
    except (KeyError, TypeError, ValueError):
        return None


Posted = Iterator[tuple[str, Decimal | int]]


def _journal(session: Session, row: Row, currency: str) -> Posted:
    for line in row["Line"]:
        detail = line.get("JournalEntryLineDetail")
        if detail:
            yield detail["AccountRef"]["value"], _signed(line["Amount"], debit=detail["PostingType"] == "Debit")


def _sales(session: Session, row: Row, currency: str) -> Posted:
    yield from _form(session, row, _control(session, row, "ARAccountRef", company.RECEIVABLE, currency), 1)


def _credit(session: Session, row: Row, currency: str) -> Posted:
    yield from _form(session, row, _control(session, row, "ARAccountRef", company.RECEIVABLE, currency), -1)


def _bill(session: Session, row: Row, currency: str) -> Posted:
    yield from _form(session, row, _control(session, row, "APAccountRef", company.PAYABLE, currency), -1)


def _form(session: Session, row: Row, control: str, sign: int) -> Posted:
    """The total on `control`, the lines and the tax on the other side."""
    yield control, sign * row["TotalAmt"]
    for line in row["Line"]:
        if detail := line.get("SalesItemLineDetail"):
            yield _account_of_item(session, detail), -sign * line["Amount"]
        elif detail := line.get("AccountBasedExpenseLineDetail"):
            yield detail["AccountRef"]["value"], -sign * line["Amount"]
    if tax := row.get("TxnTaxDetail", {}).get("TotalTax", 0):
        where = session.settings.get("tax_account")
        if not where:
            raise _CannotSay
        yield str(where), -sign * tax


def _account_of_item(session: Session, detail: Row) -> str:
    told = detail.get("ItemAccountRef", {}).get("value")
    if told:
        return str(told)
    id = detail["ItemRef"]["value"]
    item = company.remembered(session, f"item of {id}", lambda: read(session, "Item", id))
    return str(item["IncomeAccountRef"]["value"])


def _payment(session: Session, row: Row, currency: str) -> Posted:
    yield row["DepositToAccountRef"]["value"], row["TotalAmt"]
    yield _control(session, row, "ARAccountRef", company.RECEIVABLE, currency), -row["TotalAmt"]


def _bill_payment(session: Session, row: Row, currency: str) -> Posted:
    paid = row.get("CheckPayment", {}).get("BankAccountRef") or row["CreditCardPayment"]["CCAccountRef"]
    yield _control(session, row, "APAccountRef", company.PAYABLE, currency), row["TotalAmt"]
    yield paid["value"], -row["TotalAmt"]


def _deposit(session: Session, row: Row, currency: str) -> Posted:
    yield row["DepositToAccountRef"]["value"], sum(line["Amount"] for line in row["Line"])
    for line in row["Line"]:
        yield line["DepositLineDetail"]["AccountRef"]["value"], -line["Amount"]


def _transfer(session: Session, row: Row, currency: str) -> Posted:
    yield row["ToAccountRef"]["value"], row["Amount"]
    yield row["FromAccountRef"]["value"], -row["Amount"]


def _signed(value: Decimal | int, *, debit: bool) -> Decimal | int:
    return value if debit else -value


def _control(session: Session, row: Row, name: str, kind: str, currency: str) -> str:
    """The account of receivables or payables: what the document says, else the only one that there is."""
    found = row.get(name, {}).get("value") or company.the_control(session, kind, currency)
    if not found:
        raise _CannotSay
    return str(found)


_READERS: Final[dict[str, Callable[[Session, Row, str], Posted]]] = {
    "JournalEntry": _journal,
    "Invoice": _sales,
    "CreditMemo": _credit,
    "Bill": _bill,
    "Payment": _payment,
    "BillPayment": _bill_payment,
    "Deposit": _deposit,
    "Transfer": _transfer,
}
