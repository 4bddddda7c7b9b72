"""Looking: fifty small merchants after their syncs and at night, whose turn it is among a hundred thousand, a house."""

from __future__ import annotations

from datetime import timedelta
from statistics import median

from django.db import transaction

from commerce_sync.models import Schedule
from health.findings import errand
from health.findings.seen import Depth, Scope
from health.findings.watching import look_at, look_at_house, watches
from health.models import Finding, Watched
from ledger import sql
from ledger.models import Company
from ledger.services import now
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import Result, Stopwatch, progress
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import settle, tamper

AT_ONCE = errand.AT_ONCE
DAYS, ORDERS_A_DAY = 35, 5
SYNC_GOAL_MS, CLAIM_GOAL_MS, HOUSE_GOAL_MS = 300.0, 20.0, 500.0
NIGHT_GOAL_MS = 2_500.0  # it adds up five weeks anew: a hundred thousand merchants take a process an hour and a half
REPEATS = 5


def measure(database: BenchmarkDatabase, companies: int) -> list[Result]:
    """Each look's median, with the watches that take the most of it."""
    database.fresh()
    ids = _merchants()
    _others(companies)
    progress(f"{AT_ONCE} merchants with books, {companies:,} others")
    looks = [_look(ids, depth, goal) for depth, goal in (("sync", SYNC_GOAL_MS), ("night", NIGHT_GOAL_MS))]
    return [*looks, _claim(companies), _house()]


def _merchants() -> list[int]:
    """Small merchants, five weeks of sales in their books."""
    today = now().date()
    found = []
    for number in range(AT_ONCE):
        company = a_merchant(f"Merchant {number}")
        days = [today - timedelta(days=DAYS - back) for back in range(DAYS)]
        sell(company, *(an_order(100 * place + order, day=day) for place, day in enumerate(days)
                        for order in range(ORDERS_A_DAY)))  # fmt: skip
        settle(company, days[-1])
        Schedule.objects.create(company=company, zone="Europe/London", next_due_at=now() + timedelta(hours=4),
                                last_success_through=days[-1])  # fmt: skip
        found.append(company.pk)
    # Each day was posted and delivered in its own night: what is new to a look is the last one.
    tamper("ledger_posting", "UPDATE ledger_posting SET created_at = day + interval '28 hours'")
    tamper(
        "connectors_binding",
        """UPDATE connectors_binding binding SET bound_at = posting.created_at, verified_at = posting.created_at
           FROM ledger_document document JOIN ledger_posting posting ON posting.id = document.posting_id
           WHERE document.id = binding.document_id AND posting.day < current_date - 2""",
    )
    return found


def _others(companies: int) -> None:
    sql.execute(
        """INSERT INTO ledger_company (public_id, partner_id, name, description, tags, currency, zone, created_at)
           SELECT gen_random_uuid(), partner_id, 'Other ' || n, '', '{}', 'GBP', 'UTC', now()
           FROM ledger_company, generate_series(1, %s) n WHERE name = 'Merchant 0'""",
        (companies,),
    )
    Watched.objects.update(nightly_at=now())
    sql.execute("ANALYZE")


def _look(ids: list[int], depth: Depth, goal: float) -> Result:
    watch = Stopwatch()
    look_at(ids, depth, now() - timedelta(hours=1))
    for _ in range(REPEATS):
        with watch.timed("look"):
            assert look_at(ids, depth) is not None
        scope = Scope(tuple(ids), now(), depth)
        for each in watches():
            with watch.timed(each.name):
                each.look(scope)
    slowest = sorted((name for name in watch.rounds if name != "look"), key=watch.median, reverse=True)[:5]
    detail = ", ".join(f"{name} {watch.median(name) * 1_000:.0f}" for name in slowest)
    open_now = Finding.objects.filter(resolved_at=None).count()
    return Result(
        f"a look at {AT_ONCE} small merchants ({depth})", watch.median("look") * 1_000, goal, "ms",
        f"slowest: {detail}; {open_now} findings",
    )  # fmt: skip


def _claim(companies: int) -> Result:
    """Nobody's turn, which is how it is most of the day; and fifty whose turn it is."""
    watch = Stopwatch()
    for _ in range(REPEATS):
        with watch.timed("nobody"):
            assert errand.look_at_night() == 0
    some = list(Company.objects.order_by("-pk").values_list("pk", flat=True)[: 10 * AT_ONCE])
    Watched.objects.filter(company__in=some).update(nightly_at=now() - timedelta(days=2))
    times = []
    for _ in range(REPEATS):
        with transaction.atomic(), watch.timed("fifty"):
            assert len(sql.rows(errand._NEXT_NIGHT, (now() - errand.NIGHT_EVERY, AT_ONCE))) == AT_ONCE
        times.append(watch.rounds["fifty"][-1])
    detail = f"claiming {AT_ONCE} that are due {median(times) * 1_000:.1f} ms"
    return Result(f"whose night it is of {companies:,}", watch.median("nobody") * 1_000, CLAIM_GOAL_MS, "ms", detail)


def _house() -> Result:
    watch = Stopwatch()
    for _ in range(REPEATS):
        with watch.timed("house"):
            look_at_house()
    return Result("a look at the house", watch.median("house") * 1_000, HOUSE_GOAL_MS, "ms", "every five minutes")
