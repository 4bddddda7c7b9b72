"""The quick reading of an order that is written plainly, for the thousands that are, by the same mapping.

Only the reading differs: amounts are JSON numbers that come as `Figure`s from a memory, and are not held to their
type while they are decoded. Whatever is not plain (an amount as text, a value that does not fit, any problem at all)
ends the quick reading without a word, and the row is read again in full, which alone has the say about it. So there
is one set of rules, and one place that refuses.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from connectors.commerce import _partner_wire as wire
from connectors.commerce._partner_figures import Figure, Figures
from connectors.commerce._partner_orders import order_records
from connectors.commerce._partner_reading import Unfit, without_nul
from connectors.session import MapContext
from ledger.commerce import Record
from ledger.money import EXPONENTS

# What an amount of the full reading can be, and the `Figure`. `float` is not among them, nor is `bool`.
_NUMBERS: Final = frozenset({int, Decimal, Figure, type(None)})


class _TaxAllocation(wire.TaxAllocation):
    tax_amount: Any = None
    rate: Any = None


class _DiscountAllocation(wire.DiscountAllocation):
    total_amount: Any = None


class _OrderLine(wire.OrderLine):
    quantity: Any = None
    tax_percentage: Any = None
    total_amount: Any = None
    total_tax_amount: Any = None
    unit_price: Any = None
    taxes: list[_TaxAllocation] | None = None  # type: ignore[assignment]
    discount_allocations: list[_DiscountAllocation] | None = None  # type: ignore[assignment]


class _Payment(wire.Payment):
    amount: Any = None


class _Order(wire.Order):
    total_amount: Any = None
    total_refund: Any = None
    total_tax_amount: Any = None
    total_discount: Any = None
    total_gratuity: Any = None
    order_line_items: list[_OrderLine] | None = None  # type: ignore[assignment]
    payments: list[_Payment] | None = None  # type: ignore[assignment]


# A figure holds minor units, so there is a memory for each number of decimals that a currency can have.
_DECODERS: Final = {
    places: msgspec.json.Decoder(_Order, float_hook=Figures(places).__getitem__) for places in set(EXPONENTS.values())
}


def plain_order_records(body: bytes | msgspec.Raw, context: MapContext) -> list[Record] | None:
    """The records of an order that is written plainly; None for any other, which is then read in full."""
    places = EXPONENTS.get(context.currency)
    if places is None:
        return None
    text = bytes(body)
    if not without_nul(text):
        return None
    try:
        row = _DECODERS[places].decode(text)
        return order_records(row, context) if _is_plain(row, places) else None
    except (Unfit, ValueError, ArithmeticError, RecursionError):
        # msgspec's errors are ValueErrors, as are Unicode's.
        return None


def _is_plain(row: _Order, places: int) -> bool:
    """Whether the figures are of the row's currency, and all amounts numbers that the mapping may not look at.

    Every other amount goes through `minor`, which takes no value of another type.
    """
    if EXPONENTS.get(row.currency or "", places) != places or type(row.total_discount) not in _NUMBERS:
        return False
    said = row.supplemental_data
    if said is not None and said.content is not None and (said.content.deleted or said.content.voided):
        return False  # of those it looks at nothing
    for item in row.order_line_items or ():
        if not (
            type(item.quantity) in _NUMBERS
            and type(item.unit_price) in _NUMBERS
            and type(item.tax_percentage) in _NUMBERS
        ):
            return False
        for component in item.taxes or ():
            if type(component.rate) not in _NUMBERS:
                return False
    return True
