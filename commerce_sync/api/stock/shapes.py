"""The shapes of stock. Quantities and amounts are decimal numbers, amounts in major units. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.shape import Input, Shape

Text = Annotated[str, Meta(max_length=200)]
Quantity = Decimal
Amount = Decimal


class StockLevel(Shape, kw_only=True):
    """One thing at one place. ``locationId`` is "" where its source does not tell places apart.

    ``threshold`` and ``unitCost`` are what holds: the rule for the thing, else what its source tells, else the rule for
    all. What is not known is absent. ``lowSince``: since when there has been no more than the threshold;
    ``orderReference``: the purchase order that asks for more.
    """

    connection_id: UUID
    item_id: str
    location_id: str
    name: str
    sku: str
    location: str
    on_hand: Decimal | UnsetType = UNSET
    threshold: Decimal | UnsetType = UNSET
    unit_cost: Decimal | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    counted_at: datetime | UnsetType = UNSET
    low_since: datetime | UnsetType = UNSET
    order_reference: str | UnsetType = UNSET


class StockRules(Shape, kw_only=True):
    """What holds for everything that has no rule of its own. ``draftsOrders``: a purchase order is drafted at the
    accounting software where it has them (``canDraftOrders``), else there is a notice. ``booksCost``: the cost of what
    is sold is booked; ``booksShrinkage``: so are goods that came back and were not put on the shelf again."""

    books_cost: bool
    books_shrinkage: bool
    drafts_orders: bool
    can_draft_orders: bool
    threshold: Decimal | None
    reorder_quantity: Decimal | None
    supplier_id: str
    account_id: str


class SetStockRules(Input, kw_only=True):
    """The rules that shall hold. ``reorderQuantity`` absent: what fills up to twice the threshold. ``supplierId`` and
    ``accountId`` are ids at the accounting software. ``booksCost`` and ``booksShrinkage`` absent: as it is."""

    books_cost: bool | None = None
    books_shrinkage: bool | None = None
    drafts_orders: bool = False
    threshold: Quantity | None = None
    reorder_quantity: Quantity | None = None
    supplier_id: Text = ""
    account_id: Text = ""


class StockItemRule(Shape, kw_only=True):
    """What holds for one thing of one source, before all else. ``unitCost`` is what one costs with all that it took to
    get it here."""

    connection_id: UUID
    item_id: str
    threshold: Decimal | None
    reorder_quantity: Decimal | None
    supplier_id: str
    account_id: str
    unit_cost: Decimal | None
    currency: str


class SetStockItemRule(Input, kw_only=True):
    """The rule that shall hold for a thing; one that says nothing is removed."""

    connection_id: UUID
    item_id: Annotated[str, Meta(min_length=1, max_length=200)]
    threshold: Quantity | None = None
    reorder_quantity: Quantity | None = None
    supplier_id: Text = ""
    account_id: Text = ""
    unit_cost: Amount | None = None
    currency: Annotated[str, Meta(max_length=3)] = ""


class PurchaseOrderLine(Shape, kw_only=True):
    """One thing to buy."""

    item_id: str
    location_id: str
    description: str
    sku: str
    quantity: Decimal
    unit_cost: Decimal | UnsetType = UNSET


class PurchaseOrder(Shape, kw_only=True):
    """An order that was drafted, or is to be. ``state`` as of a document: prepared, sending, pushed, refused, waiting,
    unknown. ``remoteId`` and ``url`` once it is at the accounting software; the rest says why it is not."""

    id: UUID
    reference: str
    state: str
    supplier_id: str
    currency: str
    ordered_on: date
    created_at: datetime
    lines: list[PurchaseOrderLine]
    remote_id: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    sentence: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    turn: str | UnsetType = UNSET


class ImportedLine(Input, kw_only=True):
    """One thing of an import: ``cost`` and ``weight`` are of all of it together."""

    item_id: Annotated[str, Meta(min_length=1, max_length=200)]
    quantity: Quantity
    cost: Amount
    weight: Quantity | None = None


class ImportCharge(Input, kw_only=True):
    """Freight, duty and the like, for all of an import, and what it is spread by."""

    amount: Amount
    by: Literal["value", "quantity", "weight"] = "value"


class LandedCostInput(Input, kw_only=True):
    """An import. ``saves``: from now on these things cost what comes out of it."""

    connection_id: UUID
    currency: Annotated[str, Meta(max_length=3)]
    lines: Annotated[list[ImportedLine], Meta(min_length=1, max_length=1_000)]
    charges: Annotated[list[ImportCharge], Meta(max_length=100)] = []
    saves: bool = False


class LandedLine(Shape, kw_only=True):
    """What a thing of an import costs with its share of all charges: together, and one of it."""

    item_id: str
    cost: Decimal
    unit_cost: Decimal


class LandedCost(Shape, kw_only=True):
    """The costs of an import; the lines sum to all that was paid."""

    currency: str
    total: Decimal
    lines: list[LandedLine]
