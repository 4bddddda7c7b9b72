"""Orders pushed, stored and posted: against the floor, against ten times as many, and against the same again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.benchmarks import real
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.floor import Floor, create_tables
from tests.benchmarks.measuring import MEMORY_GOAL_MB, Result, Stopwatch, memory_mb, progress
from tests.benchmarks.orders import in_other_pages, last_day, order_pages, product_page, read_pages, write_pages

PUSH_GOAL = 2.0
RESYNC_GOAL = 0.15
LINEAR_GOAL = 11.0


class PushRounds:
    """Rounds of the floor and the real path, one after the other over the same pages, each in a fresh database."""

    def __init__(self, database: BenchmarkDatabase, folder: Path, orders: int) -> None:
        self.database, self.orders = database, orders
        self.pages, self.other_pages = folder / f"{orders}.pages", folder / f"{orders}-other.pages"
        size = write_pages(self.pages, order_pages(orders))
        write_pages(self.other_pages, in_other_pages(read_pages(self.pages)))
        self.watch = Stopwatch()
        progress(f"{orders:,} orders are {size / 1e6:,.0f} MB of pages")

    def run(self, rounds: int, *, resync: bool = False) -> None:
        """Measure ``rounds`` times; raises ``AssertionError`` when the two sides disagree about the books."""
        for number in range(1, rounds + 1):
            self.database.fresh()
            with self.database.connect() as connection:
                create_tables(connection)
                floor = Floor(connection, 1)
                floor.take(product_page())
                with self.watch.timed("floor"):
                    floor.load(read_pages(self.pages))
                    floor.post()
                expected = floor.totals()
            self.database.fresh()  # else the server still vacuums the floor's tables while the real path is timed
            self.real(expected, resync=resync)
            watch = self.watch.rounds
            progress(f"round {number}: floor {watch['floor'][-1]:.1f} s, real {watch['real'][-1]:.1f} s")

    def real(self, expected: dict[object, int] | None, *, resync: bool) -> None:
        """One round of the real path in the database as it is; ``expected`` are the floor's balances."""
        through = last_day(self.orders).date()
        connection = real.new_merchant(real.new_partner())
        company = connection.company
        rows = self.orders + self.orders // 20
        with self.watch.timed("real"):
            with self.watch.timed("receive"):
                statuses = real.push(connection, read_pages(self.pages))
            with self.watch.timed("post"):
                posted = real.post(company, through)
        assert statuses == Counter(new=rows), statuses
        assert (posted.records, posted.held, posted.refused) == (rows, 0, 0), posted
        balances = real.totals(company)
        assert expected is None or balances == expected, "the books differ from the floor's"
        if resync:
            for name, pages in (("same pages", self.pages), ("other pages", self.other_pages)):
                with self.watch.timed(name):
                    statuses = real.push(connection, read_pages(pages))
                    posted = real.post(company, through)
                assert statuses == Counter(unchanged=rows), statuses
                assert posted.documents == 0, posted
            assert real.totals(company) == balances, "a re-sync changed the books"


def measure(database: BenchmarkDatabase, folder: Path, orders: int, rounds: int, *, resync: bool) -> list[Result]:
    """The real path against the floor; with ``resync`` also against itself, unchanged."""
    run = PushRounds(database, folder, orders)
    run.run(rounds, resync=resync)
    watch = run.watch
    seconds = {name: watch.median(name) for name in watch.rounds}
    detail = (
        f"floor {orders / seconds['floor']:,.0f} orders/s, real {orders / seconds['real']:,.0f} orders/s "
        f"(receive {seconds['receive']:.1f} s, post {seconds['post']:.1f} s), rounds {watch.spread('real', 'floor')}"
    )
    results = [Result("push and post / floor", watch.ratio("real", "floor"), PUSH_GOAL, "×", detail)]
    if resync:
        results += [
            Result(f"unchanged, {name} / first", watch.ratio(name, "real"), RESYNC_GOAL, "×", f"{seconds[name]:.2f} s")
            for name in ("same pages", "other pages")
        ]
    results.append(Result("memory of the process", memory_mb(), MEMORY_GOAL_MB, "MB", f"after {orders:,} orders"))
    return results


def measure_linear(database: BenchmarkDatabase, folder: Path, sizes: list[int], rounds: int) -> list[Result]:
    """The real path at each of ``sizes``, each ten times the one before."""
    results: list[Result] = []
    before: float | None = None
    for orders in sizes:
        run = PushRounds(database, folder, orders)
        for number in range(rounds if orders <= 100_000 else 1):
            database.fresh()
            run.real(None, resync=False)
            progress(f"{orders:,} orders, round {number + 1}: {run.watch.rounds['real'][-1]:.1f} s")
        seconds = run.watch.median("real")
        if before is not None:
            detail = f"{before:.2f} s → {seconds:.2f} s, {orders / seconds:,.0f} orders/s"
            results.append(Result(f"{orders:,} / {orders // 10:,} orders", seconds / before, LINEAR_GOAL, "×", detail))
            results.append(Result("memory of the process", memory_mb(), MEMORY_GOAL_MB, "MB", f"at {orders:,} orders"))
        before = seconds
        run.pages.unlink()
        run.other_pages.unlink()
    return results
