"""A night of small merchants: twenty orders each, every one its own company, through the schedule and the queue."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from commerce_sync import work
from commerce_sync.models import Schedule, Sync
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.services import connect_accounting
from ledger import sql
from ledger.services import now
from tests.benchmarks import real
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.floor import create_tables
from tests.benchmarks.floor_small import SmallFloor
from tests.benchmarks.measuring import Result, Stopwatch, memory_mb, progress
from tests.benchmarks.orders import CURRENCY, ORDERS_A_DAY, ZONE, Page, order_pages, product_page

NIGHT_GOAL = 2.5
ORDERS_EACH = 20
WRITTEN = 2000


def pages_of(merchant: int) -> list[Page]:
    """A small day: twenty orders, and a refund of one of them."""
    return list(order_pages(ORDERS_EACH, seed=merchant, start=merchant * ORDERS_EACH % (ORDERS_A_DAY - ORDERS_EACH)))


def measure(database: BenchmarkDatabase, merchants: int, rounds: int) -> list[Result]:
    """The real path, queue and built-in books included, against the floor of this shape."""
    watch = Stopwatch()
    pages = [pages_of(merchant) for merchant in range(merchants)]
    for number in range(1, rounds + 1):
        database.fresh()
        _floor(database, pages, watch)
        connections = _cast(merchants)
        with watch.timed("real"):
            with watch.timed("receive"):
                for connection, each in zip(connections, pages, strict=True):
                    real.push(connection, each)
            with watch.timed("queue"):
                swept = work.sweep()
                ended = 0
                while drained := work.drain(60).ended:
                    ended += drained
        assert swept == ended == merchants, (swept, ended)
        _check(merchants)
        seconds = watch.rounds
        progress(f"round {number}: floor {seconds['floor'][-1]:.1f} s, real {seconds['real'][-1]:.1f} s")
    detail = (
        f"floor {merchants / watch.median('floor'):,.0f} merchants/s, real {merchants / watch.median('real'):,.0f} "
        f"(receive {watch.median('receive'):.1f} s, sweep and drain {watch.median('queue'):.1f} s), "
        f"rounds {watch.spread('real', 'floor')}, {memory_mb():.0f} MB"
    )
    return [Result(f"night of {merchants:,} merchants / floor", watch.ratio("real", "floor"), NIGHT_GOAL, "×", detail)]


def _floor(database: BenchmarkDatabase, pages: list[list[Page]], watch: Stopwatch) -> None:
    products = msgspec.json.decode(product_page().body)
    categories = {product["id"]: product["categorization"] for product in products}
    with database.connect() as connection:
        create_tables(connection)
        floor = SmallFloor(connection, categories)
        with watch.timed("floor"):
            for source, each in enumerate(pages):
                floor.sync(source, each)


def _cast(merchants: int) -> list[Connection]:
    """The merchants, with shop, books and a schedule that is due; not measured."""
    partner = real.new_partner()
    book = default_book(CURRENCY, real.DAYS)
    connections = []
    due_at = now() - timedelta(minutes=1)
    schedules = []
    for number in range(merchants):
        connection = real.new_merchant(partner, f"Merchant {number}", book)
        books = connect_accounting(company=connection.company, platform="books", actor=real.ACTOR)
        install_chart(connection_id=books.pk)
        connections.append(connection)
        schedules.append(Schedule(company=connection.company, frequency="daily", hour=4, zone=ZONE, next_due_at=due_at))
    Schedule.objects.bulk_create(schedules)
    return connections


def _check(merchants: int) -> None:
    """Every merchant was synced once, and everything that was pushed is in the books."""
    codes = list(Sync.objects.values_list("code", flat=True))
    assert codes == [WRITTEN] * merchants, sorted(set(codes))
    left = sql.rows("SELECT count(*) FROM ledger_standing WHERE state <> 1")[0][0]
    assert left == 0, f"{left} records are not in the books"
    found = sql.rows("SELECT count(*), sum(debit) - sum(credit) FROM books_line")[0]
    assert found[0] > 0, found
    assert found[1] == 0, found
