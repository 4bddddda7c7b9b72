"""What a WooCommerce shop tells of stock and of costs, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.errors import MappingProblem
from connectors.models import Connection, StockLevel
from connectors.session import MapContext
from connectors.stock import StockCount
from ledger.commerce import Refund
from tests.connectors.server import PlatformServer, running
from tests.platforms.woocommerce import story
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.pricing import Json
from tests.platforms.woocommerce.test_woocommerce_rules import WOO, Wire, a_row, fetched, ids, item, order_of, records
from tests.platforms.woocommerce.test_woocommerce_story import a_merchant, sync

CHANGED = "2026-02-03T03:00:00"


def counted(row: Json, stream: str = "products", **settings: Any) -> StockCount:
    body = msgspec.json.encode({"id": 7, "name": "Tin", "date_modified_gmt": CHANGED, **row})
    [found] = WOO.stock(stream, body, MapContext("USD", settings=settings))
    return found


def a_shirt() -> tuple[FakeWoo, int, list[int]]:
    """A shop with a product of three variations."""
    fake = story.a_shop(page=2)
    shirt = fake.add_product("Shirt", "20.00", kind="variable")
    return fake, shirt, [fake.add_variation(shirt, name) for name in ("Red", "Blue", "Green")]


@pytest.mark.parametrize(
    ("row", "left", "few"),
    [
        ({"manage_stock": True, "stock_quantity": 4, "low_stock_amount": 2}, Decimal(4), Decimal(2)),
        ({"manage_stock": True, "stock_quantity": -3}, Decimal(-3), None),
        ({"manage_stock": True, "stock_quantity": 0.5}, Decimal("0.5"), None),
        ({"manage_stock": True, "stock_quantity": None}, None, None),
        ({"manage_stock": False, "stock_quantity": 9, "low_stock_amount": 2}, None, None),
        ({"manage_stock": "parent", "stock_quantity": 9, "parent_id": 3}, None, None),
        ({}, None, None),
    ],
)
def test_only_what_is_managed_is_counted(row: Json, left: Decimal | None, few: Decimal | None) -> None:
    found = counted(row)
    assert (found.on_hand, found.threshold) == (left, few)


def test_what_is_few_is_the_product_s_own_word_or_the_setting() -> None:
    managed = {"manage_stock": True, "stock_quantity": 4}
    assert counted(managed, low_stock="5").threshold == 5
    assert counted({**managed, "low_stock_amount": 0}, low_stock="5").threshold == 0
    assert WOO.setting_problem("low_stock", "many") == "It is a whole number."
    with pytest.raises(MappingProblem):
        counted(managed, low_stock="many")


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ({}, msgspec.UNSET),
        ({"cost_of_goods_sold": {"total_value": 4.125}}, 413),
        ({"cost_of_goods_sold": {"total_value": 0}}, None),
        ({"cost_of_goods_sold": {"values": [], "total_value": None}}, None),
    ],
)
def test_a_cost_that_nobody_entered_is_none_and_not_zero(told: Json, cost: Any) -> None:
    assert counted(told).unit_cost == cost


def test_a_variation_is_counted_for_its_product() -> None:
    found = counted({"parent_id": 3, "manage_stock": True, "stock_quantity": 1, "sku": "T-1"}, "variations")
    assert (found.item_id, found.product_id, found.sku) == ("7", "3", "T-1")
    named = WOO.reference("variations", msgspec.json.encode({"id": 7, "parent_id": 3, "name": "Red", "sku": "T-1"}))
    assert named is not None
    assert (named.kind, named.name, named.facts) == ("variation", "Red", {"product": "3", "sku": "T-1"})


@pytest.mark.parametrize("is_listed", [True, False])
def test_variations_are_found_in_shops_that_list_them_and_in_older_ones(is_listed: bool) -> None:
    fake, shirt, made = a_shirt()
    fake.lists_variations = is_listed
    pages = fetched(Wire(fake), "variations")
    assert sorted(ids(pages)) == made
    parents = {msgspec.json.decode(row)["parent_id"] for page in pages for row in page.rows}
    assert parents == {shirt}


def test_only_variations_that_have_changed_are_read_again() -> None:
    fake, _, made = a_shirt()
    since = datetime.fromisoformat(fake.variations[made[0]]["date_modified_gmt"] + "+00:00")
    fake.count(made[1], 3)
    assert ids(fetched(Wire(fake), "variations", since)) == [made[1]]


# -- costs ----------------------------------------------------------------------------------------------------------


def test_a_line_costs_what_the_shop_froze_into_the_order() -> None:
    lines = [
        item("20.00", quantity=2, cost_of_goods_sold={"value": 8.335}),
        item("5.00", cost_of_goods_sold={"value": 0}),
        item("5.00"),
    ]
    order = order_of(a_row(total="30.00", line_items=lines))
    assert [line.cost for line in order.lines] == [834, None, None]


@pytest.mark.parametrize(
    ("quantity", "settings", "restocked"), [(-1, {}, True), (-1, {"refunds_restock": "never"}, False), (0, {}, False)]
)
def test_goods_of_a_refund_go_back_to_stock_unless_a_setting_says_otherwise(
    quantity: int, settings: Json, restocked: bool
) -> None:
    back = {**item("-10.00"), "quantity": quantity, "cost_of_goods_sold": {"value": -4.25}}
    head = {"id": 1, "status": "processing", "currency": "USD", "date_modified_gmt": CHANGED, "date_paid_gmt": CHANGED}
    row = {"id": 2, "order": head, "amount": "10.00", "date_created_gmt": CHANGED, "line_items": [back],
           "shipping_lines": [], "fee_lines": []}  # fmt: skip
    [refund] = records(row, "refunds", **settings)
    assert isinstance(refund, Refund)
    assert refund.restocked is restocked
    assert refund.lines is not None
    assert refund.lines[0].cost == 425


# -- through the real door ------------------------------------------------------------------------------------------


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.mark.django_db
def test_stock_is_known_after_a_pull_and_follows_the_shop(server: PlatformServer) -> None:
    fake, shirt, made = a_shirt()
    server.otherwise = fake.answer
    book = max(set(fake.products) - {shirt})
    fake.count(book, 12, few=3, cost=4.125)
    fake.count(made[0], 5)
    company = a_merchant(server.url, "journal")
    sync(company)
    link = Connection.objects.get(company=company, platform="woocommerce")
    levels = {row.item_id: row for row in StockLevel.objects.filter(connection=link)}
    first = levels[str(book)]
    assert (first.on_hand, first.threshold, first.unit_cost, first.currency) == (12, 3, 413, "USD")
    assert (levels[str(made[0])].on_hand, levels[str(made[0])].product_id) == (5, str(shirt))
    fake.count(book, 2)
    sync(company)
    first.refresh_from_db()
    assert first.on_hand == 2
