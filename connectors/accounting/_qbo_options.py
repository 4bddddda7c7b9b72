"""What a mapping may choose from at QuickBooks, in the words of every platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, query
from connectors.accounting._qbo_forms import CLASS, DEPARTMENT
from connectors.session import Option, Session

TYPES: Final = {
    "Bank": "bank",
    "Accounts Receivable": "asset",
    "Other Current Asset": "asset",
    "Fixed Asset": "asset",
    "Other Asset": "asset",
    "Accounts Payable": "liability",
    "Credit Card": "liability",
    "Other Current Liability": "liability",
    "Long Term Liability": "liability",
    "Equity": "equity",
    "Income": "income",
    "Other Income": "income",
    "Cost of Goods Sold": "expense",
    "Expense": "expense",
    "Other Expense": "expense",
}
"""Their types of accounts → ours; one that is not here (Non-Posting) cannot be posted to."""

MADE_AS: Final = {
    "bank": "Bank",
    "asset": "Other Current Asset",
    "liability": "Other Current Liability",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expense",
}
"""Our types of accounts → what such an account is made as."""


def options(session: Session) -> Iterator[Option]:
    """Accounts, tax codes, customers, vendors, items, classes and departments; inactive things too."""
    for row in company.accounts(session).values():
        if row.get("AccountType") in TYPES:
            yield account(row)
    for row in company.tax_codes(session).values():
        rates = {side: _rates(session, row["Id"], side) for side in ("Sales", "Purchase")}
        active = row.get("Active", True) and not row.get("Hidden", False)
        yield Option("tax_rate", row["Id"], row.get("Name", ""), row.get("Name", ""), active=active, detail=rates)
    for kind, entity in (("customer", "Customer"), ("supplier", "Vendor")):
        for row in query(session, entity, company.ANY):
            currency = row.get("CurrencyRef", {}).get("value")
            yield Option(kind, row["Id"], row.get("DisplayName", ""), currency=currency, active=row.get("Active", True))
    for row in query(session, "Item", company.ANY):
        named = row.get("FullyQualifiedName") or row.get("Name", "")
        about = {"type": row.get("Type", ""), "account": row.get("IncomeAccountRef", {}).get("value", "")}
        yield Option("item", row["Id"], named, row.get("Sku") or "", active=row.get("Active", True), detail=about)
    for dimension, entity in ((CLASS, "Class"), (DEPARTMENT, "Department")):
        for row in query(session, entity, company.ANY):
            name = row.get("FullyQualifiedName") or row.get("Name", "")
            detail = {"dimension": dimension}
            yield Option("tracking", row["Id"], name, dimension, active=row.get("Active", True), detail=detail)


def account(row: Row) -> Option:
    """An account as it is there."""
    kind = row.get("AccountType", "")
    return Option(
        "account",
        row["Id"],
        row.get("FullyQualifiedName") or row.get("Name", ""),
        row.get("AcctNum") or "",
        TYPES.get(kind, ""),
        row.get("CurrencyRef", {}).get("value"),
        row.get("Active", True),
        {"type": kind, "subtype": row.get("AccountSubType", "")},
    )


def _rates(session: Session, code: str, side: str) -> list[str]:
    """The percentages of a tax code, as text."""
    return [str(rate.get("RateValue", "")) for rate in company.rates_of(session, code, side)]
