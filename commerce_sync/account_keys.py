"""The fields of the merchant's pages that a partner may show or hide, by their published keys. Pure.

Beside the published keys there are our own, in the same style, for what the contract has no field for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final


def _of(section: str, names: str) -> tuple[str, ...]:
    return tuple(f"{section}-{name}" for name in names.split())


PUBLISHED: Final = (
    *_of("sales-accounts", "sales refund gratuity prepaid sales-other"),
    *_of("sales-taxRates", "0 5 10 20"),
    *_of("sales-other", "invoiceStatus groupingPeriod"),
    *_of("fees-accounts", "paymentFee paymentFeeRefund loan loanPayment loanFee cashback"),
    *_of("payments-accounts", "card cash invoice onlineCard payout custom storeCredit paypal paypalQr mobile vipps"),
    *_of("payments-accounts", "swish prepaidPayment manual"),
)
OURS: Final = (
    *_of("sales-accounts", "tax suspense shipping discount serviceCharge donation deposit rounding"),
    *_of("fees-accounts", "dispute disputeLoss reserve"),
    *_of("payments-accounts", "receivable overShort"),
)
# What a configuration cannot do without is shown whatever a partner chooses.
REQUIRED: Final = frozenset(
    {
        *_of("sales-accounts", "sales refund"),
        *_of("sales-taxRates", "0 5 10 20"),
        *_of("sales-other", "invoiceStatus groupingPeriod"),
        *_of("payments-accounts", "card"),
    }
)
ALL: Final = (*PUBLISHED, *OURS)
_KNOWN: Final = frozenset(ALL)


def unknown(keys: Iterable[str]) -> list[str]:
    """Those of ``keys`` that no field has, each once, in their order."""
    return list(dict.fromkeys(key for key in keys if key not in _KNOWN))


def shown(chosen: Collection[str] | None) -> list[str]:
    """The keys that are shown when ``chosen`` are chosen, in our order; None: all."""
    return [key for key in ALL if chosen is None or key in REQUIRED or key in chosen]
