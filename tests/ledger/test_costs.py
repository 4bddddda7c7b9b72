"""What goods cost where the record does not say it: as it was known first, and at the original's for returns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from connectors.costs import Costs, costed
from ledger.book import Book, Policy
from ledger.calendar import DayRule
from ledger.commerce import Line, Order, Refund
from ledger.costs import kept, of_original, quantity_of, stated
from ledger.rules import expand

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOOK = Book("GBP", (DayRule(AT.date(), "Europe/London", 0),), policy=Policy(cost=True))
CHEAP: Costs = {"A": (325, "GBP"), "B": (10, "GBP"), "E": (10, "EUR")}
DEAR: Costs = {"A": (999, "GBP"), "B": (999, "GBP")}


def a_line(sku: str = "A", quantity: str = "2", net: int = 1000, **changes: Any) -> Line:
    return Line("product", f"Thing {sku}", net, quantity=quantity, sku=sku, **changes)


def an_order(*lines: Line) -> Order:
    return Order("o1", "1", "GBP", AT, AT, lines, (), sum(line.net for line in lines))


def a_refund(*lines: Line, **changes: Any) -> Refund:
    return Refund("r1", "o1", "GBP", AT, AT, lines, (), sum(line.net for line in lines), **changes)


def costs(record: Order | Refund) -> list[int | None]:
    return [line.cost for line in record.lines or ()]


def in_stock(*records: Order | Refund) -> tuple[int, int]:
    """What the records leave on the cost of goods sold, and on inventory."""
    legs = [leg for record in records for leg in expand(record, BOOK)]
    return (
        sum(leg.amount for leg in legs if leg.role.startswith("cogs")),
        sum(leg.amount for leg in legs if leg.role == "inventory"),
    )


def with_costs(record: Any, known: Costs = CHEAP) -> Any:
    return costed(record, known, False)


def test_a_line_without_a_cost_gets_that_of_the_catalog_times_its_quantity() -> None:
    found = with_costs(an_order(a_line(), a_line("B", "0.5"), a_line("?"), a_line("E"), a_line("A", "")))
    assert costs(found) == [650, 5, None, None, None]
    assert [line.cost_of_catalog for line in found.lines] == [True, True, False, False, False]


def test_a_cost_that_the_record_states_is_left_alone() -> None:
    order = an_order(a_line(cost=7))
    assert with_costs(order) is order
    assert kept(order, with_costs(an_order(a_line()))) == order


def test_costs_of_a_mapping_that_takes_them_from_its_catalog_are_marked() -> None:
    assert costed(an_order(a_line(cost=7)), {}, True).lines[0].cost_of_catalog  # type: ignore[union-attr,index]


def test_an_edit_of_the_order_keeps_the_cost_of_the_time_of_sale() -> None:
    sold = with_costs(an_order(a_line(), a_line("B", "1")))
    edited = with_costs(an_order(a_line(net=900), a_line("B", "3"), a_line("?")), DEAR)
    assert costs(kept(edited, sold)) == [650, 30, None]


def test_a_catalog_that_forgets_a_cost_takes_none_away() -> None:
    sold = with_costs(an_order(a_line()))
    assert kept(an_order(a_line()), sold) == sold


def test_a_cost_that_becomes_known_later_is_booked_then_and_stays() -> None:
    unknown = an_order(a_line())
    known = kept(with_costs(unknown), unknown)
    assert (in_stock(unknown), in_stock(known)) == ((0, 0), (650, -650))
    assert kept(with_costs(unknown, DEAR), known) == known


def test_goods_come_back_at_what_they_were_sold_at() -> None:
    sold = with_costs(an_order(a_line(quantity="3")))
    back = of_original(with_costs(a_refund(a_line(quantity="1"), restocked=True), DEAR), sold)
    assert in_stock(sold, back) == (650, -650)


def test_goods_sold_at_a_stated_cost_come_back_at_that_cost() -> None:
    sold = an_order(a_line(quantity="4", cost=1000))
    back = of_original(a_refund(a_line(quantity="1"), restocked=True), sold)
    assert in_stock(sold, back) == (750, -750)


def test_what_was_sold_without_a_known_cost_comes_back_without_one() -> None:
    sold = an_order(a_line())
    back = of_original(with_costs(a_refund(a_line(), restocked=True)), sold)
    assert in_stock(sold, back) == (0, 0)


def test_goods_that_are_not_put_back_leave_the_cost_where_it_is() -> None:
    sold = with_costs(an_order(a_line()))
    assert in_stock(sold, of_original(a_refund(a_line()), sold)) == (650, -650)


def test_a_missing_cost_holds_its_entry_and_not_the_sale() -> None:
    order = an_order(a_line(), a_line("?"))
    legs = {leg.role: leg.amount for leg in expand(with_costs(order), BOOK)}
    assert (legs["cogs"], legs["inventory"], legs["sales"]) == (650, -650, -1000)


lines = st.builds(
    a_line,
    st.sampled_from(["A", "B", "?"]),
    st.one_of(st.just(""), st.integers(1, 50).map(str), st.decimals("0.001", 9, places=3).map(str)),
    st.integers(0, 100_000),
)
orders = st.lists(lines, max_size=5).map(lambda found: an_order(*found))


@given(orders)
def test_the_whole_of_an_order_that_comes_back_leaves_no_cost_behind(order: Order) -> None:
    sold = with_costs(order)
    once = {line.sku: line for line in sold.lines}.values()  # of each thing one line: that is the same line
    sold = msgspec.structs.replace(sold, lines=tuple(once))
    bare = [msgspec.structs.replace(line, cost=None, cost_of_catalog=False) for line in sold.lines]
    back = of_original(a_refund(*bare, restocked=True), sold)
    assert in_stock(sold, back) == (0, 0)


@given(orders, orders)
def test_what_is_kept_never_depends_on_the_catalog_of_today(order: Order, edited: Order) -> None:
    sold = with_costs(order)
    known = {line.sku for line in sold.lines if line.cost is not None and quantity_of(line) is not None}
    today, later = kept(with_costs(edited), sold), kept(with_costs(edited, DEAR), sold)
    for one, other in zip(today.lines, later.lines, strict=True):
        assert one.sku not in known or one.cost == other.cost
    assert kept(with_costs(sold, DEAR), sold) == sold


@given(orders)
def test_a_second_reading_is_compared_without_the_costs_of_catalogs(order: Order) -> None:
    assert stated(with_costs(order)) == order
    assert stated(order) is order
