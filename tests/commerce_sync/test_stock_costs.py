"""Costs that a source tells apart from its sales: booked with the sale, or once they become known, and for good."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from commerce_sync import services, work
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.services import receive
from ledger.commerce import Line, Refund, Tender
from ledger.models import Company, ProblemRow, RecordRow
from tests.commerce_sync.cast import DAYS, a_merchant, trial_balance
from tests.commerce_sync.cast import sell as bring
from tests.connectors.test_receive import a_line, an_order, push

pytestmark = pytest.mark.django_db
COGS, INVENTORY = "5000", "1300"


@pytest.fixture
def company() -> Company:
    book = default_book("GBP", DAYS)
    return a_merchant(book=structs.replace(book, policy=structs.replace(book.policy, cost=True)))


@pytest.fixture
def shop(company: Company) -> Connection:
    link = Connection.objects.get(company=company, kind="commerce")
    push(link, {"id": "p1", "name": "Tea", "variants": [{"id": "v1", "sku": "TEA"}]}, dataset="products")
    return link


def tell_cost(shop: Connection, cost: float, *, minute: int = 0) -> None:
    at = f"2026-03-02T10:{minute:02}:00Z"
    row = {"id": "p1", "productRef": {"id": "p1"}, "sku": "TEA", "unitCost": cost, "sourceModifiedDate": at}
    push(shop, row, dataset="stockLevels")


def sell(shop: Connection, id: str = "o1", *, quantity: int = 2, minute: int = 0, **changes: Any) -> None:
    line = a_line(quantity=quantity)
    push(shop, an_order(id, minute=minute, orderLineItems=[line], **changes))


def sync(company: Company) -> None:
    services.request_sync(company=company)
    work.drain()


def booked(company: Company) -> tuple[int, int]:
    found = trial_balance(company)
    return found.get(COGS, 0), found.get(INVENTORY, 0)


def test_a_sale_is_booked_with_the_cost_that_its_catalog_tells(company: Company, shop: Connection) -> None:
    tell_cost(shop, 3.25)
    sell(shop)
    sync(company)
    assert booked(company) == (650, -650)


def test_a_cost_that_becomes_known_later_is_booked_then_and_the_sale_was_not_held(
    company: Company, shop: Connection
) -> None:
    sell(shop)
    sync(company)
    assert (booked(company), trial_balance(company)["1100"]) == ((0, 0), 1200)
    assert ProblemRow.objects.get(resolved_at=None).code == "cost_unknown"
    tell_cost(shop, 3.25)
    sync(company)
    assert (booked(company), ProblemRow.objects.filter(resolved_at=None).count()) == ((650, -650), 0)


def test_what_was_sold_stays_at_its_cost_when_the_catalog_and_the_order_change(
    company: Company, shop: Connection
) -> None:
    tell_cost(shop, 3.25)
    sell(shop)
    sync(company)
    tell_cost(shop, 9.99, minute=5)
    sell(shop, minute=30, orderNumber="edited")
    sync(company)
    assert booked(company) == (650, -650)
    sell(shop, "o2", quantity=1)
    sync(company)
    assert booked(company) == (650 + 999, -650 - 999)


def test_the_same_order_again_is_no_change_though_its_catalog_is_another(company: Company, shop: Connection) -> None:
    tell_cost(shop, 3.25)
    sell(shop)
    tell_cost(shop, 9.99, minute=5)
    body = json.dumps([an_order(orderLineItems=[a_line(quantity=2)], extra=1)]).encode()
    shop.refresh_from_db()
    assert [each.status for each in receive(connection=shop, dataset="orders", body=body)] == ["unchanged"]


def test_goods_that_come_back_to_the_shelf_come_back_at_the_cost_of_their_sale(
    company: Company, shop: Connection
) -> None:
    tell_cost(shop, 3.25)
    sell(shop)
    tell_cost(shop, 9.99, minute=5)
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    line = Line("product", "Tea", 500, quantity="1", sku="TEA")
    back = Refund("r1", "o1", "GBP", at, at, (line,), (Tender("t", "card", 500, at),), 500, restocked=True)
    bring(company, back)
    sync(company)
    assert booked(company) == (325, -325)
    assert RecordRow.objects.get(external_id="r1").record.lines[0].cost == 325  # type: ignore[union-attr,index]


@pytest.mark.parametrize(("amount", "left"), [(12.0, 0), (6.0, 650)])
def test_a_refund_of_which_only_the_money_is_known_brings_the_cost_back_when_all_is_back(
    company: Company, shop: Connection, amount: float, left: int
) -> None:
    tell_cost(shop, 3.25)
    sell(shop)
    at = "2026-03-03T12:00:00Z"
    back = {"id": "r1", "type": "Refund", "totalAmount": amount, "createdDate": at, "sourceModifiedDate": at}
    back |= {"transactionSourceRef": {"id": "o1", "type": "Order"}, "currency": "GBP"}
    push(shop, back | {"supplementalData": {"content": {"restocked": True}}}, dataset="transactions")
    sync(company)
    assert booked(company) == (left, -left)
