"""``python -m tests.planted``: the figures, in a database of its own. Exit code 1 when anything is missed or false."""

from __future__ import annotations

import logging
import sys
import time

from tests.benchmarks.database import benchmark_database


def main() -> int:
    """Both worlds, a line of figures for each, and a line for all that is wrong."""
    wrong = 0
    with benchmark_database() as database:
        logging.disable(logging.WARNING)
        from tests.planted.judging import FAULTS, clean_world, faulty_world

        for name, judge in (("with faults", faulty_world), ("clean", lambda: clean_world(len(FAULTS)))):
            database.fresh()
            began = time.monotonic()
            verdict = judge()
            sys.stdout.write(f"{name}: {verdict.line} ({time.monotonic() - began:.0f} s)\n")
            for sentence in (*(f"missed: {each}" for each in verdict.missed), *(f"false: {e}" for e in verdict.false)):
                sys.stdout.write(f"  {sentence}\n")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
