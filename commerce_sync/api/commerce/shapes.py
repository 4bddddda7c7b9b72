"""The published shapes of commerce facts: orders, payments, transactions, disputes. Pure.

What a platform did not say is absent. ``modified_date`` is when the version came to us, ``source_modified_date`` when
the platform says that it changed. What we know beyond the contract is in ``supplemental_data.content``: under
``commerceSync`` where the contract wants objects, on lines by the very names that a push may use.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType, field

from commerce_sync.api.shape import Shape


class Ref(Shape, kw_only=True):
    """A reference to a row by its id; ``name`` as far as it is known."""

    id: str
    name: str | UnsetType = UNSET


class SourceRef(Shape, kw_only=True):
    """What a transaction or a dispute came from: Fee, Order, Payment, ServiceCharge, Unknown."""

    id: str
    type: str


class Presentment(Shape, kw_only=True):
    """What the customer saw, in another currency than the one that settles; kept as evidence."""

    currency: str
    amount: Decimal
    rate: str


class FeeTax(Shape, kw_only=True):
    """A tax on a fee."""

    name: str
    amount: Decimal


class Beyond(Shape, kw_only=True):
    """What we know of a fact beyond the contract. ``due`` is still open of it, in major units."""

    state: str | UnsetType = UNSET
    due: Decimal | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    presentment: Presentment | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    restocked: bool | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    method: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    record_id: str | UnsetType = UNSET
    taxes: list[FeeTax] | UnsetType = UNSET
    bank_reference: str | UnsetType = UNSET


class Content(Shape, kw_only=True):
    """Objects by name, as the contract wants them."""

    commerce_sync: Beyond


class Supplement(Shape, kw_only=True):
    """``supplementalData``."""

    content: Content


class LineBeyond(Shape, kw_only=True):
    """What we know of a line beyond the contract; ``cost`` and ``fulfilledAt`` as they may be pushed."""

    kind: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    cost: Decimal | UnsetType = UNSET
    face: Decimal | UnsetType = UNSET
    fulfilled_at: datetime | UnsetType = UNSET


class LineSupplement(Shape, kw_only=True):
    """``supplementalData`` of a line."""

    content: LineBeyond


class TaxAllocation(Shape, kw_only=True):
    """One component of tax; ``rate`` as a fraction of the net price, ``tax_amount`` what was collected."""

    tax_component_ref: Ref
    rate: Decimal | UnsetType = UNSET
    tax_amount: Decimal


class DiscountAllocation(Shape, kw_only=True):
    """A discount on a line, before tax; positive lowers the price."""

    name: str | UnsetType = UNSET
    total_amount: Decimal


class OrderLine(Shape, kw_only=True):
    """One line. ``id`` is its place in the order, from 1: canonical lines have no other."""

    id: str
    quantity: Decimal | UnsetType = UNSET
    tax_percentage: Decimal | UnsetType = UNSET
    total_amount: Decimal
    total_tax_amount: Decimal | UnsetType = UNSET
    unit_price: Decimal | UnsetType = UNSET
    taxes: list[TaxAllocation] | UnsetType = UNSET
    product_ref: Ref | UnsetType = UNSET
    discount_allocations: list[DiscountAllocation]
    supplemental_data: LineSupplement | UnsetType = UNSET


class ServiceCharge(Shape, kw_only=True):
    """A charge beside the lines."""

    description: str | UnsetType = UNSET
    total_amount: Decimal
    tax_percentage: Decimal | UnsetType = UNSET
    tax_amount: Decimal | UnsetType = UNSET
    taxes: list[TaxAllocation] | UnsetType = UNSET
    quantity: int | UnsetType = UNSET
    type: str


class OrderPayment(Shape, kw_only=True):
    """A payment inside of its order; negative when money went back."""

    id: str
    amount: Decimal
    currency: str
    type: str | UnsetType = UNSET
    status: str
    payment_provider: str | UnsetType = UNSET
    payment_method_ref: Ref | UnsetType = UNSET
    created_date: datetime


class Order(Shape, kw_only=True):
    """A sale, or a return with negative amounts."""

    id: str
    order_number: str | UnsetType = UNSET
    currency: str
    created_date: datetime | UnsetType = UNSET
    closed_date: datetime | UnsetType = UNSET
    total_amount: Decimal
    total_tax_amount: Decimal | UnsetType = UNSET
    total_discount: Decimal
    total_gratuity: Decimal
    order_line_items: list[OrderLine]
    payments: list[OrderPayment]
    service_charges: list[ServiceCharge]
    location_ref: Ref | UnsetType = UNSET
    customer_ref: Ref | UnsetType = UNSET
    modified_date: datetime
    source_modified_date: datetime
    supplemental_data: Supplement | UnsetType = UNSET


class Payment(Shape, kw_only=True):
    """A payment as a row of its own; negative when money went back."""

    id: str
    amount: Decimal
    currency: str
    payment_method_ref: Ref | UnsetType = UNSET
    status: str
    payment_provider: str | UnsetType = UNSET
    created_date: datetime
    modified_date: datetime
    source_modified_date: datetime
    supplemental_data: Supplement | UnsetType = UNSET


class Transaction(Shape, kw_only=True):
    """A movement at the processor: only ``type`` says which way the money went."""

    id: str
    total_amount: Decimal
    currency: str
    type: str
    sub_type: str | UnsetType = UNSET
    transaction_source_ref: SourceRef | UnsetType = UNSET
    created_date: datetime
    modified_date: datetime
    source_modified_date: datetime
    supplemental_data: Supplement | UnsetType = UNSET


class Dispute(Shape, kw_only=True):
    """A chargeback or an inquiry."""

    id: str
    disputed_transactions: list[SourceRef] = field(default_factory=list)
    total_amount: Decimal
    currency: str
    status: str
    created_date: datetime
    modified_date: datetime
    source_modified_date: datetime
    supplemental_data: Supplement | UnsetType = UNSET
