"""What sources tell of stock: the latest of each figure is kept, and an older row never takes knowledge away."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from connectors.declare import Stream
from connectors.errors import MappingProblem
from connectors.models import Connection, StockLevel
from connectors.stock import StockCount, checked, told
from connectors.stock_rows import remember_counts
from tests.connectors.test_receive import a_link, push, words
from tests.ledger.cast import london

AT = datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture
def link(db: None) -> Connection:
    return a_link(london())


def a_row(on_hand: Any = 12, *, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """A row as a partner pushes it, true ``minute`` minutes after six."""
    return {
        **{"id": "v1@l1", "productVariantRef": {"id": "v1", "name": "Tin"}, "locationRef": {"id": "l1"}},
        **{"onHand": on_hand, "sourceModifiedDate": f"2026-03-02T18:{minute:02}:00Z", **changes},
    }


def tell(link: Connection, *rows: dict[str, Any]) -> list[str]:
    return words(push(link, *rows, dataset="stockLevels"))


def level() -> StockLevel:
    return StockLevel.objects.get()


def test_a_row_of_stock_becomes_the_level_of_one_thing_at_one_place(link: Connection) -> None:
    tell(link, a_row(12, reorderLevel="2.5", unitCost=3.25, sku="TIN"))
    found = level()
    assert (found.item_id, found.location_id, found.sku, found.name) == ("v1", "l1", "TIN", "Tin")
    assert (found.on_hand, found.threshold, found.unit_cost, found.currency) == (12, Decimal("2.5"), 325, "GBP")
    assert (found.counted_at, found.threshold_at, found.cost_at) == (AT, AT, AT)


def test_an_older_row_takes_nothing_away_from_a_newer_one(link: Connection) -> None:
    tell(link, a_row(7, minute=10))
    tell(link, a_row(12, minute=5, unitCost=3))
    assert (level().on_hand, level().unit_cost) == (7, 300)


def test_what_a_row_does_not_say_stays_known(link: Connection) -> None:
    tell(link, a_row(7, reorderLevel=3, unitCost=2))
    tell(link, a_row(None, minute=1))
    found = level()
    assert (found.on_hand, found.threshold, found.unit_cost) == (7, 3, 200)


@pytest.mark.parametrize("time", [{}, {"sourceModifiedDate": None}], ids=["a time that stands still", "no time"])
def test_stock_that_goes_back_to_what_it_was_is_heard_again(link: Connection, time: dict[str, Any]) -> None:
    """The third page is the first one byte for byte: some platforms do not count stock as a change of the product."""
    for on_hand in (5, 3, 5):
        tell(link, a_row(on_hand, **time))
    assert level().on_hand == 5


def test_the_same_again_writes_nothing(link: Connection) -> None:
    count = StockCount(item_id="v1", on_hand=Decimal(5), at=AT, name="Tin")
    assert remember_counts(link.pk, [count], AT) == 1
    assert remember_counts(link.pk, [count], AT + timedelta(days=1)) == 0
    assert remember_counts(link.pk, [StockCount(item_id="v1", on_hand=Decimal(5), at=AT)], AT) == 0


def test_of_two_rows_of_one_page_the_later_one_counts_whatever_their_order(link: Connection) -> None:
    tell(link, a_row(7, minute=10), {**a_row(12, minute=5), "id": "again"})
    assert level().on_hand == 7


def test_stock_that_nobody_counts_and_things_no_longer_sold_have_no_figure(link: Connection) -> None:
    tell(link, a_row(7))
    tell(link, a_row(7, minute=1, isTracked=False))
    assert level().on_hand is None
    tell(link, a_row(4, minute=2))
    gone = {"id": "v1", "productVariantRef": {"id": "v1"}, "isDiscontinued": True}
    tell(link, {**gone, "sourceModifiedDate": "2026-03-02T18:03:00Z"})
    assert [row.on_hand for row in StockLevel.objects.all()] == [None]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"onHand": {"n": 1}}, "$.onHand"),
        ({"onHand": 1e20}, "$.onHand"),
        ({"unitCost": "0.001"}, "$.unitCost"),
        ({"unitCost": -1}, "$"),
        ({"currency": "ABC", "unitCost": 1}, "$.currency"),
        ({"productVariantRef": None}, "$"),
        ({"sourceModifiedDate": "yesterday"}, "$.sourceModifiedDate"),
    ],
)
def test_a_bad_row_of_stock_is_refused_alone_with_its_place(
    link: Connection, changes: dict[str, Any], path: str
) -> None:
    results = push(link, {**a_row(1), **changes}, {**a_row(2), "id": "good"}, dataset="stockLevels")
    assert (words(results)[0], results[0].problems[0].path) == ("refused", path)
    assert level().on_hand == 2


@pytest.mark.parametrize(
    "count",
    [
        StockCount(item_id=""),
        StockCount(item_id="x" * 201),
        StockCount(item_id="a\x00"),
        StockCount(item_id="a", name="n" * 401),
        StockCount(item_id="a", on_hand=Decimal("NaN")),
        StockCount(item_id="a", on_hand=Decimal("1e12")),
        StockCount(item_id="a", threshold=Decimal("0.0000001")),
        StockCount(item_id="a", unit_cost=-1, currency="GBP"),
        StockCount(item_id="a", unit_cost=1, currency="XYZ"),
        StockCount(item_id="a", at=datetime(2026, 1, 1)),  # noqa: DTZ001  (that is the mistake)
        StockCount(item_id="a", at=datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_what_cannot_be_kept_is_a_problem_of_its_row(count: StockCount) -> None:
    with pytest.raises(MappingProblem):
        checked(count)


counts = st.builds(
    StockCount,
    item_id=st.sampled_from(["a", "b"]),
    location_id=st.sampled_from(["", "l"]),
    at=st.integers(0, 5).map(lambda n: AT + timedelta(minutes=n)),
    on_hand=st.sampled_from([UNSET, None, Decimal(1), Decimal(2)]),
    threshold=st.sampled_from([UNSET, None, Decimal(3)]),
    unit_cost=st.sampled_from([UNSET, None, 5]),
    currency=st.just("GBP"),
)


@given(st.lists(counts, max_size=12))
def test_each_figure_is_that_of_the_latest_row_that_tells_it(rows: list[StockCount]) -> None:
    for found in told(rows, AT):
        mine = [row for row in rows if (row.item_id, row.location_id) == (found.item_id, found.location_id)]
        for figure, instant in (("on_hand", "counted_at"), ("threshold", "threshold_at"), ("unit_cost", "cost_at")):
            telling = [row for row in mine if getattr(row, figure) is not UNSET]
            last = max((row.at for row in telling if row.at), default=None)
            assert getattr(found, instant) == last
            assert getattr(found, figure) in [getattr(row, figure) for row in telling if row.at == last] or not telling
    assert {(each.item_id, each.location_id) for each in told(rows, AT)} == {(c.item_id, c.location_id) for c in rows}
    assert all(asdict(each)["gone_at"] is None for each in told(rows, AT))


def test_a_stream_of_records_cannot_tell_of_stock() -> None:
    with pytest.raises(ValueError, match="kinds"):
        Stream(to=lambda wire, context: None, stock=True)


LEVEL = """INSERT INTO connectors_stocklevel (connection_id, item_id, location_id, product_id, sku, name, currency,
    on_hand, counted_at, unit_cost, cost_at, low_since, changed_at) VALUES
    ({connection}, {item}, '', '', '', '', {currency}, {on_hand}, {counted}, {cost}, now(), {low}, now())"""
GOOD = {
    **{"item": "'a'", "currency": "'GBP'", "on_hand": "1", "counted": "now()", "cost": "1", "low": "NULL"},
}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("stock_level_has_item", {"item": "''"}),
        ("stock_level_figures_have_times", {"counted": "NULL"}),
        ("stock_level_cost_has_currency", {"currency": "''"}),
        ("stock_level_cost_has_currency", {"cost": "-1"}),
        ("stock_level_low_is_counted", {"on_hand": "NULL", "low": "now()"}),
        ("stock_level_once", {}),
    ],
)
def test_postgresql_refuses_a_level_that_cannot_be(link: Connection, name: str, changes: dict[str, str]) -> None:
    from django.db import connection as database

    with database.cursor() as cursor:
        if name == "stock_level_once":
            cursor.execute(LEVEL.format(connection=link.pk, **GOOD))
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            cursor.execute(LEVEL.format(connection=link.pk, **GOOD | changes))
