"""The wire shapes of Square's orders, refunds and names: only what we read, so that a wrong type fails with its path.

Everything may be null or absent: what the platform did not say is None, never zero.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

# Beyond this no amount is one of a shop, and the sums of a day would not fit the columns of the ledger.
_Units = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Instant = Annotated[datetime, Meta(tz=True)]
Id = Annotated[str, Meta(min_length=1, max_length=190)]  # part of the ids of records, which are keys of an index


class Wire(Struct, gc=False):
    """A value of a row. Without cycles, so that the collector need not look at it."""


class Money(Wire):
    """An amount in the smallest unit of its currency."""

    amount: _Units | None = None
    currency: str | None = None


class AppliedTax(Wire):
    tax_uid: str
    applied_money: Money | None = None


class Tax(Wire):
    uid: str | None = None
    catalog_object_id: str | None = None
    name: str | None = None
    type: str | None = None
    percentage: str | None = None


class Line(Wire):
    """A line of a sale or of a return."""

    quantity: str = ""
    name: str | None = None
    variation_name: str | None = None
    catalog_object_id: str | None = None
    source_line_item_uid: str | None = None
    item_type: str | None = None
    total_discount_money: Money | None = None
    total_tax_money: Money | None = None
    total_service_charge_money: Money | None = None
    total_money: Money | None = None
    applied_taxes: list[AppliedTax] | None = None


class ServiceCharge(Wire):
    name: str | None = None
    type: str | None = None
    applied_money: Money | None = None
    total_money: Money | None = None
    total_tax_money: Money | None = None
    applied_taxes: list[AppliedTax] | None = None


class Amounts(Wire):
    total_money: Money | None = None
    tax_money: Money | None = None


class Rounding(Wire):
    amount_money: Money | None = None


class Tip(Wire):
    applied_money: Money | None = None


class Return(Wire):
    source_order_id: str | None = None
    return_line_items: list[Line] | None = None
    return_service_charges: list[ServiceCharge] | None = None
    return_taxes: list[Tax] | None = None
    return_tips: list[Tip] | None = None
    rounding_adjustment: Rounding | None = None
    return_amounts: Amounts | None = None


class Card(Wire):
    card_brand: str | None = None


class CardDetails(Wire):
    status: str | None = None
    card: Card | None = None


class Tender(Wire):
    type: str
    id: str | None = None
    payment_id: str | None = None
    created_at: Instant | None = None
    amount_money: Money | None = None
    card_details: CardDetails | None = None


class OrderRefund(Wire):
    """Money that an order says went back; which means of payment took it, only the refund itself says."""

    id: Id
    tender_id: str | None = None
    amount_money: Money | None = None
    status: str | None = None


class Source(Wire):
    name: str | None = None


class Order(Wire):
    id: Id
    location_id: str
    state: str | None = None
    source: Source | None = None
    reference_id: str | None = None
    ticket_name: str | None = None
    customer_id: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    closed_at: Instant | None = None
    line_items: list[Line] | None = None
    taxes: list[Tax] | None = None
    service_charges: list[ServiceCharge] | None = None
    returns: list[Return] | None = None
    tenders: list[Tender] | None = None
    refunds: list[OrderRefund] | None = None
    rounding_adjustment: Rounding | None = None
    return_amounts: Amounts | None = None
    total_money: Money | None = None
    total_tax_money: Money | None = None
    total_tip_money: Money | None = None
    net_amount_due_money: Money | None = None


class ProcessingFee(Wire):
    type: str | None = None
    effective_at: Instant | None = None
    amount_money: Money | None = None


class Destination(Wire):
    card_details: CardDetails | None = None


class Refund(Wire):
    """A refund of a payment; `order` is its return order, which the pull puts beside it."""

    id: Id
    created_at: Instant
    amount_money: Money
    updated_at: Instant | None = None
    status: str | None = None
    location_id: str | None = None
    destination_type: str | None = None
    destination_details: Destination | None = None
    processing_fee: list[ProcessingFee] | None = None
    payment_id: str | None = None
    order_id: str | None = None
    reason: str | None = None
    order: Order | None = None
