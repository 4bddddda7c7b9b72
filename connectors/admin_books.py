"""The console's view of the built-in general ledger: to look things up, not to edit.

Everything is read-only here. Accounts, tax rates and locks change through their services, which hold the
connection and write the audit trail.
"""

from __future__ import annotations

from django.contrib import admin

from connectors.admin_lists import Code, EntryReference, OfConnectedCompany
from connectors.models.books_account import BooksAccount
from connectors.models.books_entry import BooksEntry
from connectors.models.books_line import BooksLine
from connectors.models.books_lock import BooksLock
from connectors.models.books_tax_rate import BooksTaxRate
from ledger.admin_base import ReadOnly, Rows
from ledger.money import format_minor


class _Lines(Rows):
    model = BooksLine
    fields = ("position", "account", "debits", "credits", "description", "role", "tax_code")
    readonly_fields = ("debits", "credits")
    ordering = ("position",)

    @admin.display(description="Debit")
    def debits(self, line: BooksLine) -> str:
        return format_minor(line.debit, line.entry.currency) if line.debit else ""

    @admin.display(description="Credit")
    def credits(self, line: BooksLine) -> str:
        return format_minor(line.credit, line.entry.currency) if line.credit else ""


@admin.register(BooksEntry)
class BooksEntryAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("date", "reference", "kind", "currency", "amount", "narration", "connection", "voided")
    list_filter = (OfConnectedCompany, EntryReference)
    list_select_related = ("connection", "voided_by")
    exclude = ("digest", "total")
    readonly_fields = ("amount", "voided", "created_at")
    inlines = (_Lines,)

    @admin.display(description="Total")
    def amount(self, entry: BooksEntry) -> str:
        return format_minor(entry.total, entry.currency)

    @admin.display(description="Voided by")
    def voided(self, entry: BooksEntry) -> str:
        reversal = getattr(entry, "voided_by", None)
        return str(reversal) if reversal else ""


@admin.register(BooksAccount)
class BooksAccountAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("code", "name", "type", "subtype", "archived_at", "connection")
    list_filter = (OfConnectedCompany, Code)
    list_select_related = ("connection",)


@admin.register(BooksTaxRate)
class BooksTaxRateAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("code", "name", "rate_ppm", "account", "archived_at", "connection")
    list_filter = (OfConnectedCompany, Code)
    list_select_related = ("connection", "account")


@admin.register(BooksLock)
class BooksLockAdmin(ReadOnly):
    partner_path = "connection__company__partner"
    list_display = ("connection", "locked_through", "author", "reason", "created_at")
    list_filter = (OfConnectedCompany,)
    list_select_related = ("connection",)
