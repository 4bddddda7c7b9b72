"""The console in a large installation: the server's time for each of its lists, filters and pages, and its queries."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commerce_sync.sync_days import count_days
from health.models import Member
from ledger.models import Partner
from tests.benchmarks import console_world
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import Result, progress
from tests.health.test_console_costs import addresses

GOAL_MS = 200.0
MOST_QUERIES = 30
SHOWN = 12
SYNCS_EACH = 14


def measure(database: BenchmarkDatabase, companies: int, records: int, rounds: int) -> list[Result]:
    """The median time of each address, in the process, middleware and all; the dearest are shown, for people of ours
    and for those of a partner with one company in a hundred."""
    database.fresh()
    settings.ALLOWED_HOSTS = ["testserver"]
    console_world.make(console_world.Size(companies, max(records // companies, 1), SYNCS_EACH))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    count_days(60)
    progress(f"{companies:,} companies, {records:,} records, {companies * SYNCS_EACH:,} syncs and documents")
    return [*_measured("ours", None, rounds), *_measured("a partner's", Partner.objects.get(name="Small POS"), rounds)]


def _measured(who: str, partner: Partner | None, rounds: int) -> list[Result]:
    user = get_user_model().objects.create_user(who, is_staff=True)
    Member.objects.create(user=user, role="administrator", partner=partner)
    browser = Client()
    browser.force_login(user)
    times, queries = dict[str, float](), dict[str, int]()
    for address in addresses():
        with CaptureQueriesContext(connection) as counted:
            if browser.get(address).status_code != 200:
                continue  # of another partner
        queries[address] = len(counted)
        times[address] = median(_once(browser, address) for _ in range(rounds)) * 1_000
    dearest = sorted(times, key=lambda address: -times[address])
    results = [
        Result(f"{who}: {address[:70]}", times[address], GOAL_MS, "ms", f"{queries[address]} queries")
        for address in dearest[:SHOWN]
    ]
    middle = f"median of {len(times)} addresses {median(times.values()):.0f} ms"
    return [*results, Result(f"{who}: most queries", max(queries.values()), MOST_QUERIES, "", middle)]


def _once(browser: Client, address: str) -> float:
    began = perf_counter()
    browser.get(address)
    return perf_counter() - began
