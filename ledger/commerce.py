"""The canonical commerce records: what happened at the till, the shop and the processor, in one language.

Every platform's mapping ends here and every accounting rule starts here. All amounts are integers of **minor
units** of the record's currency (`ledger.money` knows the exponents); every instant is an aware datetime.

* Gross before fees: a tender is what the customer parted with, tip included. Fees are records of their own.
* ``net + taxes = gross`` on every line. ``net`` is after discount and never contains tax, whatever the platform's
  prices do; ``net + discount`` is the list price.
* A gift card sold is a line; a gift card used is a tender. A store credit likewise.
* Unknown is not zero: ``taxes=None`` means that the platform did not say.
* ``stated`` is the total that the platform itself prints: `ledger.adding_up` holds the parts to it, to the unit.

A record is an immutable value; a later truth about the same fact is another version with a newer ``updated_at``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ledger.parts import (
    CashMovementKind,
    DisputeOutcome,
    FeeKind,
    GiftCardChangeKind,
    Line,
    LineKind,
    OrderState,
    PayoutItem,
    PayoutItemKind,
    Presentment,
    Tax,
    TaxCollector,
    Tender,
    TenderMethod,
    line_gross,
)

# fmt: off
__all__ = [
    "KINDS", "KIND_OF", "CashMovement", "CashMovementKind", "Deleted", "Dispute", "DisputeOutcome", "Fact", "Fee",
    "FeeKind", "GiftCardChange", "GiftCardChangeKind", "Line", "LineKind", "Order", "OrderState", "Payout",
    "PayoutItem", "PayoutItemKind", "Presentment", "Record", "RecordKind", "Refund", "Tax", "TaxCollector",
    "Tender", "TenderMethod", "decode", "encode", "happened_at", "line_gross",
]
# fmt: on


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
