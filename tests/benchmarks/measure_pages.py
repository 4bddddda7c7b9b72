"""The merchant's pages: the server's time for each of them, with a long chart of accounts and a long history."""

from __future__ import annotations

from statistics import median
from time import perf_counter, process_time

import time_machine
from django.conf import settings
from django.test import Client

from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import Result, progress
from tests.flow.cast import inside
from tests.flow.rooms import TODAY, an_old_merchant

GOAL_MS = 50.0
ACCOUNTS, DAYS = 950, 400  # beside those of the standard chart


def measure(database: BenchmarkDatabase, rounds: int) -> list[Result]:
    """The median time of each page, in the process, middleware and all, from the request to the last byte."""
    database.fresh()
    settings.ALLOWED_HOSTS = ["testserver"]
    with time_machine.travel(TODAY, tick=True):
        house = an_old_merchant(DAYS, ACCOUNTS)
        progress(f"{DAYS} days of five sales, {ACCOUNTS} accounts beside the standard chart")
        browser = inside(house.company)
        return [_measured(browser, name, path, 5 * rounds) for name, path in house.pages.items()]


def _measured(browser: Client, name: str, path: str, times: int) -> Result:
    answered = browser.get(path)
    wall, cpu = [], []
    for _ in range(times):
        began, used = perf_counter(), process_time()
        browser.get(path)
        wall.append(perf_counter() - began)
        cpu.append(process_time() - used)
    detail = f"{median(cpu) * 1_000:.0f} ms of it in Python; {len(answered.content) / 1_000:.1f} kB of HTML"
    return Result(f"page: {name}", median(wall) * 1_000, GOAL_MS, "ms", detail)
