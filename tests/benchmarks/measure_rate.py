"""How much of a platform's published rate four processes make use of together, and how often they are turned away.

The platform is a server that counts exactly: no more calls than it publishes in any window that slides, nor in one that
begins on the clock; anything more is answered by 429. Everybody calls as fast as the door lets them, through the budget
in the database. Xero's minute is run in a tenth of the time: 60 calls in 6 seconds.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import Result

WORKERS = 4
CALLS, SECONDS = 60, 6
RUN_SECONDS = 30
GOAL = 1 / 0.9  # the published rate by what passed: nine tenths are used


def measure(database: BenchmarkDatabase) -> list[Result]:
    """The published rate by the one that was reached; and the calls that were turned away."""
    database.fresh()
    with ExitStack() as stack:
        gate = stack.enter_context(_process("tests.benchmarks.rate_server", str(CALLS), str(SECONDS)))
        address = _line(gate)
        workers = [
            stack.enter_context(_process("tests.benchmarks.rate_worker", database.name, address, str(RUN_SECONDS)))
            for _ in range(WORKERS)
        ]
        for worker in workers:
            assert _line(worker) == "ready"
        for worker in workers:
            _tell(worker)
        for worker in workers:
            assert _line(worker) == "done"
        _tell(gate)
        passed, refused = (int(number) for number in _line(gate).split())
    published = CALLS * RUN_SECONDS / SECONDS
    detail = f"{passed} of {published:.0f} calls in {RUN_SECONDS} s by {WORKERS} processes"
    return [
        Result("published rate / reached", published / passed, GOAL, "×", detail),
        Result("calls turned away (429)", refused, 0, "", detail),
    ]


def _process(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
