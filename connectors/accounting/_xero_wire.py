"""What is read of Xero's answers. Dates come as ``/Date(1552521600000+0000)/``, amounts as decimal numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from connectors.errors import BadAnswer

_MILLISECONDS: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/").fullmatch
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Wire(msgspec.Struct, rename="pascal"):
    """Xero's names are in PascalCase; those that are not say so."""


class Tenant(msgspec.Struct, rename="camel"):
    """What the access reaches: an organisation, or a practice."""

    id: str = ""
    tenant_id: str = ""
    tenant_type: str = ""
    tenant_name: str = ""


class Account(Wire):
    account_id: str = msgspec.field(default="", name="AccountID")
    code: str = ""
    name: str = ""
    type: str = ""
    status: str = "ACTIVE"
    currency_code: str | None = None
    system_account: str | None = None
    enable_payments_to_account: bool = False


class Accounts(Wire):
    accounts: list[Account] = []


class Organisation(Wire):
    name: str = ""
    base_currency: str = ""
    organisation_id: str = msgspec.field(default="", name="OrganisationID")
    period_lock_date: str | None = None
    end_of_year_lock_date: str | None = None


class Organisations(Wire):
    organisations: list[Organisation] = []


class TaxRate(Wire):
    tax_type: str = ""
    name: str = ""
    status: str = "ACTIVE"
    effective_rate: Decimal | None = None


class TaxRates(Wire):
    tax_rates: list[TaxRate] = []


class Contact(Wire):
    contact_id: str = msgspec.field(default="", name="ContactID")
    name: str = ""
    contact_status: str = "ACTIVE"


class Contacts(Wire):
    contacts: list[Contact] = []


class Item(Wire):
    code: str = ""
    name: str = ""
    item_id: str = msgspec.field(default="", name="ItemID")


class Items(Wire):
    items: list[Item] = []


class TrackingOption(Wire):
    name: str = ""
    status: str = "ACTIVE"


class TrackingCategory(Wire):
    name: str = ""
    status: str = "ACTIVE"
    tracking_category_id: str = msgspec.field(default="", name="TrackingCategoryID")
    options: list[TrackingOption] = []


class TrackingCategories(Wire):
    tracking_categories: list[TrackingCategory] = []


class Words(Wire):
    message: str = ""


class Line(Wire):
    """A line of a journal (its amount is signed, debits positive) or of any other document."""

    line_amount: Decimal = Decimal(0)
    account_id: str = msgspec.field(default="", name="AccountID")
    account_code: str | None = None
    tax_amount: Decimal = Decimal(0)


class Settled(Wire):
    """The invoice or credit note that a payment names."""

    currency_code: str | None = None


class Entry(Wire):
    """Any document: its own list names the id, and only some of these fields come."""

    manual_journal_id: str = msgspec.field(default="", name="ManualJournalID")
    invoice_id: str = msgspec.field(default="", name="InvoiceID")
    credit_note_id: str = msgspec.field(default="", name="CreditNoteID")
    payment_id: str = msgspec.field(default="", name="PaymentID")
    bank_transaction_id: str = msgspec.field(default="", name="BankTransactionID")
    bank_transfer_id: str = msgspec.field(default="", name="BankTransferID")
    purchase_order_id: str = msgspec.field(default="", name="PurchaseOrderID")
    type: str = ""
    payment_type: str = ""
    status: str = ""
    narration: str = ""
    reference: str | None = None
    invoice_number: str | None = None
    credit_note_number: str | None = None
    line_amount_types: str = "Exclusive"
    journal_lines: list[Line] = []
    line_items: list[Line] = []
    total: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency_code: str | None = None
    account: Account | None = None
    bank_account: Account | None = None
    from_bank_account: Account | None = None
    to_bank_account: Account | None = None
    invoice: Settled | None = None
    credit_note: Settled | None = None
    is_reconciled: bool = False
    status_attribute_string: str | None = None
    validation_errors: list[Words] = []
    date: str | None = None
    updated_date_utc: str | None = msgspec.field(default=None, name="UpdatedDateUTC")

    @property
    def id(self) -> str:
        """Its id. A payment names the invoice that it settles inside, so its own ids are unambiguous."""
        own = (self.manual_journal_id, self.payment_id, self.bank_transaction_id, self.bank_transfer_id)
        return next(filter(None, (*own, self.purchase_order_id, self.credit_note_id, self.invoice_id)), "")

    @property
    def is_gone(self) -> bool:
        """Whether it was taken back, by us or by a person."""
        return self.status in ("VOIDED", "DELETED")


class Entries(Wire):
    """The list of any kind of document."""

    manual_journals: list[Entry] = []
    invoices: list[Entry] = []
    credit_notes: list[Entry] = []
    payments: list[Entry] = []
    bank_transactions: list[Entry] = []
    bank_transfers: list[Entry] = []
    purchase_orders: list[Entry] = []

    @property
    def all(self) -> list[Entry]:
        """Those that came, whatever they are."""
        return [
            *(*self.manual_journals, *self.invoices, *self.credit_notes),
            *(*self.payments, *self.bank_transactions, *self.bank_transfers, *self.purchase_orders),
        ]


class Element(Wire):
    validation_errors: list[Words] = []


class Trouble(Wire):
    """An answer of 4xx."""

    type: str | None = None
    title: str | None = None
    detail: str | None = None
    message: str | None = None
    elements: list[Element] = []

    @property
    def words(self) -> list[str]:
        """What Xero says is wrong, most telling first."""
        told = [each.message for element in self.elements for each in element.validation_errors]
        return [text for text in (*told, self.message, self.detail, self.title) if text]


def instant(text: str | None) -> datetime | None:
    """The aware instant of ``/Date(…)/``; None for none, and for what cannot be read."""
    found = _MILLISECONDS(text or "")
    return _EPOCH + timedelta(milliseconds=int(found[1])) if found else None


def day(text: str | None) -> date | None:
    """The day of ``/Date(…)/`` or of an ISO date; None for none. Raises `BadAnswer`."""
    if not text:
        return None
    if found := _MILLISECONDS(text):
        return (_EPOCH + timedelta(milliseconds=int(found[1]))).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BadAnswer(f"not a date of Xero: {text!r}") from None
