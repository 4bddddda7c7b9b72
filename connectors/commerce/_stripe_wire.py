"""The wire shapes of Stripe: only what we read, so that a wrong type fails with its path.

What may be an id or the whole object (`expand`) is both here. Instants are whole seconds since 1970.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

# Beyond this no amount is one of a shop, and the sums of a day would not fit the columns of the ledger.
Units = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Seconds = Annotated[int, Meta(ge=0, le=253_402_300_799)]
Id = Annotated[str, Meta(min_length=1, max_length=170)]  # part of the ids of records, which are keys of an index


class Wire(Struct, gc=False):
    """A value of a row. Without cycles, so that the collector need not look at it."""


class FeeDetail(Wire):
    """One of the parts of which a fee is made."""

    amount: Units
    type: str
    currency: str | None = None


class Tip(Wire):
    amount: Units | None = None


class AmountDetails(Wire):
    tip: Tip | None = None


class PaymentIntent(Wire):
    """What a charge belongs to; the pull puts it beside the row where tips are wanted."""

    id: Id
    amount_details: AmountDetails | None = None


class Method(Wire):
    type: str | None = None


class Source(Wire):
    """What moved the money: a charge, a refund, a dispute, a payout; only of charges more than the id is read."""

    id: Id
    object: str | None = None
    status: str | None = None
    currency: str | None = None
    amount: Units | None = None
    amount_captured: Units | None = None
    balance_transaction: str | None = None
    customer: str | None = None
    description: str | None = None
    receipt_number: str | None = None
    metadata: dict[str, str] | None = None
    payment_method_details: Method | None = None


class Named(Wire):
    """A product, a rate of tax or a place with readers: only what it is called, and a rate's percentage."""

    id: Id
    name: str | None = None
    display_name: str | None = None
    percentage: Decimal | None = None


class RateTax(Wire):
    """What one rate takes of a line of a Checkout session."""

    amount: Units
    rate: Named


class CheckoutLine(Wire):
    """`amount_total` is after discount and with tax, whatever the price contains."""

    amount_total: Units
    amount_tax: Units = 0
    amount_discount: Units = 0
    description: str | None = None
    quantity: int | None = None
    taxes: list[RateTax] | None = None


class ShippingCost(Wire):
    amount_total: Units
    amount_tax: Units = 0
    taxes: list[RateTax] | None = None


class Checkout(Wire):
    """A Checkout session, with all of its lines, which the pull puts into it."""

    id: Id
    currency: str | None = None
    amount_total: Units | None = None
    shipping_cost: ShippingCost | None = None
    lines: list[CheckoutLine] = []


class RateOf(Wire):
    tax_rate: str = ""


class InvoiceTax(Wire):
    """What one rate takes of a line of an invoice; an inclusive one is in the line's amount."""

    amount: Units
    tax_behavior: str | None = None
    tax_rate_details: RateOf | None = None


class Off(Wire):
    amount: Units


class InvoiceLine(Wire):
    """`amount` is before discount and without exclusive tax."""

    amount: Units
    description: str | None = None
    quantity: int | None = None
    discount_amounts: list[Off] | None = None
    taxes: list[InvoiceTax] | None = None


class Invoice(Wire):
    """An invoice, with all of its lines, which the pull puts into it."""

    id: Id
    currency: str | None = None
    total: Units | None = None
    shipping_cost: ShippingCost | None = None
    lines: list[InvoiceLine] = []


class Transaction(Wire):
    """One row of the ledger that Stripe keeps of the account. `net` is `amount` less `fee`."""

    id: Id
    amount: Units
    fee: Units
    net: Units
    currency: str
    created: Seconds
    type: str
    reporting_category: str | None = None
    fee_details: list[FeeDetail] | None = None
    source: Source | str | None = None
    exchange_rate: Decimal | None = None
    payment_intent: PaymentIntent | None = None
    checkout: Checkout | None = None
    invoice: Invoice | None = None


class Charge(Wire):
    """The charge of a refund."""

    id: Id
    metadata: dict[str, str] | None = None


class Refund(Wire):
    """A refund, with the rows of the ledger by which the money went, and came back when it failed."""

    id: Id
    currency: str
    created: Seconds
    status: str | None = None
    reason: str | None = None
    receipt_number: str | None = None
    charge: Charge | str | None = None
    balance_transaction: Transaction | None = None
    failure_balance_transaction: Transaction | None = None


class Trace(Wire):
    value: str | None = None


class Payout(Wire):
    """A payout; `entries` are the rows of the ledger that it is made of, which the pull puts beside it."""

    id: Id
    amount: Units
    currency: str
    created: Seconds
    arrival_date: Seconds
    status: str
    automatic: bool | None = None
    reconciliation_status: str | None = None
    statement_descriptor: str | None = None
    trace_id: Trace | None = None
    failure_balance_transaction: Transaction | None = None
    entries: list[Transaction] | None = None


class Dispute(Wire):
    """A dispute; `closed_at` is when its closing was told of, which the pull puts beside it."""

    id: Id
    amount: Units
    currency: str
    created: Seconds
    status: str
    charge: str | None = None
    balance_transactions: list[Transaction] | None = None
    closed_at: Seconds | None = None
