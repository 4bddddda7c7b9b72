"""The canonical commerce records: what happened at the till, the shop and the processor, in one language.

Every platform's mapping ends here and every accounting rule starts here. All amounts are integers of **minor
units** of the record's currency (`ledger.money` knows the exponents); every instant is an aware datetime.

* Gross before fees: a tender is what the customer parted with, tip included. Fees are records of their own.
* ``net + taxes = gross`` on every line. ``net`` is after discount and never contains tax, whatever the platform's
  prices do; ``net + discount`` is the list price.
* A gift card sold is a line; a gift card used is a tender. A store credit likewise.
* Unknown is not zero: ``taxes=None`` means that the platform did not say.
* ``stated`` is the total that the platform itself prints: `adds_up` holds the parts to it, to the unit.

A record is an immutable value; a later truth about the same fact is another version with a newer ``updated_at``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec
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


class Line(Struct, frozen=True, omit_defaults=True):
    """One thing sold, or charged beside it. ``discount`` is positive when it lowers the price, before tax.

    ``cost`` is the cost of all units of the line (not of one); None when the source does not know it.
    ``fulfilled_at`` matters only to books that recognize revenue at fulfillment; ``face`` is a gift card's value when
    it was sold for less than that.
    """

    kind: LineKind
    label: str
    net: int
    taxes: tuple[Tax, ...] | None = ()
    discount: int = 0
    quantity: str = "1"
    category: str = ""
    sku: str = ""
    cost: int | None = None
    face: int | None = None
    fulfilled_at: datetime | None = None


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


class Order(Struct, frozen=True, omit_defaults=True):
    """A sale. ``due`` is what the platform states as still open (on account, part paid).

    ``state='open'`` is a deposit, a layby or an open check: money may have come in, nothing is sold yet.
    Σ gross of lines = ``stated`` and, once completed, Σ tenders + ``due`` = ``stated``.
    """

    id: str
    number: str
    currency: str
    closed_at: datetime
    updated_at: datetime
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    stated: int
    due: int = 0
    state: OrderState = "completed"
    location: str = ""
    channel: str = ""
    customer: str = ""
    url: str = ""
    presentment: Presentment | None = None


class Refund(Struct, frozen=True, omit_defaults=True):
    """Money or goods going back. All amounts are positive: a refund of 9.90 states 990.

    ``lines=None`` means that the platform gave only the money; the parts are then derived from the stored lines of
    the original order (`ledger.rules.refunds.derive`). ``restocked`` decides whether cost goes back to stock.
    """

    id: str
    order_id: str
    currency: str
    refunded_at: datetime
    updated_at: datetime
    lines: tuple[Line, ...] | None
    tenders: tuple[Tender, ...]
    stated: int
    due: int = 0
    reason: str = ""
    restocked: bool = False
    location: str = ""
    channel: str = ""
    customer: str = ""
    number: str = ""
    url: str = ""


class Fee(Struct, frozen=True, omit_defaults=True):
    """What a processor or platform charges, as a positive amount without its tax; a fee given back is negative."""

    id: str
    currency: str
    charged_at: datetime
    updated_at: datetime
    amount: int
    kind: FeeKind = "processing"
    taxes: tuple[Tax, ...] = ()
    method: TenderMethod = "card"
    provider: str = ""
    settles: str = ""
    location: str = ""
    channel: str = ""


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


class Payout(Struct, frozen=True, omit_defaults=True):
    """A transfer between the processor and the bank. ``amount`` is negative when the processor takes money.

    A transfer that failed is `Deleted` when the platform says so of the same id, and a payout of its own with a
    negative amount when the platform reports the money coming back as another row. ``items=None`` means that the
    platform did not list them; else they sum to ``amount``.
    """

    id: str
    currency: str
    arrives_on: datetime
    updated_at: datetime
    amount: int
    items: tuple[PayoutItem, ...] | None = None
    method: TenderMethod = "card"
    provider: str = ""
    bank_reference: str = ""
    location: str = ""
    channel: str = ""


class Dispute(Struct, frozen=True, omit_defaults=True):
    """A chargeback. ``amount`` is positive and may differ from the charge; an inquiry moves no money."""

    id: str
    currency: str
    opened_at: datetime
    updated_at: datetime
    amount: int
    outcome: DisputeOutcome
    closed_at: datetime | None = None
    tender_id: str = ""
    order_id: str = ""
    method: TenderMethod = "card"
    provider: str = ""
    location: str = ""
    channel: str = ""


class GiftCardChange(Struct, frozen=True, omit_defaults=True):
    """A change of what gift cards are worth outside any order; ``amount`` positive, `adjusted` may be negative."""

    id: str
    currency: str
    changed_at: datetime
    updated_at: datetime
    amount: int
    kind: GiftCardChangeKind
    taxes: tuple[Tax, ...] = ()
    location: str = ""
    channel: str = ""


class CashMovement(Struct, frozen=True, omit_defaults=True):
    """Cash in the drawer that is no sale: paid in, paid out, dropped to the bank, over (+) or short (−)."""

    id: str
    currency: str
    at: datetime
    updated_at: datetime
    amount: int
    kind: CashMovementKind
    label: str = ""
    location: str = ""
    channel: str = ""


class Deleted(Struct, frozen=True, omit_defaults=True):
    """The platform says that the record of this id is gone or void: nothing of it belongs in the books."""

    id: str
    currency: str
    deleted_at: datetime
    updated_at: datetime


Fact = Order | Refund | Fee | Payout | Dispute | GiftCardChange | CashMovement
Record = Fact | Deleted

RecordKind = Literal["order", "refund", "fee", "payout", "dispute", "gift_card_change", "cash_movement"]
KINDS: Final[dict[RecordKind, type[Fact]]] = {
    "order": Order,
    "refund": Refund,
    "fee": Fee,
    "payout": Payout,
    "dispute": Dispute,
    "gift_card_change": GiftCardChange,
    "cash_movement": CashMovement,
}
KIND_OF: Final[dict[type[Fact], RecordKind]] = {struct: kind for kind, struct in KINDS.items()}

_encoder = msgspec.json.Encoder()
_decoders: dict[RecordKind, msgspec.json.Decoder[Fact]] = {
    kind: msgspec.json.Decoder(struct) for kind, struct in KINDS.items()
}
_deleted_decoder = msgspec.json.Decoder(Deleted)


def encode(record: Record) -> bytes:
    """The canonical bytes of ``record``: what is stored, hashed and compared."""
    return _encoder.encode(record)


def decode(kind: RecordKind, body: bytes, *, deleted: bool = False) -> Record:
    """The record in canonical ``body``; raises ``msgspec.ValidationError`` naming the path of what does not fit."""
    return _deleted_decoder.decode(body) if deleted else _decoders[kind].decode(body)


def line_gross(line: Line) -> int:
    """What the customer pays for ``line``: net and all tax on it, by whomever collected."""
    gross = line.net
    for tax in line.taxes or ():
        gross += tax.amount
    return gross


def happened_at(record: Record) -> datetime:
    """The instant from which the record's own business day is told (a layby's later tenders have their own)."""
    match record:
        case Order():
            return record.closed_at
        case Refund():
            return record.refunded_at
        case Fee():
            return record.charged_at
        case Payout():
            return record.arrives_on
        case Dispute():
            return record.closed_at or record.opened_at
        case GiftCardChange():
            return record.changed_at
        case CashMovement():
            return record.at
        case _:
            return record.deleted_at
