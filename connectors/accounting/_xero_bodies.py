"""Our documents as Xero's: which of its lists each goes to, and as what.

A journal that touches a bank account is no manual journal there: with one bank account it is money received or spent,
with two and nothing else a transfer; with more it is refused before anything is sent. One that touches accounts
receivable is what somebody owes: an invoice, or a credit note where it lowers that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from connectors.accounting import _xero_chart as chart_of
from connectors.accounting._xero_chart import Chart, unusable
from connectors.accounting._xero_parts import Part, document_parts, item_line, journal_line, journal_parts
from connectors.accounting._xero_parts import line_amount_types as amount_types
from connectors.errors import RefusalReason, Refused
from connectors.plain_text import plain
from ledger.documents import Bill, CreditNote, Deposit, Document, Header, Invoice, Journal, Payment
from ledger.money import to_decimal

JOURNALS: Final = "ManualJournals"
INVOICES: Final = "Invoices"
CREDIT_NOTES: Final = "CreditNotes"
PAYMENTS: Final = "Payments"
BANK_TRANSACTIONS: Final = "BankTransactions"
BANK_TRANSFERS: Final = "BankTransfers"
LONGEST_NAME: Final = 255
CONTACT: Final = "Sales and payouts"  # of what is no sale of a customer's, and which Xero wants to know somebody for


class Body(Struct, frozen=True):
    """What is sent: to which list, and the one document in it."""

    collection: str
    value: dict[str, Any]


def _sums(parts: Sequence[Part], is_meant: Callable[[str], bool]) -> dict[str, int]:
    """By how much the accounts that are meant go up or down; without those that stay as they are."""
    sums: Counter[str] = Counter()
    for part in parts:
        if is_meant(part.account):
            sums[part.account] += part.amount
    return {account: amount for account, amount in sums.items() if amount}


class Maker(Struct, frozen=True):
    """Makes bodies for one organisation, whose accounts and settings it knows."""

    chart: Chart
    settings: Mapping[str, Any]
    remote_ids: Mapping[str, str] = {}

    def body(self, document: Document) -> Body:
        """The document as Xero wants it; raises `Refused` for what it would not take."""
        match document:
            case Invoice():
                return self._invoice(document, "ACCREC", document.customer, chart_of.RECEIVABLE, -1)
            case Bill():
                return self._invoice(document, "ACCPAY", document.supplier, chart_of.PAYABLE, 1)
            case CreditNote():
                return self._credit_note(document)
            case Payment():
                return self._payment(document)
            case Journal():
                rates = self.settings.get("journal_tax", "rates") != "lines"
                return self._moved(document.header, journal_parts(document.lines, self.chart, with_rates=rates))
            case Deposit():
                into = Part(document.account, document.total, document.header.narration)
                return self._moved(document.header, [into, *document_parts(document.lines, -1, self.chart)])

    def collection(self, document: Document) -> str:
        """Where to look for it."""
        match document:
            case Invoice() | Bill():
                return INVOICES
            case CreditNote():
                return CREDIT_NOTES
            case Payment():
                return PAYMENTS
            case _:
                return self.body(document).collection

    def _invoice(self, document: Invoice | Bill, type: str, contact: str, role: str, sign: int) -> Body:
        self.chart.insist_on(role, document.control)
        header = document.header
        value = {
            "Type": type,
            "InvoiceNumber": header.reference,
            "Status": "DRAFT" if isinstance(document, Invoice) and document.draft else "AUTHORISED",
            "DueDate": header.date.isoformat(),
            **self._items(header, contact, document_parts(document.lines, sign, self.chart), sign),
        }
        if type == "ACCREC":
            value["Reference"] = header.reference
        return Body(INVOICES, value)

    def _credit_note(self, document: CreditNote) -> Body:
        self.chart.insist_on(chart_of.RECEIVABLE, document.control)
        header = document.header
        value = {
            "Type": "ACCRECCREDIT",
            "CreditNoteNumber": header.reference,
            "Reference": header.reference,
            "Status": "DRAFT" if document.draft else "AUTHORISED",
            **self._items(header, document.customer, document_parts(document.lines, 1, self.chart), 1),
        }
        return Body(CREDIT_NOTES, value)

    def _items(self, header: Header, party: str, parts: Sequence[Part], sign: int) -> dict[str, Any]:
        """What everything with lines of its own has in common."""
        accounts = [part.account for part in parts]
        self.chart.refuse_banks(accounts, "a document")
        self.chart.refuse_control(accounts)
        return {
            "Contact": contact(party),
            "Date": header.date.isoformat(),
            "CurrencyCode": header.currency,
            "LineAmountTypes": amount_types(parts),
            "LineItems": [item_line(part, sign, header.currency, self.chart) for part in parts],
        }

    def _payment(self, document: Payment) -> Body:
        remote_id = self.remote_ids.get(document.settles)
        if remote_id is None:
            words = "what this payment settles is not at Xero, or was taken back there"
            raise Refused(words, reason=RefusalReason.NOT_FOUND)
        self.chart.insist_on_payments(document.account)
        collection, _, id = remote_id.partition("/")
        value = {
            "CreditNote" if collection == CREDIT_NOTES else "Invoice":
                {"CreditNoteID" if collection == CREDIT_NOTES else "InvoiceID": id},
            "Account": {"AccountID": document.account},
            "Date": document.header.date.isoformat(),
            "Amount": to_decimal(document.amount, document.header.currency),
            "Reference": document.header.reference,
        }  # fmt: skip
        return Body(PAYMENTS, value)

    def _moved(self, header: Header, parts: Sequence[Part]) -> Body:
        """A journal, money received or spent, a transfer, or what is owed: the accounts among the parts decide."""
        own = self.chart.system(chart_of.RECEIVABLE)
        moved, owed = _sums(parts, self.chart.is_bank), _sums(parts, lambda account: account == own)
        if not moved:
            parts = [part for part in parts if part.account != own]
        self.chart.refuse_control(part.account for part in parts)
        rest = [part for part in parts if not self.chart.is_bank(part.account)]
        if owed:
            return self._owed(header, owed[own], rest)
        if not moved:
            return self._journal(header, rest)
        if len(moved) == 1:
            return self._bank_transaction(header, *next(iter(moved.items())), rest)
        if len(moved) == 2 and not rest:
            return self._bank_transfer(header, moved)
        names = ", ".join(self.chart.shown(account) for account in moved)
        raise unusable(f"Xero takes no journal on bank accounts, and this one moves money on several: {names}.")

    def _journal(self, header: Header, parts: Sequence[Part]) -> Body:
        base = self.settings.get("base_currency")
        if base and base != header.currency:
            raise Refused(f"Xero takes journals in {base} only, this one is in {header.currency}.")
        lines = [journal_line(part, header.currency, self.chart) for part in parts]
        value = {
            "Narration": plain(f"{header.reference} {header.narration}"),
            "Date": header.date.isoformat(),
            "Status": "POSTED",
            "LineAmountTypes": amount_types(parts),
            "JournalLines": lines,
        }
        return Body(JOURNALS, value)

    def _owed(self, header: Header, amount: int, parts: Sequence[Part]) -> Body:
        """What a journal says on accounts receivable, which takes it from no journal."""
        sign, contact = (-1 if amount > 0 else 1), self._contact
        shared = {"Reference": header.reference, "Status": "AUTHORISED", **self._items(header, contact, parts, sign)}
        if amount < 0:
            return Body(CREDIT_NOTES, {"Type": "ACCRECCREDIT", "CreditNoteNumber": header.reference, **shared})
        numbered = {"InvoiceNumber": header.reference, "DueDate": header.date.isoformat()}
        return Body(INVOICES, {"Type": "ACCREC", **numbered, **shared})

    @property
    def _contact(self) -> str:
        return str(self.settings.get("bank_contact") or CONTACT)

    def _bank_transaction(self, header: Header, bank: str, amount: int, parts: Sequence[Part]) -> Body:
        sign = -1 if amount > 0 else 1  # received: a credit is what increases it
        value = {
            "Type": "RECEIVE" if amount > 0 else "SPEND",
            "BankAccount": {"AccountID": bank},
            "Reference": header.reference,
            "Status": "AUTHORISED",
            **self._items(header, self._contact, parts, sign),
        }
        return Body(BANK_TRANSACTIONS, value)

    def _bank_transfer(self, header: Header, moved: Mapping[str, int]) -> Body:
        source, target = sorted(moved, key=lambda account: moved[account])
        value = {
            "FromBankAccount": {"AccountID": source},
            "ToBankAccount": {"AccountID": target},
            "Amount": to_decimal(moved[target], header.currency),
            "Date": header.date.isoformat(),
            "Reference": header.reference,
        }
        return Body(BANK_TRANSFERS, value)


def contact(party: str) -> dict[str, str]:
    """By id, or by name: Xero then takes the contact of that name, or makes one."""
    try:
        return {"ContactID": str(UUID(party))}
    except ValueError:
        return {"Name": plain(party, LONGEST_NAME)}
