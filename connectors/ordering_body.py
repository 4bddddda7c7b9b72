"""From levels that are low to purchase orders: what to buy, how much of it, in which order. Pure."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from connectors.purchasing import DraftLine, DraftOrder
from connectors.stock_wanted import Wanted

MOST_LINES: Final = 100  # of one order: what a person still looks through, and every platform takes
_NOTE: Final = "Drafted because stock has reached its level to buy more. Please check before it is sent."


class Line(Struct, frozen=True):
    """One line as it is kept: what is bought, and which level asked for it. `unit_cost` is in minor units."""

    level_id: int
    item_id: str
    location_id: str
    description: str
    sku: str
    quantity: Decimal
    unit_cost: int | None = None
    account: str | None = None


class Draft(Struct, frozen=True):
    """One order before it is a row."""

    supplier: str
    currency: str
    lines: tuple[Line, ...]
    note: str = _NOTE


def drafts(wanted: Iterable[Wanted], currency: str, account: str) -> list[Draft]:
    """One order for each supplier and currency of cost, of at most `MOST_LINES` lines.

    `currency` and `account` hold where the level says none. Levels without a supplier must not be among `wanted`.
    """
    by_order: dict[tuple[str, str], list[Line]] = {}
    for each in wanted:
        by_order.setdefault((each.supplier, each.currency or currency), []).append(_line(each, account))
    return [
        Draft(supplier, money, tuple(lines[start : start + MOST_LINES]))
        for (supplier, money), lines in sorted(by_order.items())
        for start in range(0, len(lines), MOST_LINES)
    ]


def _line(each: Wanted, account: str) -> Line:
    place = f", for {each.location}" if each.location else ""
    return Line(
        each.level_id,
        each.item_id,
        each.location_id,
        f"{each.name[:300]}{place[:200]}",
        each.sku,
        quantity_to_buy(each.on_hand, each.threshold, each.reorder_quantity),
        each.unit_cost,
        each.account or account or None,
    )


def quantity_to_buy(on_hand: Decimal, threshold: Decimal, reorder_quantity: Decimal | None) -> Decimal:
    """What the rule says, else what fills up to twice the threshold: whole pieces, one at least."""
    if reorder_quantity is not None:
        return Decimal(f"{reorder_quantity.normalize():f}")
    return max((2 * threshold - on_hand).to_integral_value(ROUND_CEILING), Decimal(1))


def reference_of(order_id: UUID, ordered_on: date) -> str:
    """Our reference of an order, of 20 characters: by it the order is found at the platform."""
    return f"PO{ordered_on:%y%m%d}-{b32encode(order_id.bytes).decode()[:11]}"


def draft_order(reference: str, supplier: str, currency: str, on: date, lines: Iterable[Line], note: str) -> DraftOrder:
    """The order as a platform takes it."""
    plain = tuple(DraftLine(line.description, line.sku, line.quantity, line.unit_cost, line.account) for line in lines)
    return DraftOrder(reference, supplier, currency, on, plain, note)


def stored(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines as JSON; a quantity is text, so that none of it is lost."""
    return [
        {name: str(value) if isinstance(value, Decimal) else value for name, value in _fields(line)} for line in lines
    ]


def read_lines(kept: list[dict[str, Any]]) -> list[Line]:
    """Lines from their JSON."""
    return msgspec.convert(kept, list[Line], strict=False)


def _fields(line: Line) -> list[tuple[str, Any]]:
    return [(name, getattr(line, name)) for name in line.__struct_fields__]
