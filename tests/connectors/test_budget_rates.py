"""What the budget makes of a published rate: nearly all of it, and never more, however many workers share it.

The platform here counts exactly, by windows that begin on the clock and by windows that slide. Time is the test's: the
statements run as they are, on a clock that stands where it is put.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection

from commerce_sync.retry import spread
from connectors import budget
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.accounting.xero import Xero
from connectors.declare import Budget, Rate
from connectors.errors import Waiting

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, 0, 17, tzinfo=UTC)
PATIENCE = timedelta(seconds=10)


class Gate:
    """Lets through at most `calls` in any `seconds`, and counts what it let through and what it turned away."""

    def __init__(self, calls: int, seconds: int) -> None:
        self.calls, self.seconds = calls, seconds
        self.sliding: deque[float] = deque()
        self.fixed: dict[int, int] = {}
        self.passed = self.refused = 0

    def meet(self, at: float) -> None:
        while self.sliding and self.sliding[0] <= at - self.seconds:
            self.sliding.popleft()
        window = int(at // self.seconds)
        if len(self.sliding) >= self.calls or self.fixed.get(window, 0) >= self.calls:
            self.refused += 1
            return
        self.sliding.append(at)
        self.fixed[window] = self.fixed.get(window, 0) + 1
        self.passed += 1


@pytest.fixture
def clock() -> Callable[[float], None]:
    """Puts the database's clock `seconds` after the start: our function is found before PostgreSQL's own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA held")
        cursor.execute(
            """CREATE FUNCTION held.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
               $$ SELECT current_setting('held.now')::timestamptz $$"""
        )
        cursor.execute("SET LOCAL search_path TO held, public, pg_catalog")

    def put(seconds: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('held.now', %s, true)", [str(START + timedelta(seconds=seconds))])

    return put


def hours_of_work(of: Budget, gates: list[Gate], clock: Callable[[float], None], *, workers: int, until: float) -> None:
    """`workers` call as often as they are let, until a second; each waits for the answer to its call.

    Somebody alone is near the platform; of many, some are further away, and their calls overtake each other.
    """
    chance = Random(3)  # noqa: S311
    way = (0.01, 0.04) if workers == 1 else (0.03, 0.25)
    due = [(0.0, worker) for worker in range(workers)]
    while due:
        at, worker = heapq.heappop(due)
        if at >= until:
            continue
        clock(at)
        try:
            wait = budget.book(of, platform="shop", connection_id=1, patience=PATIENCE).total_seconds()
        except Waiting as told:
            heapq.heappush(due, ((told.until - START).total_seconds() + chance.random(), worker))
            continue
        arrived = at + max(wait, 0) + chance.uniform(*way)
        for gate in gates:
            gate.meet(START.timestamp() + arrived)
        heapq.heappush(due, (arrived + chance.uniform(*way), worker))


@pytest.mark.parametrize(
    ("rates", "published"),
    [
        (Xero.budget.rates[:1], [(60, 60)]),
        (QuickBooksOnline.budget.rates, [(500, 60), (10, 1)]),
        ((Rate(300, 60),), [(300, 60)]),
    ],
)
@pytest.mark.parametrize("workers", [1, 8])
def test_nine_tenths_of_a_published_rate_are_used_and_none_is_turned_away(
    rates: tuple[Rate, ...], published: list[tuple[int, int]], workers: int, clock: Callable[[float], None]
) -> None:
    gates = [Gate(*each) for each in published]
    calls, seconds = published[0]
    hours_of_work(Budget(rates), gates, clock, workers=workers, until=5 * seconds)
    assert [gate.refused for gate in gates] == [0] * len(gates)
    assert gates[0].passed >= 0.9 * 5 * calls, gates[0].passed


@pytest.mark.case("F03")
def test_a_day_s_calls_may_come_in_its_first_hours_and_are_never_more(clock: Callable[[float], None]) -> None:
    quick = Rate(600, 60)
    gate = Gate(500, 86_400)
    hours_of_work(Budget((quick, Rate(500, 86_400))), [gate], clock, workers=3, until=4 * 86_400)
    assert gate.refused == 0
    assert gate.passed >= 0.9 * 4 * 500
    first = sum(at < START.timestamp() + 2 * 3_600 for at in gate.sliding)
    assert first <= 500


@pytest.mark.case("F03")
def test_xero_s_day_is_used_up_without_a_refusal(clock: Callable[[float], None]) -> None:
    minute, day = Gate(60, 60), Gate(5_000, 86_400)
    hours_of_work(Budget(Xero.budget.rates[:2]), [minute, day], clock, workers=1, until=7_200)
    assert (minute.refused, day.refused) == (0, 0)
    assert day.passed == 5_000


@pytest.mark.case("F03")
def test_who_finds_the_day_used_up_is_told_when_it_opens(clock: Callable[[float], None]) -> None:
    of = Budget((Rate(1_000, 60), Rate(24, 86_400)))
    clock(0)
    for _ in range(24):
        budget.book(of, platform="shop", connection_id=1, patience=PATIENCE)
    with pytest.raises(Waiting) as told:
        budget.book(of, platform="shop", connection_id=1, patience=PATIENCE)
    opens = (told.value.until - START).total_seconds()
    assert 86_400 <= opens <= 86_400 + 3_600
    budget.book(of, platform="shop", connection_id=2, patience=PATIENCE)
    clock(opens - 1)
    with pytest.raises(Waiting):
        budget.book(of, platform="shop", connection_id=1, patience=PATIENCE)
    clock(opens)
    budget.book(of, platform="shop", connection_id=1, patience=PATIENCE)


@pytest.mark.case("F02")
def test_a_hundred_merchants_of_a_throttled_app_come_back_one_after_the_other(clock: Callable[[float], None]) -> None:
    app = Budget((Rate(100, 60, scope="platform", burst=5),))
    gate, chance = Gate(100, 60), Random(7)  # noqa: S311
    clock(0)
    budget.hold(app, platform="shop", connection_id=None, pause=timedelta(seconds=60))
    due = [(spread(60, chance.random()), merchant) for merchant in range(100)]
    assert max(at for at, _ in due) - min(at for at, _ in due) >= 0.8 * 60
    heapq.heapify(due)
    called: list[float] = []
    while due:
        at, merchant = heapq.heappop(due)
        clock(at)
        try:
            wait = budget.book(app, platform="shop", connection_id=merchant, patience=PATIENCE)
        except Waiting as told:
            asked = (told.until - START).total_seconds() - at
            heapq.heappush(due, (at + spread(asked, chance.random()), merchant))
            continue
        called.append(at + max(wait.total_seconds(), 0))
        gate.meet(START.timestamp() + called[-1])
    assert gate.refused == 0
    assert max(sum(second <= at < second + 1 for at in called) for second in called) <= 8


def test_a_counted_rate_says_so() -> None:
    with pytest.raises(ValueError, match="burst"):
        Rate(5_000, 86_400, burst=3_000)
    with pytest.raises(ValueError, match="shorter"):
        Budget((Rate(5_000, 86_400),))
