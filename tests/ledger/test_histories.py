"""Small random histories: however versions come and whenever posting runs, the books end as if posted once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from django.db import connection, transaction
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ledger.commerce import Record, Tender
from ledger.models import Standing
from tests.ledger.builders import DAY, FAR, NOON, a_fee, an_order, daily, deliver, gone, post
from tests.ledger.cast import london

pytestmark = pytest.mark.django_db
HISTORIES = 2_000
PARTS = 4  # so that test processes share them


class History(NamedTuple):
    """``versions`` of each record, oldest first, and ``steps``: batches of (record, version), or a day to post."""

    versions: list[list[Record]]
    steps: list[list[tuple[int, int]] | date]


@st.composite
def versions(draw: st.DrawFn, number: int) -> list[Record]:
    """One to three versions of one record, each with facts of its own, under newer and newer stamps."""
    id_, is_fee = f"x{number}", draw(st.integers(0, 4)) == 0
    amounts = draw(st.lists(st.sampled_from((0, 600, 1_200, 1_800, 2_400)), min_size=1, max_size=3, unique=True))
    found: list[Record] = []
    for v, amount in enumerate(amounts):
        at = NOON + timedelta(days=draw(st.integers(0, 3)))
        if is_fee:
            found.append(a_fee(id_, amount, at=at, v=v))
        elif v and draw(st.integers(0, 3)) == 0:
            found.append(gone(id_, at=at, v=v))
        else:
            paid = (Tender(f"t{id_}", "card", amount, at + timedelta(days=draw(st.integers(0, 2)))),) if amount else ()
            currency = draw(st.sampled_from(("GBP", "GBP", "JPY")))
            found.append(an_order(id_, amount, at=at, v=v, tenders=paid, currency=currency))
    return found


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to four records whose versions come in any order, several times over, between postings."""
    found = [draw(versions(number)) for number in range(draw(st.integers(1, 4)))]
    every = [(record, v) for record, own in enumerate(found) for v in range(len(own))]
    order = draw(st.permutations(every + draw(st.lists(st.sampled_from(every), max_size=3))))
    steps: list[list[tuple[int, int]] | date] = []
    while order:
        size = draw(st.integers(1, 4))
        steps.append(order[:size])
        order = order[size:]
        if draw(st.booleans()):
            steps.append(DAY + timedelta(days=draw(st.integers(0, 6))))
    return History(found, steps)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is checked as if it were committed, and then rolled back."""
    with transaction.atomic():
        point = transaction.savepoint()
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_history_ends_with_the_books_of_its_final_versions(part: int) -> None:
    long_way, short_way = london(), london()

    @seed(part)
    @settings(max_examples=HISTORIES // PARTS, database=None)
    @given(histories())
    def holds(history: History) -> None:
        with undone():
            for step in history.steps:
                if isinstance(step, date):
                    post(long_way, step)
                else:
                    deliver(long_way, *(history.versions[record][v] for record, v in step))
            post(long_way)
            deliver(short_way, *(own[-1] for own in history.versions))
            post(short_way)
            assert daily(long_way) == daily(short_way)
            assert Standing.objects.filter(company=long_way.company, state=1).count() == len(history.versions)
            assert post(long_way, FAR).documents == 0

    holds()
