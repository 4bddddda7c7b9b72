"""Freight and duty are spread over what was imported, to the minor unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.landed import By, Charge, Imported, Landed, NothingToSpreadBy, landed


def test_a_worked_import() -> None:
    """200 lamps for 1,000.00 and 50 chairs for 3,000.00; freight 100.00 by weight, duty 400.00 by value."""
    lines = [Imported(Decimal(200), 100_000, Decimal(100)), Imported(Decimal(50), 300_000, Decimal(200))]
    charges = [Charge(10_000, "weight"), Charge(40_000, "value")]
    # Freight 33.33 and 66.67; duty 100.00 and 300.00, by what was paid for the goods alone.
    assert landed(lines, charges) == [Landed(113_333, 567), Landed(336_667, 6733)]


@pytest.mark.parametrize(("by", "expected"), [("value", [40, 60]), ("quantity", [50, 50]), ("weight", [0, 100])])
def test_a_charge_is_spread_by_what_it_says(by: By, expected: list[int]) -> None:
    lines = [Imported(Decimal(1), 40), Imported(Decimal(1), 60, Decimal("0.5"))]
    found = landed(lines, [Charge(100, by)])
    assert [each.cost - line.cost for each, line in zip(found, lines, strict=True)] == expected


def test_nothing_to_spread_by_is_said() -> None:
    with pytest.raises(NothingToSpreadBy, match="weight"):
        landed([Imported(Decimal(1), 40)], [Charge(100, "weight")])


@pytest.mark.parametrize(
    ("line", "charge"),
    [
        (Imported(Decimal(0), 1), Charge(1)),
        (Imported(Decimal(1), -1), Charge(1)),
        (Imported(Decimal(1), 1, Decimal(-1)), Charge(1)),
        (Imported(Decimal(1), 1), Charge(-1)),
    ],
)
def test_what_is_negative_or_nothing_is_refused(line: Imported, charge: Charge) -> None:
    with pytest.raises(ValueError, match="negative"):
        landed([line], [charge])


lines = st.builds(
    Imported, st.decimals("0.001", 10_000, places=3), st.integers(1, 10**9), st.decimals("0.001", 1_000, places=3)
)
charges = st.builds(Charge, st.integers(0, 10**7), st.sampled_from(["value", "quantity", "weight"]))


@given(st.lists(lines, min_size=1, max_size=20), st.lists(charges, max_size=4))
def test_not_a_minor_unit_is_lost_or_made(imported: list[Imported], paid: list[Charge]) -> None:
    found = landed(imported, paid)
    assert sum(each.cost for each in found) == sum(line.cost for line in imported) + sum(each.amount for each in paid)
    assert all(each.cost >= line.cost for each, line in zip(found, imported, strict=True))
    for each, line in zip(found, imported, strict=True):
        assert abs(each.unit_cost * line.quantity - each.cost) <= line.quantity / 2
