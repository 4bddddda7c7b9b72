"""What a document at Xero says on which accounts: read back, to be compared with what was sent."""

from __future__ import annotations

from decimal import Decimal

from connectors.accounting import _xero_chart as chart_of
from connectors.accounting import _xero_wire as wire
from connectors.accounting._xero_bodies import (
    BANK_TRANSACTIONS,
    BANK_TRANSFERS,
    CREDIT_NOTES,
    INVOICES,
    JOURNALS,
)
from connectors.accounting._xero_chart import Chart
from ledger.money import NotExact, to_minor

Leg = tuple[str, int, int]


class CannotSay(Exception):
    """An account or a currency of the document is not known."""


def legs(collection: str, entry: wire.Entry, chart: Chart, base_currency: str) -> list[Leg] | None:
    """(account, debit, credit) of each leg; None when it cannot be said, for want of an account or a currency."""
    try:
        return _Reader(entry, chart, base_currency).read(collection)
    except (CannotSay, NotExact):
        return None


class _Reader:
    def __init__(self, entry: wire.Entry, chart: Chart, base_currency: str) -> None:
        self.entry, self.chart = entry, chart
        settled = entry.invoice or entry.credit_note
        self.currency = entry.currency_code or (settled.currency_code if settled else None) or base_currency
        if not self.currency:
            raise CannotSay
        self.found: list[Leg] = []

    def read(self, collection: str) -> list[Leg]:
        entry = self.entry
        if collection == JOURNALS:
            self._lines(entry.journal_lines, 1)
        elif collection == INVOICES:
            sales = entry.type == "ACCREC"
            self._leg(self._system(chart_of.RECEIVABLE if sales else chart_of.PAYABLE), entry.total, 1 if sales else -1)
            self._lines(entry.line_items, -1 if sales else 1)
        elif collection == CREDIT_NOTES:
            self._leg(self._system(chart_of.RECEIVABLE), entry.total, -1)
            self._lines(entry.line_items, 1)
        elif collection == BANK_TRANSACTIONS:
            received = entry.type == "RECEIVE"
            self._leg(self._id(entry.bank_account), entry.total, 1 if received else -1)
            self._lines(entry.line_items, -1 if received else 1)
        elif collection == BANK_TRANSFERS:
            self._leg(self._id(entry.to_bank_account), entry.amount, 1)
            self._leg(self._id(entry.from_bank_account), entry.amount, -1)
        else:
            self._payment()
        return self.found

    def _payment(self) -> None:
        """Into the account for an invoice, out of it for a bill or a credit note."""
        entry = self.entry
        sign = 1 if entry.payment_type == "ACCRECPAYMENT" else -1
        control = chart_of.PAYABLE if entry.payment_type == "ACCPAYPAYMENT" else chart_of.RECEIVABLE
        self._leg(self._id(entry.account), entry.amount, sign)
        self._leg(self._system(control), entry.amount, -sign)

    def _lines(self, lines: list[wire.Line], sign: int) -> None:
        """Each line and the tax on it, which Xero keeps on its own account."""
        inside = self.entry.line_amount_types == "Inclusive"
        for line in lines:
            account = line.account_id or self.chart.by_code(line.account_code)
            if not account:
                raise CannotSay
            tax = line.tax_amount if self.entry.line_amount_types != "NoTax" else Decimal(0)
            self._leg(account, line.line_amount - tax if inside else line.line_amount, sign)
            if tax:
                self._leg(self._system(chart_of.TAX), tax, sign)

    def _leg(self, account: str, amount: Decimal, sign: int) -> None:
        minor = sign * to_minor(amount, self.currency)
        if minor:
            self.found.append((account, max(minor, 0), max(-minor, 0)))

    def _system(self, role: str) -> str:
        found = self.chart.system(role)
        if not found:
            raise CannotSay
        return found

    def _id(self, account: wire.Account | None) -> str:
        if account is None:
            raise CannotSay
        found = account.account_id or self.chart.by_code(account.code)
        if not found:
            raise CannotSay
        return found
