"""A night of small merchants: twenty orders each, every one its own company, through the schedule and the queue."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import msgspec

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
from tests.benchmarks.measuring import Result, Stopwatch, progress
from tests.benchmarks.orders import CURRENCY, ORDERS_A_DAY, ZONE, Page, order_pages, product_page

NIGHT_GOAL = 2.5
PROCESSES = 2  # an ordinary installation has several web workers and several queue workers; the machine has two cores
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
        for processes, name in ((1, "one"), (PROCESSES, "real")):
            database.fresh()
            if processes > 1:
                _floor(database, pages, watch)
            _cast(merchants)
            _real(database, processes, merchants, watch, name)
            _check(merchants)
        seconds = watch.rounds
        progress(f"round {number}: floor {seconds['floor'][-1]:.1f} s, real {seconds['real'][-1]:.1f} s")
    detail = (
        f"floor {merchants / watch.median('floor'):,.0f} merchants/s, real {merchants / watch.median('real'):,.0f} by "
        f"{PROCESSES} processes (receive {watch.median('real receive'):.1f} s, sweep and drain "
        f"{watch.median('real queue'):.1f} s), rounds {watch.spread('real', 'floor')}; by one process "
        f"{watch.median('one') / watch.median('floor'):.2f} ×"
    )
    return [Result(f"night of {merchants:,} merchants / floor", watch.ratio("real", "floor"), NIGHT_GOAL, "×", detail)]


def _real(database: BenchmarkDatabase, processes: int, merchants: int, watch: Stopwatch, name: str) -> None:
    """One night by so many processes, which begin each part together."""
    command = [sys.executable, "-m", "tests.benchmarks.night_worker", database.name]
    workers = [
        subprocess.Popen([*command, str(n), str(processes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(processes)
    ]
    try:
        assert _told(workers) == ["ready"] * processes
        with watch.timed(name):
            with watch.timed(f"{name} receive"):
                _go(workers)
                assert _told(workers) == ["received"] * processes
            with watch.timed(f"{name} queue"):
                _go(workers)
                ended = sum(map(int, _told(workers)))
        assert ended == merchants, ended
    finally:
        for worker in workers:
            worker.communicate("\n", timeout=60)


def _go(workers: list[subprocess.Popen[str]]) -> None:
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()


def _told(workers: list[subprocess.Popen[str]]) -> list[str]:
    """The next line of each."""
    return [worker.stdout.readline().strip() for worker in workers if worker.stdout is not None]


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
