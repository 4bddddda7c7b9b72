"""A purchase order that cannot be right is not made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.purchasing import DraftLine, DraftOrder

LINE = DraftLine("Lamp", "LAMP-1", Decimal(3), 1250, None)
ORDER = DraftOrder("PO-1", "supplier-1", "GBP", date(2026, 11, 20), (LINE,))


@pytest.mark.parametrize(
    "wrong",
    [
        {"description": ""},
        {"quantity": Decimal(0)},
        {"quantity": Decimal(-1)},
        {"quantity": Decimal("NaN")},
        {"unit_cost": -1},
    ],
)
def test_a_line_that_buys_nothing_or_pays_to_buy_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="line|quantity|cost"):
        replace(LINE, **wrong)


def test_a_line_may_leave_its_cost_open() -> None:
    assert replace(LINE, unit_cost=None).unit_cost is None


@pytest.mark.parametrize("wrong", [{"reference": ""}, {"reference": "x" * 21}, {"supplier": ""}, {"lines": ()}])
def test_an_order_without_reference_supplier_or_lines_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="reference|supplier|lines"):
        replace(ORDER, **wrong)
