"""The wire shapes of Shopify: only what we read, so that a wrong type fails with its path.

Fields have Shopify's names. What the schema marks as never null is demanded only where a record cannot do without it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

Instant = Annotated[datetime, Meta(tz=True)]
Id = Annotated[str, Meta(min_length=1, max_length=150)]  # part of the ids of records, which are keys of an index
Number = Annotated[str, Meta(pattern=r"^[0-9]{1,30}$")]  # a `legacyResourceId`
Units = Annotated[int, Meta(ge=-(10**9), le=10**9)]


class Wire(Struct, gc=False, rename="camel"):
    """A value of a row. Without cycles, so that the collector need not look at it."""


class Money(Wire):
    """An amount as a decimal text that is not padded ("22.8"), with its currency."""

    amount: str
    currency_code: str


class Bag(Wire):
    """An amount in the currency of the shop, which is booked, and in that of the customer, which is not asked for."""

    shop_money: Money


class PageInfo(Wire):
    has_next_page: bool = False


class Named(Wire):
    """Something of which the number is known."""

    legacy_resource_id: Number


class TaxLine(Wire):
    title: str
    rate_percentage: Decimal | None = None
    channel_liable: bool | None = None


class SaleTax(Wire):
    amount: Bag
    tax_line: TaxLine


class LineItem(Wire):
    title: str | None = None
    variant_title: str | None = None
    sku: str | None = None
    variant: Named | None = None


class AdditionalFee(Wire):
    name: str | None = None


class Sale(Wire):
    """One line of an agreement: signed, after discount and with tax in `total_amount`."""

    action_type: str
    line_type: str
    total_amount: Bag
    total_tax_amount: Bag
    quantity: Units | None = None
    total_discount_amount_before_taxes: Bag | None = None
    taxes: list[SaleTax] = []
    line_item: LineItem | None = None
    additional_fee: AdditionalFee | None = None


class Sales(Wire):
    nodes: list[Sale]
    page_info: PageInfo | None = None


class Agreement(Wire):
    """What a merchant and a customer agreed on at one moment: an order, an edit, a return, a refund."""

    id: Id
    happened_at: Instant
    sales: Sales
    reason: str = "ORDER"
    refund: Named | None = None


class Agreements(Wire):
    nodes: list[Agreement]
    page_info: PageInfo | None = None


class Transaction(Wire):
    id: Id
    kind: str
    status: str
    amount_set: Bag
    test: bool = False
    gateway: str | None = None
    formatted_gateway: str | None = None
    manual_payment_gateway: bool = False
    created_at: Instant | None = None
    processed_at: Instant | None = None
    amount_rounding_set: Bag | None = None


class Transactions(Wire):
    nodes: list[Transaction]
    page_info: PageInfo | None = None


class Restock(Wire):
    restock_type: str = "NO_RESTOCK"


class Restocks(Wire):
    nodes: list[Restock] = []


class Refund(Wire):
    legacy_resource_id: Number
    processed_at: Instant
    transactions: Transactions
    note: str | None = None
    refund_line_items: Restocks | None = None


class Order(Wire):
    legacy_resource_id: Number
    name: str
    processed_at: Instant
    updated_at: Instant
    currency_code: str
    current_total_price_set: Bag
    total_outstanding_set: Bag
    agreements: Agreements
    transactions: list[Transaction]
    refunds: list[Refund] = []
    test: bool = False
    cancelled_at: Instant | None = None
    display_financial_status: str | None = None
    source_name: str | None = None
    retail_location: Named | None = None


class Address(Wire):
    country_code: str | None = None


class Location(Wire):
    legacy_resource_id: Number
    name: str
    address: Address | None = None


class PayoutOf(Wire):
    id: str | None = None


class BalanceTransaction(Wire):
    """A movement on the balance of Shopify Payments: `net` is `amount` less `fee`."""

    id: Id
    type: str
    amount: Money
    fee: Money
    net: Money
    transaction_date: Instant
    test: bool = False
    source_order_transaction_id: int | str | None = None
    source_id: int | str | None = None
    associated_payout: PayoutOf | None = None


class Payout(Wire):
    """A payout; `balance_transactions` are what it is made of, which the pull puts beside it."""

    legacy_resource_id: Number
    issued_at: Instant
    status: str
    net: Money
    transaction_type: str = "DEPOSIT"
    external_trace_id: str | None = None
    balance_transactions: list[BalanceTransaction] | None = None


class Dispute(Wire):
    legacy_resource_id: Number
    status: str
    type: str
    initiated_at: Instant
    amount: Money
    finalized_on: Instant | None = None
    order: Named | None = None


class GiftCard(Wire):
    """A gift card as it was issued; without an order when somebody, or an app, made it by hand."""

    id: Id
    created_at: Instant
    initial_value: Money
    order: Named | None = None


class Event(Wire):
    """Something that happened to a resource; of deletions it is the only trace."""

    id: Id
    created_at: Instant
    action: str
    subject_id: Id | None = None
    subject_type: str | None = None
