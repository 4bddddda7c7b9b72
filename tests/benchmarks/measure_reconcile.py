"""Reconciling what was just posted: raw pages, records, documents and books, against receiving and posting it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from commerce_sync.reconcile_days import DaySums, sum_days
from health.reconciled import keep
from ledger import sql
from ledger.services import now
from tests.benchmarks import real
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import MEMORY_GOAL_MB, Result, Stopwatch, memory_mb, progress
from tests.benchmarks.orders import last_day, order_pages, read_pages, write_pages

RECONCILE_GOAL = 0.10


def measure(database: BenchmarkDatabase, folder: Path, orders: int, rounds: int) -> list[Result]:
    """The reconciliation of all days, with its rows kept, by the cost of receiving and posting them in the same round.

    Raises ``AssertionError`` when it finds a difference, or does not look at every record and row.
    """
    pages = folder / f"{orders}-reconcile.pages"
    write_pages(pages, order_pages(orders))
    watch = Stopwatch()
    for number in range(1, rounds + 1):
        database.fresh()
        connection = real.new_merchant(real.new_partner())
        with watch.timed("posting"):
            real.push(connection, read_pages(pages))
            real.post(connection.company, last_day(orders).date())
        with watch.timed("reconciling"):
            sums = reconcile(connection.company_id)
        assert sum(each.records for each in sums) == orders + orders // 20
        assert all(told_equal(each) for each in sums), "a clean world differs"
        rounds_so_far = watch.rounds
        progress(
            f"round {number}: posting {rounds_so_far['posting'][-1]:.2f} s, "
            f"reconciling {rounds_so_far['reconciling'][-1]:.2f} s"
        )
    detail = (
        f"{watch.median('posting'):.2f} s and {watch.median('reconciling'):.2f} s, "
        f"rounds {watch.spread('reconciling', 'posting')}"
    )
    return [
        Result("reconcile / push and post", watch.ratio("reconciling", "posting"), RECONCILE_GOAL, "×", detail),
        Result("memory of the process", memory_mb(), MEMORY_GOAL_MB, "MB", f"after {orders:,} orders"),
    ]


def reconcile(company_id: int) -> list[DaySums]:
    """What the watch does with the days of a company."""
    asked: list[tuple[int, date]] = [
        (company, day)
        for company, day in sql.rows(
            "SELECT DISTINCT company_id, day FROM ledger_posting WHERE company_id = %s", (company_id,)
        )
    ]
    sums = sum_days(asked)
    keep(sums, asked, now())
    return sums


def told_equal(sums: DaySums) -> bool:
    """Whether the raw rows state what was sold and given back, and every two totals that are there are equal."""
    topics = [four for role, four in sums.roles.items() if role in ("sales", "refunds")]
    return all(four.stated is not None for four in topics) and all(
        len({amount for amount in (four.stated, four.records, four.documents) if amount is not None}) == 1
        for four in sums.roles.values()
    )
