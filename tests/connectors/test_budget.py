"""The rate budget is one for all workers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from connectors import budget
from connectors.declare import Budget, Rate
from connectors.errors import Waiting

MINUTE = Budget((Rate(60, 60, burst=5),))
NOW = timedelta(0)


def book(of: Budget, connection_id: int = 1, patience: timedelta = NOW) -> timedelta:
    return budget.book(of, platform="shop", connection_id=connection_id, patience=patience)


@given(calls=st.integers(1, 5_000), seconds=st.integers(1, 3_600), data=st.data())
def test_no_window_ever_holds_more_than_the_rate(calls: int, seconds: int, data: st.DataObject) -> None:
    rate = Rate(calls, seconds, burst=data.draw(st.integers(0, max(calls - 1, 0))))
    # The most that a window can hold: the burst at its start, then one for each interval that fits in.
    inside = rate.at_once + (timedelta(seconds=seconds) - timedelta(microseconds=1)) // rate.interval
    # timedelta rounds the interval to a microsecond: over the window that is below one call in a thousand.
    assert inside <= max(calls + calls // 1_000, rate.at_once if calls > 1 else 1)


@pytest.mark.django_db
def test_a_burst_goes_at_once_and_the_next_call_waits() -> None:
    assert [book(MINUTE) for _ in range(5)] <= [NOW] * 5
    with pytest.raises(Waiting) as caught:
        book(MINUTE)
    ahead = caught.value.until - datetime.now(UTC)
    assert timedelta(0) < ahead <= timedelta(seconds=1.2)


@pytest.mark.case("F02")
@pytest.mark.django_db
def test_patient_callers_are_spread_and_not_sent_together() -> None:
    waits = [book(MINUTE, patience=timedelta(seconds=30)) for _ in range(10)]
    late = waits[5:]
    gaps = [later - sooner for sooner, later in zip(late, late[1:], strict=False)]
    assert all(timedelta(seconds=0.9) < gap < timedelta(seconds=1.2) for gap in gaps)


@pytest.mark.django_db
def test_who_is_turned_away_books_nothing() -> None:
    for _ in range(5):
        book(MINUTE)
    for _ in range(20):
        with pytest.raises(Waiting):
            book(MINUTE)
    assert book(MINUTE, patience=timedelta(seconds=2)) < timedelta(seconds=1.2)


@pytest.mark.django_db
def test_connections_do_not_share_a_rate_unless_it_is_the_platforms() -> None:
    one = Budget((Rate(1, 3600),))
    book(one, 1)
    book(one, 2)
    shared = Budget((Rate(1, 3600, scope="platform"),))
    book(shared, 1)
    with pytest.raises(Waiting):
        book(shared, 2)


@pytest.mark.case("F02")
@pytest.mark.django_db
def test_a_hold_is_heard_by_every_worker() -> None:
    budget.hold(MINUTE, platform="shop", connection_id=1, pause=timedelta(seconds=100))
    with pytest.raises(Waiting) as caught:
        book(MINUTE, patience=timedelta(seconds=30))
    ahead = caught.value.until - datetime.now(UTC)
    assert timedelta(seconds=98) < ahead < timedelta(seconds=101)
    assert book(MINUTE, connection_id=2) <= NOW


@pytest.mark.case("F02")
@pytest.mark.django_db
def test_what_one_connection_used_up_stops_no_other_connection() -> None:
    both = Budget((Rate(60, 60), Rate(600, 60, scope="platform")))
    budget.hold(both, platform="shop", connection_id=1, pause=timedelta(hours=1))
    with pytest.raises(Waiting):
        book(both, 1)
    assert book(both, 2) <= NOW
    budget.hold(both, platform="shop", connection_id=None, pause=timedelta(hours=1))
    with pytest.raises(Waiting):
        book(both, 2)


@pytest.mark.django_db(transaction=True)
def test_eight_workers_together_get_the_burst_and_no_more() -> None:
    hourly = Budget((Rate(100, 3_600, burst=10),))
    granted: list[int] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(5):
            try:
                book(hourly)
            except Waiting:
                continue
            granted.append(1)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(granted) == 10
