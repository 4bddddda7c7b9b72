"""The speed goals, measured: ``python -m tests.benchmarks.run_speed``. Exit code 1 when a goal is missed.

Ratios are of the real path to a floor that runs in the same process and the same round, over the same rows; shared
machines are noisy, ratios much less so. See README.md in this folder.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.database import benchmark_database
from tests.benchmarks.measuring import Result, progress, show

NAMES = ("push", "resync", "linear", "night", "due", "pull", "rate", "api", "pages", "console", "reconcile", "watch")


def main(arguments: list[str]) -> int:
    """Measure what is asked for, show the table; 1 when a goal is missed."""
    options = _parser().parse_args(arguments)
    unknown = set(options.only) - set(NAMES)
    if unknown:
        sys.stderr.write(f"--only takes {', '.join(NAMES)}; not {', '.join(sorted(unknown))}\n")
        return 2
    with benchmark_database() as database, tempfile.TemporaryDirectory() as folder:
        logging.disable(logging.WARNING)
        from tests.benchmarks import (
            measure_api,
            measure_console,
            measure_due,
            measure_night,
            measure_pages,
            measure_pull,
            measure_push,
            measure_rate,
            measure_reconcile,
            measure_watch,
        )

        results: list[Result] = []
        only, rounds = set(options.only), options.rounds
        if only & {"push", "resync"}:
            progress("push and post against the floor")
            resync = "resync" in only
            results += measure_push.measure(database, Path(folder), options.orders, rounds, resync=resync)
        if "night" in only:
            progress("a night of small merchants")
            results += measure_night.measure(database, options.merchants, rounds)
        if "pull" in only:
            progress("pull against fetching and decoding")
            results += measure_pull.measure(database, Path(folder), options.orders, rounds)
        small = {
            "rate": ("the rate of a platform, shared by processes", lambda: measure_rate.measure(database)),
            "due": ("the due-scan", lambda: measure_due.measure(database, options.schedules, 100)),
            "watch": ("looking", lambda: measure_watch.measure(database, options.schedules)),
        }
        for words, measure in (small[name] for name in small if name in only):
            progress(words)
            results += measure()
        if "api" in only:
            progress("the partner API")
            listed = 1_000_000 if options.million else options.orders
            results += measure_api.measure(database, listed, rounds)
        if "pages" in only:
            progress("the merchant's pages")
            results += measure_pages.measure(database, rounds)
        if "console" in only:
            progress("the console of a large installation")
            results += measure_console.measure(database, options.companies, options.records, rounds)
        if "reconcile" in only:
            progress("reconciling against posting")
            results += measure_reconcile.measure(database, Path(folder), options.orders, rounds)
        if "linear" in only:
            progress("ten times the orders")
            sizes = [10_000, 100_000, *([1_000_000] if options.million else [])]
            results += measure_push.measure_linear(database, Path(folder), sizes, rounds)
    show(results)
    return 0 if all(result.is_met for result in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run_speed", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000, help="orders of push and resync (%(default)s)")
    parser.add_argument("--merchants", type=int, default=1_000, help="merchants of the night (%(default)s)")
    parser.add_argument("--schedules", type=int, default=100_000, help="schedules of due (%(default)s)")
    parser.add_argument("--companies", type=int, default=10_000, help="companies of the console (%(default)s)")
    parser.add_argument("--records", type=int, default=1_000_000, help="their records together (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median counts (%(default)s)")
    parser.add_argument("--million", action="store_true", help="linear and api up to a million (5 GB of disk)")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=list(NAMES),
        help=f"a comma-separated choice of {', '.join(NAMES)}",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
