"""What the settings of a connection say about a shop: its statuses, gateways, fees and gift cards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args

from connectors.errors import MappingProblem
from connectors.vocabulary import unknown
from ledger.commerce import TenderMethod

# Each setting with its default; what a shop's plugins do differently is said here.
DEFAULTS: Final[dict[str, str]] = {
    "sales_statuses": "processing, completed, refunded",
    "waiting_statuses": "pending, on-hold, checkout-draft, auto-draft, draft",
    "void_statuses": "cancelled, failed, trash",
    "unpaid_orders": "wait",
    "manual_refunds": "external",
    "gateway_fees": "meta",
    "fee_meta": "_stripe_fee, _wcpay_transaction_fee, PayPal Transaction Fee, _paypal_transaction_fee",
    "tip_fees": "tip, tips, gratuity",
    "gift_card_fees": "gift card, gift cards",
    "gift_card_products": "",
    "payment_methods": "",
    "missing_orders": "take_back",
    "low_stock": "",
    "refunds_restock": "goods",
}
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "unpaid_orders": ("wait", "on_account"),
    "manual_refunds": ("external", "gateway", "cash", "bank", "store_credit", "other"),
    "gateway_fees": ("meta", "pass_over"),
    "missing_orders": ("take_back", "take_back_all", "keep"),
    "refunds_restock": ("goods", "never"),
}
MEANINGS: Final[dict[str, str]] = {
    "sales_statuses": "statuses of orders that are sales",
    "waiting_statuses": "statuses of orders that are not sold yet",
    "void_statuses": "statuses of orders of which nothing belongs in the books",
    "unpaid_orders": "whether an order that is not paid waits or is a sale on account: wait or on_account",
    "manual_refunds": "how refunds that the gateway did not make were paid",
    "gateway_fees": "meta: gateways' fees are booked from orders; pass_over: another connection tells of them",
    "fee_meta": "names of the order's meta data that hold a gateway's fee",
    "tip_fees": "names of fees that are tips",
    "gift_card_fees": "names of negative fees that are gift cards used",
    "gift_card_products": "ids, stock keeping units or types of products that are gift cards",
    "payment_methods": "gateway=method:provider, for gateways that are not known",
    "missing_orders": "what becomes of orders and refunds that were deleted for good: take_back, take_back_all or keep",
    "low_stock": "how many left are few, for products that do not say it themselves",
    "refunds_restock": "whether goods of a refund go back to stock, which the shop does not tell: goods or never",
}
GONE: Final = "deleted for good"  # no status of a shop: theirs have no spaces
# Gateways by the first words of their id → method and provider. The longest that fits counts.
_GATEWAYS: Final[dict[str, tuple[TenderMethod, str]]] = {
    "stripe": ("card", "stripe"),
    "woocommerce_payments": ("card", "woocommerce_payments"),
    "ppcp": ("card", "paypal"),
    "ppec": ("card", "paypal"),
    "paypal": ("card", "paypal"),
    "square": ("card", "square"),
    "braintree": ("card", "braintree"),
    "mollie": ("card", "mollie"),
    "authorize_net": ("card", "authorize_net"),
    "klarna": ("pay_later", "klarna"),
    "kco": ("pay_later", "klarna"),
    "afterpay": ("pay_later", "afterpay"),
    "clearpay": ("pay_later", "clearpay"),
    "affirm": ("pay_later", "affirm"),
    "cod": ("cash", ""),
    "bacs": ("bank", ""),
    "cheque": ("other", ""),
    "": ("other", ""),
}
_BY_HAND: Final = ("cash", "bank", "other")
_METHODS: Final = get_args(TenderMethod)


class Terms(NamedTuple):
    """The settings as sets and choices; names of fees in lower case."""

    sales: frozenset[str]
    waiting: frozenset[str]
    void: frozenset[str]
    is_on_account: bool
    manual_refunds: str
    books_fees: bool
    fee_meta: frozenset[str]
    tips: frozenset[str]
    gift_card_fees: frozenset[str]
    gift_card_products: frozenset[str]
    gateways: Mapping[str, tuple[TenderMethod, str]]
    missing: str
    low_stock: Decimal | None
    restocks: bool


def terms(settings: Mapping[str, Any]) -> Terms:
    """The terms of a connection. Raises `MappingProblem` for a word that no setting takes."""
    return _terms(tuple([str(settings.get(name, default)) for name, default in DEFAULTS.items()]))


def problem(name: str, value: str) -> str:
    """Why `value` cannot be the setting `name`, as a sentence; empty when it can."""
    try:
        terms({name: value})
    except MappingProblem:
        if name == "low_stock":
            return "It is a whole number."
        wanted = CHOICES.get(name, ("gateway=method:provider, where the method is " + " or ".join(_METHODS),))
        return f"It is one of: {', '.join(wanted)}."
    return ""


def is_sold(known: Terms, status: str) -> bool | None:
    """True for a sale, None for one that waits, False for what is void. Raises `MappingProblem` for another word."""
    if status in known.sales:
        return True
    if status in known.waiting:
        return None
    if status in known.void or status == GONE:
        return False
    raise unknown(status, "$.status", "status")


def gateway(known: Terms, name: str) -> tuple[TenderMethod, str]:
    """By which method and provider a gateway takes money; one that nobody knows is outside of our sight."""
    if name in known.gateways:
        return known.gateways[name]
    if not name:
        return _GATEWAYS[""]
    fitting = [key for key in _GATEWAYS if key and name.startswith(key) and name[len(key) :][:1] in ("", "_", "-")]
    return _GATEWAYS[max(fitting, key=len)] if fitting else ("external", name[:60])


def way_back(known: Terms, name: str, is_by_gateway: bool | None) -> tuple[TenderMethod, str]:
    """By which method a refund went back: the shop only says whether the gateway did it."""
    method, provider = gateway(known, name)
    if is_by_gateway is not False or method in _BY_HAND or known.manual_refunds == "gateway":
        return method, provider
    return known.manual_refunds, ""  # type: ignore[return-value]  # one of CHOICES


def _words(text: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, text.split(","))))


@lru_cache(256)
def _terms(values: tuple[str, ...]) -> Terms:
    said = dict(zip(DEFAULTS, values, strict=True))
    for name, choices in CHOICES.items():
        if said[name] not in choices:
            raise unknown(said[name], "$", name)
    return Terms(
        sales=_words(said["sales_statuses"]),
        waiting=_words(said["waiting_statuses"]),
        void=_words(said["void_statuses"]),
        is_on_account=said["unpaid_orders"] == "on_account",
        manual_refunds=said["manual_refunds"],
        books_fees=said["gateway_fees"] == "meta",
        fee_meta=_words(said["fee_meta"]),
        tips=_words(said["tip_fees"].lower()),
        gift_card_fees=_words(said["gift_card_fees"].lower()),
        gift_card_products=_words(said["gift_card_products"]),
        gateways=dict(map(_gateway, _words(said["payment_methods"]))),
        missing=said["missing_orders"],
        low_stock=_number(said["low_stock"]),
        restocks=said["refunds_restock"] == "goods",
    )


def _number(text: str) -> Decimal | None:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise unknown(text, "$", "low_stock")
    return Decimal(text) if text else None


def _gateway(text: str) -> tuple[str, tuple[TenderMethod, str]]:
    name, _, what = text.partition("=")
    method, _, provider = what.strip().partition(":")
    if method not in _METHODS:
        raise unknown(text, "$", "payment_methods")
    return name.strip(), (method, provider)  # type: ignore[return-value]  # one of _METHODS
