"""What people call the roles of a book, in the language of the page. Pure.

Outside of the merchant's pages that language is English, so that what is published stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The first word of a role.
HEADS: Final[dict[str, StrOrPromise]] = {
    "sales": gettext_lazy("Sales"),
    "refunds": gettext_lazy("Refunds"),
    "discount": gettext_lazy("Discount"),
    "shipping": gettext_lazy("Shipping"),
    "service_charge": gettext_lazy("Service charge"),
    "tip": gettext_lazy("Tip"),
    "donation": gettext_lazy("Donation"),
    "gift_card": gettext_lazy("Gift cards"),
    "promotion": gettext_lazy("Promotions and goodwill"),
    "breakage": gettext_lazy("Breakage"),
    "unclaimed_property": gettext_lazy("Unclaimed property"),
    "rounding": gettext_lazy("Rounding"),
    "tax": gettext_lazy("Tax"),
    "tax_withheld": gettext_lazy("Tax withheld"),
    "deposit": gettext_lazy("Deposit"),
    "deferred_revenue": gettext_lazy("Deferred revenue"),
    "open_check": gettext_lazy("Open checks"),
    "cogs": gettext_lazy("Cost of goods sold"),
    "inventory": gettext_lazy("Inventory"),
    "shrinkage": gettext_lazy("Shrinkage"),
    "tender": gettext_lazy("Payments"),
    "receivable": gettext_lazy("Receivable"),
    "store_credit": gettext_lazy("Store credit"),
    "bank": pgettext_lazy("role of an account", "Bank"),
    "carried_balance": gettext_lazy("Payouts carried over month-end"),
    "exchange": gettext_lazy("Exchange"),
    "cash_paid_in": gettext_lazy("Cash paid in"),
    "cash_paid_out": gettext_lazy("Cash paid out"),
    "cash_over_short": gettext_lazy("Cash over short"),
    "cash_deposit": gettext_lazy("Cash on its way to the bank"),
    "fee": gettext_lazy("Fees"),
    "fee_refund": gettext_lazy("Fees given back"),
    "fee_tax": gettext_lazy("Tax on fees"),
    "payable": gettext_lazy("Accounts payable"),
    "advance": gettext_lazy("Advance"),
    "advance_fee": gettext_lazy("Advance fee"),
    "payout_adjustment": gettext_lazy("Payout adjustment"),
    "dispute": gettext_lazy("Dispute"),
    "dispute_loss": gettext_lazy("Dispute loss"),
    "reserve": gettext_lazy("Reserve"),
}
_FEES: Final[dict[str, StrOrPromise]] = {
    "processing": pgettext_lazy("kind of fee", "processing"),
    "platform": pgettext_lazy("kind of fee", "platform"),
    "chargeback": pgettext_lazy("kind of fee", "chargeback"),
    "subscription": pgettext_lazy("kind of fee", "subscription"),
    "shipping_label": pgettext_lazy("kind of fee", "shipping label"),
    "conversion": pgettext_lazy("kind of fee", "conversion"),
    "other": pgettext_lazy("kind of fee", "other"),
}
# The second word, where it is one of ours; what comes after it is the merchant's, the processor's, or anybody's.
_DETAILS: Final[dict[str, dict[str, StrOrPromise]]] = {
    "fee": _FEES,
    "fee_refund": _FEES,
    "gift_card": {
        "sold": pgettext_lazy("gift cards", "sold"),
        "redeemed": pgettext_lazy("gift cards", "redeemed"),
        "refunded": pgettext_lazy("gift cards", "refunded"),
    },
    "tender": {
        "card": pgettext_lazy("kind of payment", "card"),
        "cash": pgettext_lazy("kind of payment", "cash"),
        "gift_card": pgettext_lazy("kind of payment", "gift card"),
        "store_credit": pgettext_lazy("kind of payment", "store credit"),
        "pay_later": pgettext_lazy("kind of payment", "pay later"),
        "bank": pgettext_lazy("kind of payment", "bank"),
        "external": pgettext_lazy("kind of payment", "external"),
        "other": pgettext_lazy("kind of payment", "other"),
    },
    "rounding": {"cash": pgettext_lazy("rounding", "cash")},
}
_OUR_WORDS: Final = frozenset({"fee", "fee_refund", "gift_card", "tender"})  # what follows these is a word of ours


def role_name(role: str) -> str:
    """What a role (or role@currency) is called: "Payments: card, Visa", "Fees: chargeback (EUR)"."""
    name, _at, currency = role.partition("@")
    head, _colon, detail = name.partition(":")
    text = str(HEADS.get(head) or head.replace("_", " ").capitalize())
    if detail:
        text = _("%(what)s: %(detail)s") % {"what": text, "detail": _detail(head, detail)}
    return f"{text} ({currency})" if currency else text


def _detail(head: str, detail: str) -> str:
    first, *others = detail.split(":")
    known = _DETAILS.get(head, {}).get(first)
    words = [first if known is None else str(known), *others]
    if head in _OUR_WORDS:
        words = [word.replace("_", " ") for word in words]
    return ", ".join(words)
