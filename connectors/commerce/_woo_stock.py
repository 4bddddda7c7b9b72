"""What a WooCommerce shop tells of stock: how many of a product or a variation are left, when that is few, its cost."""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from connectors.commerce import _woo_wire as wire
from connectors.commerce._woo_amounts import nearest, of_number, step_of
from connectors.commerce._woo_orders import aware
from connectors.commerce._woo_terms import terms
from connectors.session import MapContext
from connectors.stamps import read
from connectors.stock import StockCount


def counts(row: bytes | Raw, context: MapContext) -> tuple[StockCount, ...]:
    """The count of a product, or of a variation (which has a parent). Raises as `stamps.read` does, `MappingProblem`.

    What is not managed is not counted; what the parent manages is counted there. The cost is in the company's currency:
    a row of a product names none.
    """
    item: wire.Product = read(wire.Product, row)
    is_counted = item.manage_stock is True
    threshold = item.low_stock_amount if item.low_stock_amount is not None else terms(context.settings).low_stock
    cost = unit_cost(item, context.currency)
    return (
        StockCount(
            item_id=str(item.id),
            product_id=str(item.parent_id or item.id),
            sku=item.sku or "",
            name=item.name or "",
            at=aware(item.date_modified_gmt),
            on_hand=item.stock_quantity if is_counted else None,
            threshold=threshold if is_counted else None,
            unit_cost=cost,
            currency=context.currency if isinstance(cost, int) else "",
        ),
    )


def unit_cost(item: wire.Product, currency: str) -> int | None | UnsetType:
    """In minor units; `UNSET` where the shop does not keep costs. The shop says 0 where nobody entered one."""
    told = item.cost_of_goods_sold
    if told is None:
        return UNSET
    cost = of_number(told.total_value, "$.cost_of_goods_sold.total_value")
    return nearest(cost, step_of(currency)) if cost else None
