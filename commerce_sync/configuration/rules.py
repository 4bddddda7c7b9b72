"""The rules that a configuration must satisfy, all checked at once; each failure names its published field.

That both connections are linked is a matter of state and not of the configuration: the view checks it before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commerce_sync.configuration.fields import Field, account_of
from commerce_sync.configuration.known import WITH_CUSTOMER, WITH_TAX_RATES, Known, Rate, rate_keys
from commerce_sync.configuration.wanted import Problem
from connectors.choices import Choice, ChoiceKind, Unavailable, choices, unavailable
from connectors.session import Option
from ledger.book import Book, Conflict

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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
    "bank": gettext_lazy("a bank account"),
    "asset": gettext_lazy("an asset account"),
    "liability": gettext_lazy("a liability account"),
    "equity": gettext_lazy("an equity account"),
    "income": gettext_lazy("an income account"),
    "expense": gettext_lazy("an expense account"),
}
_GONE: Final[dict[ChoiceKind, StrOrPromise]] = {
    "account": gettext_lazy("The account %(thing)s does not exist in the accounting software."),
    "tax_rate": gettext_lazy("The tax rate %(thing)s does not exist in the accounting software."),
    "customer": gettext_lazy("The customer %(thing)s does not exist in the accounting software."),
    "supplier": gettext_lazy("The supplier %(thing)s does not exist in the accounting software."),
}
_ARCHIVED: Final[dict[ChoiceKind, StrOrPromise]] = {
    "account": gettext_lazy("The account %(thing)s is archived in the accounting software."),
    "tax_rate": gettext_lazy("The tax rate %(thing)s is archived in the accounting software."),
    "customer": gettext_lazy("The customer %(thing)s is archived in the accounting software."),
    "supplier": gettext_lazy("The supplier %(thing)s is archived in the accounting software."),
}
# What a book's own conflicts say, in the reader's language; one that is not here speaks for itself.
_SAID: Final = {
    "accounts.bank": gettext_lazy("The account for card payments must not be the account that payouts arrive in."),
    "accounts.tax": gettext_lazy("Tax is owed to the state: it cannot share the sales account."),
    "accounts.tip": gettext_lazy("Tips are owed to your staff: they cannot share the sales account."),
    "accounts.gift_card": gettext_lazy(
        "Gift cards sold and redeemed need one and the same account, not that of sales."
    ),
    "accounts.deposit": gettext_lazy("Deposits are owed to your customers: they cannot share the sales account."),
    "suspense": gettext_lazy("Choose a suspense account, or hold back what is not mapped."),
    "customer": gettext_lazy("Invoices need a customer."),
    "policy.draft_invoices": gettext_lazy("Payments cannot be recorded on draft invoices."),
}


def failures(book: Book, known: Known) -> list[Problem]:
    """Everything that keeps ``book`` from being in force at the accounting software, as it is ``known``."""
    found = dict.fromkeys(_failures(book, known))
    named = {path for path, _ in found if path != "configuration"}
    # A gap that a rule of ours has named already is not told twice in the book's own words.
    return [*found, *(each for each in _conflicts(book) if each[0] not in named)]


def _failures(book: Book, known: Known) -> Iterator[Problem]:
    if known.base_currency and known.base_currency != book.currency:
        words = _("The books are kept in %(own)s, the accounting software in %(its)s.")
        yield "configuration", words % {"own": book.currency, "its": known.base_currency}
    yield from _accounts(book, known)
    yield from _parties(book, known)
    if book.policy.draft_invoices:
        yield _STATUS, _("Payments cannot be recorded on draft invoices. Choose Submitted.")
    yield from _tax_rates(book, known)


def _accounts(book: Book, known: Known) -> Iterator[Problem]:
    if known.options and not any(option.type == "income" for option in known.of_kind("account")):
        words = _("The accounting software has no account for sales. Create an income account there, then choose it.")
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
            yield (
                field.path,
                _("%(reason)s Choose another for %(field)s.") % {"reason": _lost(gone), "field": _(field.label)},
            )
        elif not account and field.required:
            yield field.path, _("Choose an account for %(field)s.") % {"field": _(field.label)}
        elif account and field.role in changed and not _fits(account, field, known):
            name = accounts[account].name if account in accounts else account
            words = _("“%(account)s” does not fit %(field)s: choose %(wanted)s.")
            yield field.path, words % {"account": name, "field": _(field.label), "wanted": _wanted(field)}
    for choice, each in lost.items():
        if choice.kind == "account" and choice not in told:
            yield "configuration", _lost(each)
    if book.policy.fees_from != "none" and not any(
        account_of(book, field.role) for field in fields if field.section == "payments"
    ):
        words = _("Fees need payments: choose an account for a type of payment first.")
        yield "configuration.fees.syncFees", words


def _fits(account: str, field: Field, known: Known) -> bool:
    return any(option.id == account for option in known.accounts_for(field))


def _wanted(field: Field) -> str:
    first, *others = [str(_TYPES[each]) for each in field.types]
    for other in others:
        first = _("%(one)s or %(other)s") % {"one": first, "other": other}
    return first


def _lost(gone: Unavailable) -> str:
    """What is wrong with a choice, for people: the id, and the name where there is one."""
    thing = gone.choice.id
    if gone.name and gone.name != thing:
        thing = _("%(id)s “%(name)s”") % {"id": thing, "name": gone.name}
    return str((_ARCHIVED if gone.archived else _GONE)[gone.choice.kind]) % {"thing": thing}


def _parties(book: Book, known: Known) -> Iterator[Problem]:
    customers, suppliers = known.of_kind("customer"), known.of_kind("supplier")
    if not book.customer:
        if customers or book.mode in WITH_CUSTOMER:
            yield _CUSTOMER, _("Choose the customer whom the sales are invoiced to.")
    elif _is_lost(book.customer, known.book.customer, customers):
        words = _("The customer %(id)s does not exist, or is archived, in the accounting software. Choose another.")
        yield _CUSTOMER, words % {"id": book.customer}
    if book.policy.fees_from == "none":
        return
    if not book.supplier:
        if suppliers or book.mode in WITH_CUSTOMER:
            yield _SUPPLIER, _("Choose the supplier who bills the fees, or do not sync fees.")
    elif _is_lost(book.supplier, known.book.supplier, suppliers):
        words = _("The supplier %(id)s does not exist, or is archived, in the accounting software. Choose another.")
        yield _SUPPLIER, words % {"id": book.supplier}


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
        path = _rate_path(keys.get(tax, tax))
        code = book.tax_code(tax, known.today)
        if code and code not in offered and (listed or code != known.book.tax_code(tax, known.today)):
            words = _("The tax rate %(id)s does not exist, or is archived, in the accounting software. Choose another.")
            yield path, words % {"id": code}
        elif not code and tax in used and offered and book.mode in WITH_TAX_RATES:
            words = _("Sales have the tax “%(tax)s”: choose the accounting software's tax rate for it.")
            yield path, words % {"tax": tax}


def rate_path(rate: Rate, known: Known) -> str:
    """The published field of a tax rate."""
    keys = {tax: key for key, tax in rate_keys(known.all_rates()).items()}
    return _rate_path(keys.get(rate.tax, rate.tax))


def _rate_path(key: str) -> str:
    return f"{_SALES}.taxRates.{key[:100]}.selectedTaxRateId"


def _conflicts(book: Book) -> Iterator[Problem]:
    for conflict in book.conflicts():
        yield _path(conflict, book), str(_SAID.get(conflict.field, conflict.sentence))


def _path(conflict: Conflict, book: Book) -> str:
    sold, used = (book.account(f"gift_card:{event}", book.currency) for event in ("sold", "redeemed"))
    if conflict.field == "accounts.gift_card" and sold != used:
        return _SOLD_AND_USED
    return _CONFLICTS.get(conflict.field, f"configuration.{conflict.field}")
