"""Which account is asked for where: the fields of the sections, the role behind each, and what fits it. Pure.

Published keys come first, then our own in the same style. Every other role of a book, and every role that the sales
really use, is a field whose key is the role itself ("sales:Food", "tender:card:Visa", "tender:card@EUR").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from django.utils.translation import gettext_noop as _
from msgspec import structs

from commerce_sync.configuration.role_names import role_name
from ledger.book import Book

Section = Literal["sales", "payments", "fees"]
SUSPENSE: Final = "suspense"  # a field that is no role: the book's suspense account
MOST_DETAILS: Final = 200  # fields beside the named ones; what is beyond stays as it is in the book
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,1000}")  # of a role or of a tax

_INCOME: Final = ("income",)
_EXPENSE: Final = ("expense",)
_EITHER: Final = ("income", "expense")
_OWED: Final = ("liability",)
_ASSET: Final = ("asset", "bank")
_MONEY: Final = ("bank", "asset", "liability")
_BANK: Final = ("bank",)
_TAX: Final = ("liability", "asset")
_ANY: Final = ("asset", "bank", "liability", "equity", "income", "expense")

# What a role's first word says about the types of account that fit, and about the section that it is shown in.
_HEADS: Final[dict[str, tuple[Section, tuple[str, ...]]]] = {
    "sales": ("sales", _INCOME),
    "refunds": ("sales", _EITHER),
    "discount": ("sales", _EITHER),
    "shipping": ("sales", _INCOME),
    "service_charge": ("sales", ("income", "liability")),
    "tip": ("sales", _OWED),
    "donation": ("sales", _OWED),
    "gift_card": ("sales", _OWED),
    "promotion": ("sales", _EITHER),
    "breakage": ("sales", _INCOME),
    "unclaimed_property": ("sales", _OWED),
    "rounding": ("sales", _EITHER),
    "tax": ("sales", _TAX),
    "tax_withheld": ("sales", _TAX),
    "deposit": ("sales", _OWED),
    "deferred_revenue": ("sales", _OWED),
    "open_check": ("sales", _ASSET),
    "cogs": ("sales", _EXPENSE),
    "inventory": ("sales", ("asset",)),
    "shrinkage": ("sales", _EXPENSE),
    "tender": ("payments", _MONEY),
    "receivable": ("payments", ("asset",)),
    "store_credit": ("payments", _OWED),
    "bank": ("payments", _BANK),
    "carried_balance": ("payments", _MONEY),
    "exchange": ("payments", _EITHER),
    "cash_paid_in": ("payments", _ANY),
    "cash_paid_out": ("payments", _ANY),
    "cash_over_short": ("payments", _EITHER),
    "cash_deposit": ("payments", _ASSET),
    "fee": ("fees", _EXPENSE),
    "fee_refund": ("fees", _EITHER),
    "fee_tax": ("fees", _TAX),
    "payable": ("fees", _OWED),
    "advance": ("fees", _OWED),
    "advance_fee": ("fees", _EXPENSE),
    "payout_adjustment": ("fees", _EITHER),
    "dispute": ("fees", _ASSET),
    "dispute_loss": ("fees", _EXPENSE),
    "reserve": ("fees", _ASSET),
}


class Field(NamedTuple):
    """One account to choose. ``named`` fields have a key of their own, the others their role's.

    The ``label`` of a named one is English, to be translated where it is shown; of the others it is in the language of
    the page, since it is put together of words.
    """

    section: Section
    key: str
    role: str
    label: str
    types: tuple[str, ...]
    required: bool = False
    named: bool = True

    @property
    def path(self) -> str:
        """Where its choice is in the published configuration."""
        return f"configuration.{self.section}.accounts.{self.key}.selectedAccountId"

    @property
    def visible_key(self) -> str:
        """What `commerce_sync.account_keys` calls it."""
        return f"{self.section}-accounts-{self.key}"


def _named(key: str, role: str, label: str, *, section: Section, required: bool = False) -> Field:
    types = _HEADS[role.partition(":")[0]][1]
    if role == "gift_card:redeemed":
        types = _OWED
    return Field(section, key, role, label, types, required)


def _sales(key: str, role: str, label: str, *, required: bool = False) -> Field:
    return _named(key, role, label, section="sales", required=required)


def _paid(key: str, role: str, label: str, *, required: bool = False) -> Field:
    return _named(key, role, label, section="payments", required=required)


def _fees(key: str, role: str, label: str) -> Field:
    return _named(key, role, label, section="fees")


# The payment types are named as sales in the published shapes name them; see `connectors.commerce._partner_orders`.
NAMED: Final[tuple[Field, ...]] = (
    _sales("sales", "sales", _("Sales"), required=True),
    _sales("refund", "refunds", _("Refunds"), required=True),
    _sales("gratuity", "tip", _("Tips")),
    _sales("prepaid", "gift_card", _("Gift cards sold")),
    _sales("sales-other", "breakage", _("Other sales income")),
    _sales("discount", "discount", _("Discounts")),
    _sales("shipping", "shipping", _("Shipping")),
    _sales("serviceCharge", "service_charge", _("Service charges")),
    _sales("donation", "donation", _("Donations")),
    _sales("rounding", "rounding", _("Rounding")),
    _sales("tax", "tax", _("Sales tax")),
    _sales("deposit", "deposit", _("Customer deposits")),
    Field("sales", "suspense", SUSPENSE, _("Suspense"), _ANY),
    _paid("card", "tender:card", _("Card payments"), required=True),
    _paid("cash", "tender:cash", _("Cash")),
    _paid("invoice", "tender:bank", _("Paid by invoice or bank transfer")),
    _paid("onlineCard", "tender:card:OnlineCard", _("Online card payments")),
    _paid("payout", "bank", _("Bank account for payouts")),
    _paid("custom", "tender:other", _("Other payment types")),
    _paid("storeCredit", "store_credit", _("Store credit")),
    _paid("paypal", "tender:external:Paypal", _("PayPal")),
    _paid("paypalQr", "tender:other:PaypalQr", _("PayPal QR code")),
    _paid("mobile", "tender:external:Mobile", _("Mobile payments")),
    _paid("vipps", "tender:external:Vipps", _("Vipps")),
    _paid("swish", "tender:external:Swish", _("Swish")),
    _paid("prepaidPayment", "gift_card:redeemed", _("Gift cards used")),
    _paid("manual", "tender:other:Manual", _("Manual payments")),
    _paid("receivable", "receivable", _("Sold on account")),
    _paid("overShort", "cash_over_short", _("Cash over and short")),
    _fees("paymentFee", "fee", _("Payment fees")),
    _fees("paymentFeeRefund", "fee_refund", _("Payment fees given back")),
    _fees("loan", "advance", _("Loans and advances")),
    _fees("loanPayment", "advance", _("Repayment of loans and advances")),
    _fees("loanFee", "advance_fee", _("Fees of loans and advances")),
    _fees("cashback", "payout_adjustment", _("Cashback and other corrections of payouts")),
    _fees("dispute", "dispute", _("Disputed payments")),
    _fees("disputeLoss", "dispute_loss", _("Disputes lost")),
    _fees("reserve", "reserve", _("Reserves that processors keep back")),
)
_BY_KEY: Final = {(field.section, field.key): field for field in NAMED}
_NAMED_ROLES: Final = frozenset(field.role for field in NAMED)


def detail_field(role: str) -> Field | None:
    """The field of a role that has no key of its own; None for what is no role."""
    if not is_name(role):
        return None
    head = role.partition("@")[0].partition(":")[0]
    if head not in _HEADS:
        return None
    section, types = _HEADS[head]
    return Field(section, role, role, role_name(role), types, named=False)


def is_name(text: str) -> bool:
    """Whether ``text`` can be a part of what sales are called."""
    return _NAME.fullmatch(text) is not None


def field_of(section: Section, key: str) -> Field | None:
    """The field with this key in this section."""
    named = _BY_KEY.get((section, key))
    if named is not None:
        return named
    found = detail_field(key)
    return found if found is not None and found.section == section else None


def fields(book: Book, used_roles: Iterable[str]) -> list[Field]:
    """Every field of ``book``: the named ones, then a field for each further role that it maps or that sales use.

    A role in the book's own currency is named without it. At most `MOST_DETAILS` of the latter.
    """
    own = f"@{book.currency}"
    roles = {role.removesuffix(own) for role in (*book.accounts, *used_roles)} - _NAMED_ROLES
    details = [field for role in sorted(roles) if (field := detail_field(role)) is not None]
    return [*NAMED, *details[:MOST_DETAILS]]


def account_of(book: Book, role: str) -> str:
    """The account that ``role`` (or role@currency) has in ``book``, by its own choice or by a more general one."""
    if role == SUSPENSE:
        return book.suspense
    name, _, currency = role.partition("@")
    return book.account(name, currency or book.currency)


def with_account(book: Book, role: str, account: str) -> Book:
    """``book`` with ``account`` chosen for ``role``; "" takes the role's own choice away, and a more general one holds.

    The suspense account and the policy for what is not mapped go together.
    """
    if role == SUSPENSE:
        policy = structs.replace(book.policy, unmapped="suspense" if account else "hold")
        return structs.replace(book, suspense=account, policy=policy)
    name, _, currency = role.partition("@")
    exact = f"{name}@{currency or book.currency}"
    if not account:
        own = {exact, name} if currency in ("", book.currency) else {exact}
        return structs.replace(book, accounts={k: v for k, v in book.accounts.items() if k not in own})
    changed = structs.replace(book, accounts={**book.accounts, exact if exact in book.accounts else role: account})
    if account_of(changed, role) != account:  # a more general choice for this very currency comes first
        changed = structs.replace(book, accounts={**book.accounts, exact: account})
    return changed
