"""The floor of the benchmarks does the same work as the real path: the same orders, the same books, to the penny."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from django.db import connection as database

from ledger.models import ProblemRow
from tests.benchmarks import measure_pull, real
from tests.benchmarks.floor import DoesNotAddUp, Floor, create_tables
from tests.benchmarks.floor_small import SmallFloor
from tests.benchmarks.orders import Page, in_other_pages, last_day, order_pages, product_page, read_pages, write_pages

ORDERS = 200


@pytest.fixture
def floor_connection(db: None) -> Iterator[psycopg.Connection]:
    """A connection of the floor's own to the tests' database."""
    parameters = {k: v for k, v in database.get_connection_params().items() if k in ("dbname", "user", "host", "port")}
    with psycopg.connect(**parameters) as connection:
        create_tables(connection)
        yield connection
        connection.rollback()
        connection.execute("DROP SCHEMA floor CASCADE")


def pages() -> list[Page]:
    """Two hundred orders in small pages, so that there are several."""
    return list(order_pages(ORDERS, page_rows=30))


def floor_of(connection: psycopg.Connection, source: int = 1) -> Floor:
    floor = Floor(connection, source)
    floor.take(product_page())
    return floor


@pytest.mark.django_db
def test_the_pull_of_the_benchmark_keeps_every_order_of_its_server(tmp_path: Path, settings: Any) -> None:
    measure_pull.write_pages(tmp_path / "pages", 600)
    with measure_pull.serving(tmp_path / "pages") as url:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [url.removeprefix("http://")]
        assert measure_pull.fetch_and_decode(url) == 600
        found = measure_pull.pull(measure_pull.link_to(url))
    assert (found.pages, found.rows, found.stored, found.refused) == (3, 600, 600, 0)
    assert not ProblemRow.objects.exists()


@pytest.mark.django_db
def test_the_floor_and_the_real_path_keep_the_same_books(floor_connection: psycopg.Connection) -> None:
    floor = floor_of(floor_connection)
    floor.load(pages())
    floor.post()
    shop = real.new_merchant(real.new_partner())
    assert real.push(shop, pages()) == Counter(new=ORDERS + ORDERS // 20)
    assert real.post(shop.company, last_day(ORDERS).date()).records == ORDERS + ORDERS // 20
    balances = real.totals(shop.company)
    assert balances == floor.totals()
    assert {account.partition(":")[0] for _, account in balances} == {
        *("sales", "refunds", "discount", "tax", "tender", "tip"),
    }


def test_the_floor_of_small_merchants_keeps_the_same_books_too(floor_connection: psycopg.Connection) -> None:
    floor = floor_of(floor_connection)
    floor.load(pages())
    floor.post()
    SmallFloor(floor_connection, floor.categories).sync(2, pages())
    assert floor_of(floor_connection, source=2).totals() == floor.totals()


def test_the_floor_is_idempotent(floor_connection: psycopg.Connection) -> None:
    floor = floor_of(floor_connection)
    floor.load(pages())
    assert floor.post() > 0
    before = floor.totals()
    floor.load(in_other_pages(iter(pages())))
    assert floor.post() == 0
    assert floor.totals() == before


def test_the_floor_takes_a_newer_version_with_its_parts(floor_connection: psycopg.Connection) -> None:
    floor = floor_of(floor_connection)
    page = next(order_pages(1))
    rows = msgspec.json.decode(page.body)
    floor.load([page])
    rows[0]["sourceModifiedDate"] = "2027-01-01T00:00:00Z"
    rows[0]["orderLineItems"] = rows[0]["orderLineItems"][:1]
    rows[0]["totalAmount"] = rows[0]["orderLineItems"][0]["totalAmount"]
    rows[0]["payments"][0]["amount"] = round(rows[0]["totalAmount"] + rows[0]["totalGratuity"], 2)
    floor.load([Page("orders", msgspec.json.encode(rows))])
    assert floor_connection.execute("SELECT count(*) FROM floor.orders").fetchone() == (1,)
    assert floor_connection.execute("SELECT count(*) FROM floor.lines").fetchone() == (1,)


def test_the_floor_refuses_an_order_that_does_not_add_up(floor_connection: psycopg.Connection) -> None:
    page = next(order_pages(1))
    rows = msgspec.json.decode(page.body)
    rows[0]["totalAmount"] += 0.01
    with pytest.raises(DoesNotAddUp):
        floor_of(floor_connection).load([Page("orders", msgspec.json.encode(rows))])


def test_orders_are_of_the_stated_mix() -> None:
    orders = [row for page in pages() if page.dataset == "orders" for row in msgspec.json.decode(page.body)]
    lines = list(chain.from_iterable(order["orderLineItems"] for order in orders))
    taxes = sum(len(line["taxes"]) for line in lines)
    assert len(lines) == 3 * ORDERS
    assert 1.3 < taxes / ORDERS < 1.7
    assert 2_200 < sum(len(page.body) for page in pages()) / ORDERS < 2_700


def test_pages_come_back_from_disk_byte_for_byte(tmp_path: object) -> None:
    path = tmp_path / "pages"  # type: ignore[operator]
    write_pages(path, iter(pages()))
    assert list(read_pages(path)) == pages()


def test_other_pages_have_the_same_rows() -> None:
    def rows(of: list[Page]) -> list[bytes]:
        decoder = msgspec.json.Decoder(list[msgspec.Raw])
        return sorted(bytes(row) for page in of for row in decoder.decode(page.body))

    others = list(in_other_pages(iter(pages())))
    assert rows(others) == rows(pages())
    cut = {page.body for page in others if page.dataset == "orders"}
    assert cut.isdisjoint({page.body for page in pages()})
