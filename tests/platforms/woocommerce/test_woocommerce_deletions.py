"""What is deleted in a WooCommerce shop is taken out of the books, though the shop says nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from woocommerce import API

from commerce_sync.replay import Difference, replay
from connectors.models import Connection, IncomingWebhook, Watermark
from ledger.models import Company, RecordRow
from ledger.services import now
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import Answer, PlatformServer, running
from tests.platforms.woocommerce import story
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.story import Straight
from tests.platforms.woocommerce.test_woocommerce_story import a_merchant, sync

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def server(settings: Any) -> Iterator[PlatformServer]:
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        yield state


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


def a_shop(server: PlatformServer, **settings: str) -> tuple[FakeWoo, Company, list[int]]:
    """A shop with three sales, the second one with two refunds; all of it is in the books."""
    fake = story.a_shop()
    fake.now = NOON - timedelta(days=2)
    server.otherwise = fake.answer
    company, till = a_merchant(server.url, "journal", **settings), Straight(fake)
    orders = [till.order({**story.CARD, "line_items": story.lines(fake, book=3), "meta_data": story.fee("0.50")})
              for _ in range(3)]  # fmt: skip
    for amount in ("5.00", "2.50"):
        till.refund(orders[1], {"amount": amount})
    sync(company)
    return fake, company, orders


def alive(company: Company) -> set[tuple[str, str]]:
    rows = RecordRow.objects.filter(source__company=company, superseded=False, deleted=False)
    return set(rows.values_list("kind", "external_id"))


def differences_of_a_replay(company: Company) -> list[Difference]:
    found: list[Difference] = []
    links = list(Connection.objects.filter(company=company, kind=Connection.Kind.COMMERCE).select_related("company"))
    replay(links, since=None, limit=None, report=found.append, progress=lambda pages: None)
    return found


def next_day(company: Company, clock: Any) -> None:
    clock.shift(timedelta(days=1))
    sync(company)


@pytest.mark.case("B17")
def test_an_order_that_was_deleted_for_good_is_taken_back_with_its_fee_and_its_refunds(
    server: PlatformServer, clock: Any
) -> None:
    fake, company, orders = a_shop(server)
    before = trial_balance(company)
    lost = {str(orders[1]), *map(str, fake.refunds)}
    vendor = API(url=server.url, consumer_key="ck_test", consumer_secret="cs_test", version="wc/v3")
    assert vendor.delete(f"orders/{orders[1]}", params={"force": "true"}).status_code == 200
    next_day(company, clock)
    assert {external_id for _, external_id in alive(company)}.isdisjoint(lost)
    found = trial_balance(company)
    assert found["1100"] == 2 * (3 * 1333 - 50)
    assert sum(found.values()) == 0
    assert found != before
    assert differences_of_a_replay(company) == []


def test_an_order_goes_into_the_trash_and_comes_back_and_is_then_deleted_for_good(
    server: PlatformServer, clock: Any
) -> None:
    fake, company, orders = a_shop(server)
    before = trial_balance(company)
    vendor = API(url=server.url, consumer_key="ck_test", consumer_secret="cs_test", version="wc/v3")
    assert vendor.delete(f"orders/{orders[1]}").status_code == 200
    sync(company)
    assert not {("order", str(orders[1])), *(("refund", str(key)) for key in fake.refunds)} & alive(company)
    fake.later(hours=1)
    assert vendor.put(f"orders/{orders[1]}", {"status": "processing"}).status_code == 200
    sync(company)
    assert trial_balance(company) == before
    fake.delete(orders[1])
    next_day(company, clock)
    assert ("order", str(orders[1])) not in alive(company)


def test_a_deleted_refund_is_taken_back_and_the_other_one_stays(server: PlatformServer, clock: Any) -> None:
    fake, company, orders = a_shop(server)
    first, second = sorted(fake.refunds)
    fake.delete_refund(first)
    next_day(company, clock)
    assert ("refund", str(first)) not in alive(company)
    assert {("refund", str(second)), ("order", str(orders[1]))} <= alive(company)


def test_it_is_asked_once_a_day_and_at_once_when_the_shop_rings_that_something_was_deleted(
    server: PlatformServer, clock: Any
) -> None:
    fake, company, orders = a_shop(server)
    fake.delete(orders[2])
    sync(company)
    assert ("order", str(orders[2])) in alive(company)
    connection = Connection.objects.get(company=company, kind=Connection.Kind.COMMERCE)
    IncomingWebhook.objects.create(
        connection=connection, delivery_id="d", event="order.deleted", body=b'{"id":1}', body_bytes=8, received_at=now()
    )
    sync(company)
    assert ("order", str(orders[2])) not in alive(company)
    fake.asked.clear()
    clock.shift(timedelta(minutes=5))
    sync(company)
    assert not [seen for seen in fake.asked if "include" in seen.query]


def test_what_is_older_than_sixty_days_is_not_asked_after(server: PlatformServer, clock: Any) -> None:
    fake, company, orders = a_shop(server)
    clock.shift(timedelta(days=70))
    fake.delete(orders[0])
    sync(company)
    assert ("order", str(orders[0])) in alive(company)


def test_a_shop_in_which_nothing_is_there_any_more_is_not_believed(server: PlatformServer, clock: Any) -> None:
    fake, company, _ = a_shop(server)
    till = Straight(fake)
    for _ in range(20):
        till.order({**story.CARD, "line_items": story.lines(fake, coffee=1)})
    sync(company)
    before = alive(company)
    fake.orders, fake.refunds = {}, {}
    clock.shift(timedelta(days=1))
    with pytest.raises(AssertionError, match="another shop"):
        sync(company)
    assert alive(company) == before
    Connection.objects.filter(company=company, platform="woocommerce").update(
        settings={"base_url": server.url, "missing_orders": "take_back_all"}
    )
    sync(company)
    assert alive(company) == set()
    assert trial_balance(company) == {}


def test_a_merchant_who_cleans_the_shop_up_keeps_the_books(server: PlatformServer, clock: Any) -> None:
    fake, company, orders = a_shop(server, missing_orders="keep")
    before = trial_balance(company)
    fake.delete(orders[0])
    next_day(company, clock)
    assert trial_balance(company) == before


@pytest.mark.case("B17")
def test_a_listing_that_leaves_an_order_out_is_not_taken_at_its_word(server: PlatformServer, clock: Any) -> None:
    fake, company, orders = a_shop(server)
    before = alive(company)

    def without(seen: Any) -> Any:
        answer = fake.answer(seen)
        if "include" in seen.query:
            return Answer(200, [row for row in answer.value if row["id"] != orders[0]])
        return answer

    server.otherwise = without
    next_day(company, clock)
    assert alive(company) == before


def test_a_first_pull_only_notes_that_all_was_read(server: PlatformServer, clock: Any) -> None:
    fake, _, _ = a_shop(server)
    assert not [seen for seen in fake.asked if "include" in seen.query]
    assert set(Watermark.objects.filter(dataset__endswith="?gone").values_list("dataset", flat=True)) == {
        "orders?gone", "refunds?gone",
    }  # fmt: skip
