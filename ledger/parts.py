"""The words and the parts of canonical records: taxes, lines, tenders, rows of a payout.

They live inside the records of `ledger.commerce`, which says what all amounts and instants mean.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

LineKind = Literal["product", "gift_card", "shipping", "service_charge", "tip", "donation", "rounding"]
TenderMethod = Literal["card", "cash", "gift_card", "store_credit", "pay_later", "bank", "external", "other"]
TaxCollector = Literal["merchant", "marketplace"]
OrderState = Literal["open", "completed"]
FeeKind = Literal["processing", "platform", "chargeback", "subscription", "shipping_label", "conversion", "other"]
DisputeOutcome = Literal["inquiry", "open", "won", "lost"]
GiftCardChangeKind = Literal["issued_free", "issued_for_return", "expired", "escheated", "adjusted"]
CashMovementKind = Literal["paid_in", "paid_out", "over_short", "drop", "tips_paid_out"]
PayoutItemKind = Literal[
    "charge",
    "refund",
    "fee",
    "fee_refund",
    "dispute",
    "reserve",
    "advance",
    "advance_repayment",
    "advance_fee",
    "exchange",
    "adjustment",
]


class Tax(Struct, frozen=True, omit_defaults=True):
    """One component of tax on one line, as the platform collected it; never recomputed.

    ``key`` names the rate for the mapping (a component id or a name: stable for the merchant), ``rate_ppm`` is the
    rate in millionths (20 % = 200000, Québec's 9.975 % = 99750), None when the platform did not say.
    """

    key: str
    name: str
    amount: int
    rate_ppm: int | None = None
    collected_by: TaxCollector = "merchant"


BEYOND_SALE: Final = "Beyond the sale"  # the label of what a refund gives back without having been sold


class Line(Struct, frozen=True, omit_defaults=True):
    """One thing sold, or charged beside it. ``discount`` is positive when it lowers the price, before tax.

    ``quantity`` is plain text ("0.350"), "" when the platform did not say.
    ``cost`` is the cost of all units of the line (not of one); None when the source does not know it, and
    ``cost_of_catalog`` when it is not the record that states it but a catalog (`ledger.costs`).
    ``fulfilled_at`` matters only to books that recognize revenue at fulfillment; ``face`` is a gift card's value when
    it was sold for less than that.
    """

    kind: LineKind
    label: str
    net: int
    taxes: tuple[Tax, ...] | None = ()
    discount: int = 0
    quantity: str = ""
    category: str = ""
    sku: str = ""
    cost: int | None = None
    face: int | None = None
    fulfilled_at: datetime | None = None
    cost_of_catalog: bool = False


class Tender(Struct, frozen=True, omit_defaults=True):
    """One means of payment, gross, tip included. Negative only inside a `Refund`'s own positive convention: never."""

    id: str
    method: TenderMethod
    amount: int
    captured_at: datetime
    label: str = ""
    provider: str = ""


class Presentment(Struct, frozen=True, omit_defaults=True):
    """What the customer saw, when it was another currency than the one that settles: kept as evidence, not posted."""

    currency: str
    amount: int
    rate: str


class PayoutItem(Struct, frozen=True, omit_defaults=True):
    """One row of a payout, with its effect on the deposit (a charge is positive, a fee or refund negative).

    ``source_id`` is the id of the record that it settles (order, refund, fee, dispute), "" for rows that are known
    only here: reserves, advances, exchange differences.
    """

    kind: PayoutItemKind
    amount: int
    source_id: str = ""
    at: datetime | None = None
    label: str = ""


def line_gross(line: Line) -> int:
    """What the customer pays for ``line``: net and all tax on it, by whomever collected."""
    gross = line.net
    for tax in line.taxes or ():
        gross += tax.amount
    return gross
