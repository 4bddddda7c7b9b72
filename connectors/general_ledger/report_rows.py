"""The rows that reports and exports pass on, as plain values. Pure. Amounts are minor units of the row's currency."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Balance(NamedTuple):
    """What stands on one account in one currency; ``amount`` is positive for a debit balance.

    ``earlier`` is the part of it that was posted before the financial year (zero in reports that do not ask).
    """

    currency: str
    code: str
    name: str
    type: str
    subtype: str
    amount: int
    earlier: int = 0

    @property
    def debit(self) -> int:
        """The balance, if it is a debit."""
        return max(self.amount, 0)

    @property
    def credit(self) -> int:
        """The balance, if it is a credit, as a positive number."""
        return max(-self.amount, 0)


class JournalRow(NamedTuple):
    """One line of the general journal with the entry that it belongs to."""

    entry_id: int
    date: date
    reference: str
    document_key: str
    kind: str
    currency: str
    narration: str
    account_code: str
    account_name: str
    account_type: str
    debit: int
    credit: int
    description: str
    role: str


class LedgerRow(NamedTuple):
    """One line on one account; ``balance`` is the account's running balance in this currency, debit positive.

    ``entry_id``, ``document_key`` and ``reference`` lead on to the document and from there to its records.
    """

    entry_id: int
    date: date
    reference: str
    document_key: str
    kind: str
    currency: str
    narration: str
    description: str
    debit: int
    credit: int
    balance: int


class ProfitAndLoss(NamedTuple):
    """Income and costs of a period in one currency."""

    currency: str
    first: date
    last: date
    income: tuple[Balance, ...]
    cost_of_sales: tuple[Balance, ...]
    expenses: tuple[Balance, ...]

    @property
    def total_income(self) -> int:
        """Income less returns and discounts; positive is a credit."""
        return -sum(row.amount for row in self.income)

    @property
    def gross_profit(self) -> int:
        """Income less cost of sales."""
        return self.total_income - sum(row.amount for row in self.cost_of_sales)

    @property
    def net_profit(self) -> int:
        """Gross profit less expenses; negative is a loss."""
        return self.gross_profit - sum(row.amount for row in self.expenses)


class BalanceSheet(NamedTuple):
    """What is owned, owed and left at the end of a day, in one currency.

    ``earnings`` is the profit since the financial year began, ``earlier_earnings`` that of all years before: both are
    computed, so the books need no closing entry.
    """

    currency: str
    as_of: date
    assets: tuple[Balance, ...]
    liabilities: tuple[Balance, ...]
    equity: tuple[Balance, ...]
    earnings: int
    earlier_earnings: int

    @property
    def total_assets(self) -> int:
        """Debit positive."""
        return sum(row.amount for row in self.assets)

    @property
    def total_liabilities(self) -> int:
        """Credit positive."""
        return -sum(row.amount for row in self.liabilities)

    @property
    def total_equity(self) -> int:
        """Credit positive, earnings included; assets = liabilities + equity."""
        return self.earnings + self.earlier_earnings - sum(row.amount for row in self.equity)
