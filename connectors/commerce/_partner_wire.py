"""The published commerce shapes as structs: only what the mapping reads, so a wrong type fails with its path.

An amount is a JSON number or a numeric string in major units; the struct keeps it exact (`int` or
`Decimal`, never a float). Ids may be strings or numbers, as the published examples show both. Everything
that the contract does not require may be null or absent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

Amount = int | Decimal
_Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
# Bounded, because an id is a key of an index at the other end of the pull.
Id = Annotated[str, Meta(min_length=1, max_length=200)] | _Number
RefId = Annotated[str, Meta(max_length=200)] | _Number


class Wire(Struct, gc=False, rename="camel"):
    """Base of all wire shapes. Trees without cycles: the garbage collector need not look at them."""


class Ref(Wire):
    """A reference to another row; `type` only where the contract has one (the source of a transaction)."""

    id: RefId = ""
    name: str | None = None
    type: str | None = None


class Extensions(Wire):
    """Our documented extensions in ``supplementalData.content`` of an order, a line or a transaction."""

    cost: Amount | None = None
    fulfilled_at: str | None = None
    state: str | None = None
    deleted: bool | None = None
    voided: bool | None = None
    restocked: bool | None = None


class Supplement(Wire):
    """``supplementalData``."""

    content: Extensions | None = None


class TaxAllocation(Wire):
    """One component of tax. `rate` is described as an amount, named a rate: a good weight either way."""

    tax_component_ref: Ref | None = None
    tax_amount: Amount | None = None
    rate: Amount | None = None


class DiscountAllocation(Wire):
    """A discount on a line, before tax."""

    total_amount: Amount | None = None


class OrderLine(Wire):
    """One line; `total_amount` includes discounts and tax, `unit_price` neither."""

    id: RefId = ""
    quantity: Amount | None = None
    tax_percentage: Amount | None = None
    total_amount: Amount | None = None
    total_tax_amount: Amount | None = None
    unit_price: Amount | None = None
    taxes: list[TaxAllocation] | None = None
    product_ref: Ref | None = None
    product_variant_ref: Ref | None = None
    discount_allocations: list[DiscountAllocation] | None = None
    supplemental_data: Supplement | None = None


class ServiceCharge(Wire):
    """A charge beside the lines; `total_amount` includes tax and is for all of `quantity`."""

    description: str | None = None
    total_amount: Amount | None = None
    tax_percentage: Amount | None = None
    tax_amount: Amount | None = None
    taxes: list[TaxAllocation] | None = None
    type: str | None = None


class Identified(Wire):
    """The id of any row, and nothing else of it."""

    id: Id


class Dated(Wire):
    """What every row has: an id and its instants, as text (naive ones are in the company's zone)."""

    id: Id
    created_date: str | None = None
    modified_date: str | None = None
    source_modified_date: str | None = None


class Payment(Dated):
    """A payment, in an order or as a row of its own."""

    amount: Amount | None = None
    currency: str | None = None
    type: str | None = None
    status: str | None = None
    payment_provider: str | None = None
    payment_method_ref: Ref | None = None


class Order(Dated):
    """A sale, a return, or both."""

    order_number: RefId | None = None
    currency: str | None = None
    closed_date: str | None = None
    total_amount: Amount | None = None
    total_refund: Amount | None = None
    total_tax_amount: Amount | None = None
    total_discount: Amount | None = None
    total_gratuity: Amount | None = None
    order_line_items: list[OrderLine] | None = None
    payments: list[Payment] | None = None
    service_charges: list[ServiceCharge] | None = None
    location_ref: Ref | None = None
    customer_ref: Ref | None = None
    supplemental_data: Supplement | None = None


class Transaction(Dated, kw_only=True):
    """A movement at the processor: only `type` says which way the money went."""

    type: str
    total_amount: Amount
    currency: str | None = None
    sub_type: str | None = None
    transaction_source_ref: Ref | None = None
    source_created_date: str | None = None
    supplemental_data: Supplement | None = None


class Dispute(Dated, kw_only=True):
    """A chargeback or an inquiry."""

    status: str
    total_amount: Amount
    currency: str | None = None
    disputed_transactions: list[Ref] | None = None


class Variant(Wire):
    """A variant of a product."""

    id: RefId = ""
    sku: str | None = None


class Reference(Dated):
    """Any row that only gives names and facts, whatever it names."""

    name: str | None = None
    customer_name: str | None = None
    categorization: str | None = None
    product_category_refs: list[Ref] | None = None
    ancestor_refs: list[Ref] | None = None
    is_gift_card: bool | None = None
    variants: list[Variant] | None = None
    rate: Amount | None = None
    is_compound: bool | None = None
    status: str | None = None
