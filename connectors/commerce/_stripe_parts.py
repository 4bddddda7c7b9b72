"""Amounts, instants, words and settings of Stripe; the rules are in `stripe`'s docstring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from connectors.commerce import _stripe_wire as wire
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import choice
from ledger.money import EXPONENTS

PROVIDER: Final = "stripe"
CHARGES: Final = ("charge", "payment")  # rows of the ledger: of cards, and of all other means of payment
SALES: Final = ("elsewhere", "charges", "charges_without_order")
REFUNDS: Final = ("sales", "stripe")
TAXES: Final = ("unknown", "none")
TIPS: Final = ("nothing", "payment_intents")
LINES: Final = ("charges", "documents")
MOVEMENTS: Final = ("payouts", "ledger")
ORDER_KEYS: Final = "order_id,order_number,order_no"
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "sales_from": SALES,
    "refunds_from": REFUNDS,
    "lines_from": LINES,
    "taxes_of_charges": TAXES,
    "tips_from": TIPS,
    "movements_from": MOVEMENTS,
}
MEANINGS: Final[dict[str, str]] = {
    "sales_from": "whether charges are sales: elsewhere (a shop tells of them), charges, or charges_without_order",
    "order_keys": "names in a charge's metadata that say that a shop tells of the sale",
    "refunds_from": "sales (from where the sales are) or stripe, though the sales are told elsewhere",
    "lines_from": "charges, or documents: Checkout sessions and invoices tell lines and taxes",
    "taxes_of_charges": "unknown (such a sale waits for a person), or none: the merchant charges no tax",
    "tips_from": "nothing, or payment_intents",
    "movements_from": "payouts, or ledger for accounts that pay out by hand: who tells of reserves and transfers",
}
# Where the decimals that Stripe counts in are not those of ISO 4217.
DECIMALS: Final[dict[str, int]] = {"ISK": 2, "UGX": 2, "MGA": 0}


def currency_of(code: str, path: str) -> str:
    """The code in capitals; raises `MappingProblem` for none that exists."""
    known = code.upper()
    if known not in EXPONENTS:
        raise MappingProblem("unknown_currency", path, facts={"currency": code[:60]})
    return known


def units(amount: int, currency: str, path: str) -> int:
    """An amount in the minor units of ISO 4217; raises `MappingProblem` when it has more decimals than these."""
    more = EXPONENTS[currency] - DECIMALS.get(currency, EXPONENTS[currency])
    step: int = 10 ** abs(more)
    if more >= 0:
        return amount * step
    whole, rest = divmod(amount, step)
    if rest:
        raise MappingProblem("not_exact", path, facts={"amount": str(amount), "currency": currency})
    return whole


def instant(seconds: int) -> datetime:
    """An instant that is told in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def is_sale(metadata: Mapping[str, str] | None, context: MapContext) -> bool:
    """Whether this connection is the one that tells of the sale behind a charge with this metadata."""
    sales = choice(context.settings, "sales_from", SALES)
    if sales == "charges_without_order":
        keys = str(context.settings.get("order_keys", ORDER_KEYS)).split(",")
        return not any((metadata or {}).get(key.strip()) for key in keys)
    return sales == "charges"


def is_told_by_ledger(context: MapContext) -> bool:
    """Whether reserves, transfers, advances and adjustments are told by the ledger, and not by payouts."""
    return choice(context.settings, "movements_from", MOVEMENTS) == "ledger"


def rate_ppm(percentage: Decimal | None) -> int | None:
    """A percentage in millionths; None for none that can be."""
    if percentage is None or not percentage.is_finite() or not 0 <= percentage <= 1_000:
        return None
    return int((percentage * 10_000).to_integral_value())


def source_id(row: wire.Transaction) -> str:
    """The id of what moved the money, empty for what only the ledger knows."""
    return row.source.id if isinstance(row.source, wire.Source) else row.source or ""
