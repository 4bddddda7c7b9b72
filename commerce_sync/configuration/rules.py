"""The rules that a configuration must satisfy, all checked at once; each failure names its published field. Pure.

That both connections are linked is a matter of state and not of the configuration: the view checks it before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from commerce_sync.configuration.fields import Field, account_of
from commerce_sync.configuration.known import WITH_CUSTOMER, WITH_TAX_RATES, Known, rate_keys
from commerce_sync.configuration.wanted import Problem
from connectors.choices import Choice, choices, unavailable
from connectors.session import Option
from ledger.book import Book, Conflict

_SALES: Final = "configuration.sales"
_CUSTOMER: Final = f"{_SALES}.salesCustomer.selectedCustomerId"
_SUPPLIER: Final = "configuration.fees.feesSupplier.selectedSupplierId"
_STATUS: Final = f"{_SALES}.invoiceStatus.selectedInvoiceStatus"
# Where the published configuration has what a book's own conflicts name.
_CONFLICTS: Final = {
    "accounts.bank": "configuration.payments.accounts.payout.selectedAccountId",
    "accounts.tax": f"{_SALES}.accounts.tax.selectedAccountId",
    "accounts.tip": f"{_SALES}.accounts.gratuity.selectedAccountId",
    "accounts.gift_card": f"{_SALES}.accounts.prepaid.selectedAccountId",
    "accounts.deposit": f"{_SALES}.accounts.deposit.selectedAccountId",
    "suspense": f"{_SALES}.accounts.suspense.selectedAccountId",
    "customer": _CUSTOMER,
    "policy.draft_invoices": _STATUS,
}
_SOLD_AND_USED: Final = "configuration.payments.accounts.prepaidPayment.selectedAccountId"
_TYPES: Final = {
    "bank": "a bank account",
    "asset": "an asset account",
    "liability": "a liability account",
    "equity": "an equity account",
    "income": "an income account",
    "expense": "an expense account",
}


def failures(book: Book, known: Known) -> list[Problem]:
    """Everything that keeps ``book`` from being in force at the accounting software, as it is ``known``."""
    found = dict.fromkeys(_failures(book, known))
    named = {path for path, _ in found if path != "configuration"}
    # A gap that a rule of ours has named already is not told twice in the book's own words.
    return [*found, *(each for each in _conflicts(book) if each[0] not in named)]


def _failures(book: Book, known: Known) -> Iterator[Problem]:
    if known.base_currency and known.base_currency != book.currency:
        words = f"The books are kept in {book.currency}, the accounting software in {known.base_currency}."
        yield "configuration", words
    yield from _accounts(book, known)
    yield from _parties(book, known)
    if book.policy.draft_invoices:
        yield _STATUS, "Payments cannot be recorded on draft invoices. Choose Submitted."
    yield from _tax_rates(book, known)


def _accounts(book: Book, known: Known) -> Iterator[Problem]:
    if known.options and not any(option.type == "income" for option in known.of_kind("account")):
        words = "The accounting software has no account for sales. Create an income account there, then choose it."
        yield f"{_SALES}.accounts.sales.selectedAccountId", words
    lost = {each.choice: each for each in unavailable(choices(book, known.today), known.options)}
    accounts = {option.id: option for option in known.of_kind("account")}
    told = set()
    fields = known.fields
    changed = {field.role for field in fields if account_of(book, field.role) != account_of(known.book, field.role)}
    for field in fields:
        account = account_of(book, field.role)
        gone = lost.get(Choice("account", account))
        if gone is not None:
            told.add(gone.choice)
            yield field.path, f"{gone.sentence} Choose another for {field.label}."
        elif not account and field.required:
            yield field.path, f"Choose an account for {field.label}."
        elif account and field.role in changed and not _fits(account, field, known):
            name = accounts[account].name if account in accounts else account
            yield field.path, f"“{name}” is none of accountOptions: for {field.label}, choose {_wanted(field)}."
    for choice, each in lost.items():
        if choice.kind == "account" and choice not in told:
            yield "configuration", each.sentence
    if book.policy.fees_from != "none" and not any(
        account_of(book, field.role) for field in fields if field.section == "payments"
    ):
        yield "configuration.fees.syncFees", "Fees need payments: choose an account for a type of payment first."


def _fits(account: str, field: Field, known: Known) -> bool:
    return any(option.id == account for option in known.accounts_for(field))


def _wanted(field: Field) -> str:
    return " or ".join(_TYPES[each] for each in field.types)


def _parties(book: Book, known: Known) -> Iterator[Problem]:
    customers, suppliers = known.of_kind("customer"), known.of_kind("supplier")
    if not book.customer:
        if customers or book.mode in WITH_CUSTOMER:
            yield _CUSTOMER, "Choose the customer whom the sales are invoiced to."
    elif _is_lost(book.customer, known.book.customer, customers):
        words = f"The customer {book.customer} does not exist, or is archived, in the accounting software."
        yield _CUSTOMER, f"{words} Choose one of customerOptions."
    if book.policy.fees_from == "none":
        return
    if not book.supplier:
        if suppliers or book.mode in WITH_CUSTOMER:
            yield _SUPPLIER, "Choose the supplier who bills the fees, or do not sync fees."
    elif _is_lost(book.supplier, known.book.supplier, suppliers):
        words = f"The supplier {book.supplier} does not exist, or is archived, in the accounting software."
        yield _SUPPLIER, f"{words} Choose one of supplierOptions."


def _is_lost(chosen: str, before: str, offered: list[Option]) -> bool:
    """Whether ``chosen`` cannot be. Where nothing is offered, only what was chosen before is left alone."""
    return all(option.id != chosen for option in offered) and (bool(offered) or chosen != before)


def _tax_rates(book: Book, known: Known) -> Iterator[Problem]:
    offered = {option.id for option in known.of_kind("tax_rate")}
    listed = any(option.kind == "tax_rate" for option in known.options)
    used = {rate.tax for rate in known.rates}
    taxes = {rate.tax: rate for rate in known.all_rates()}
    keys = {tax: key for key, tax in rate_keys(taxes.values()).items()}
    for tax in dict.fromkeys((*taxes, *(code.tax for code in book.tax_codes))):
        path = f"{_SALES}.taxRates.{keys.get(tax, tax)[:100]}.selectedTaxRateId"
        code = book.tax_code(tax, known.today)
        if code and code not in offered and (listed or code != known.book.tax_code(tax, known.today)):
            words = f"The tax rate {code} does not exist, or is archived, in the accounting software."
            yield path, f"{words} Choose one of taxRateOptions."
        elif not code and tax in used and offered and book.mode in WITH_TAX_RATES:
            yield path, f"Sales have the tax “{tax}”: choose the accounting software's tax rate for it."


def _conflicts(book: Book) -> Iterator[Problem]:
    for conflict in book.conflicts():
        yield _path(conflict, book), conflict.sentence


def _path(conflict: Conflict, book: Book) -> str:
    sold, used = (book.account(f"gift_card:{event}", book.currency) for event in ("sold", "redeemed"))
    if conflict.field == "accounts.gift_card" and sold != used:
        return _SOLD_AND_USED
    return _CONFLICTS.get(conflict.field, f"configuration.{conflict.field}")
