"""An order that is deleted at Shopify is taken out of the books, whether or not an event tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from connectors.models import Connection, IncomingWebhook
from ledger.models import Company, RecordRow
from ledger.services import now
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer
from tests.platforms.folders import SPECIFICATIONS
from tests.platforms.shopify.test_shopify_story import a_merchant, server, sync

__all__ = ["server"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (SPECIFICATIONS / "commerce" / "shopify").is_dir(), reason="the vendor's schema is not at hand"
    ),
]
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


def a_shop(server: PlatformServer, orders: int = 2, **settings: str) -> tuple[Any, Company]:
    """Sales of 20.00 in cash of which 10.00 were given back, all in the books."""
    from tests.platforms.shopify.fake import FakeShopify, back, sold

    fake = FakeShopify(page=50)
    fake.now = NOON - timedelta(days=2)
    server.otherwise = fake.answer
    company = a_merchant(server.url, "journal")
    link = Connection.objects.get(company=company, platform="shopify")
    link.settings |= settings
    link.save()
    for _ in range(orders):
        order = fake.order([sold("Mug", 1_000, 2, taxes={})])
        fake.pay(order, gateway="cash")
        fake.refund(order, [back(order["_agreements"][0]["_sales"][0], 1)], [(1_000, "cash")])
    sync(company)
    assert trial_balance(company) == {"1010": 1_000 * orders, "4000": -2_000 * orders, "4010": 1_000 * orders}
    return fake, company


def alive(company: Company) -> int:
    return RecordRow.objects.filter(source__company=company, superseded=False, deleted=False).count()


def next_day(company: Company, clock: Any) -> None:
    clock.shift(timedelta(days=1))
    sync(company)


@pytest.mark.case("B17")
def test_an_order_that_vanishes_without_an_event_is_taken_back_with_its_refund(
    server: PlatformServer, clock: Any
) -> None:
    fake, company = a_shop(server)
    fake.orders.pop(0)
    clock.shift(timedelta(hours=1))
    assert sync(company).code == 2040  # not asked yet
    next_day(company, clock)
    assert trial_balance(company) == {"1010": 1_000, "4000": -2_000, "4010": 1_000}
    assert alive(company) == 2
    asked = len(server.log)
    next_day(company, clock)
    assert len(server.log) > asked
    assert alive(company) == 2


def test_the_bell_of_a_deleted_order_has_it_asked_after_at_once(server: PlatformServer, clock: Any) -> None:
    fake, company = a_shop(server)
    fake.orders.pop(0)
    clock.shift(timedelta(hours=1))
    link = Connection.objects.get(company=company, platform="shopify")
    IncomingWebhook.objects.create(
        connection=link, delivery_id="w1", event="orders/delete", body=b"", body_bytes=0, received_at=now()
    )
    sync(company)
    assert alive(company) == 2


@pytest.mark.case("B17")
def test_a_shop_that_shows_none_of_many_orders_is_not_believed_unless_its_owner_says_so(
    server: PlatformServer, clock: Any
) -> None:
    fake, company = a_shop(server, 21)
    fake.orders.clear()
    clock.shift(timedelta(days=1))
    with pytest.raises(AssertionError, match="missing_orders"):
        sync(company)
    assert alive(company) == 42
    link = Connection.objects.get(company=company, platform="shopify")
    link.settings |= {"missing_orders": "take_back_all"}
    link.save()
    next_day(company, clock)
    assert (alive(company), trial_balance(company)) == (0, {})


def test_what_is_missing_is_kept_where_the_merchant_wants_it_so(server: PlatformServer, clock: Any) -> None:
    fake, company = a_shop(server, missing_orders="keep")
    fake.orders.clear()
    next_day(company, clock)
    assert alive(company) == 4
