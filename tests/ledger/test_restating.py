"""Past days under a changed book: whatever was in force while they were posted, restated they are as if posted anew."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.book import Book, Policy
from ledger.models import Standing
from ledger.restating import requeue
from tests.ledger.builders import NOON, an_order, balances, daily, deliver, post, standings
from tests.ledger.cast import a_book, keep, london
from tests.ledger.test_histories import History, histories, undone

pytestmark = pytest.mark.django_db
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


@st.composite
def books(draw: st.DrawFn) -> Book:
    """A whole book: some accounts are called otherwise, and the day is put together in any way."""
    book = a_book(mode=draw(st.sampled_from(("journal", "invoice", "per_order"))))
    other = draw(st.sets(st.sampled_from(("sales", "tax", "tender", "fee", "refunds"))))
    accounts = {role: f"{role} 2" if role.partition("@")[0] in other else role for role in book.accounts}
    group_by = draw(st.sampled_from(((), ("location",))))
    return msgspec.structs.replace(book, accounts=accounts, policy=Policy(sales_by="", group_by=group_by))


@settings(max_examples=150, database=None)
@given(histories(), st.lists(books(), min_size=2, max_size=4))
def test_restated_days_are_as_if_posted_under_the_book_in_force(history: History, kept: list[Book]) -> None:
    with undone():
        long_way, short_way = london(), london()
        for number, step in enumerate(history.steps):
            keep(long_way, kept[number % (len(kept) - 1)])
            if isinstance(step, date):
                post(long_way, step)
            else:
                deliver(long_way, *(history.versions[record][v] for record, v in step))
        post(long_way)
        keep(long_way, kept[-1])
        requeue(company_id=long_way.id, start=EVER[0], end=EVER[1])
        post(long_way)
        keep(short_way, kept[-1])
        deliver(short_way, *(own[-1] for own in history.versions))
        post(short_way)
        assert daily(long_way) == daily(short_way)
        assert not Standing.objects.filter(company=long_way.company, state=Standing.State.PENDING).exists()


def test_only_what_is_in_the_books_and_was_due_in_the_time_waits_again() -> None:
    pub, other = london(), london()
    for merchant in (pub, other):
        deliver(merchant, an_order("o1"), an_order("o2", at=NOON.replace(day=3)))
        post(merchant)
    deliver(pub, an_order("o3"))
    assert requeue(company_id=pub.id, start=NOON, end=NOON.replace(day=3)) == 1
    assert requeue(company_id=pub.id, start=NOON, end=NOON.replace(day=3)) == 0
    assert standings(pub) == [
        ("o1", 1, 0, "IN_BOOKS"),
        ("o1", 1, 1, "PENDING"),
        ("o2", 1, 0, "IN_BOOKS"),
        ("o3", 1, 0, "PENDING"),
    ]
    assert not Standing.objects.filter(company=other.company, state=Standing.State.PENDING).exists()


def test_a_version_that_came_meanwhile_counts_and_not_the_one_that_waited_again() -> None:
    pub = london()
    deliver(pub, an_order("o1"))
    post(pub)
    requeue(company_id=pub.id, start=EVER[0], end=EVER[1])
    deliver(pub, an_order("o1", 2_400, v=20))
    post(pub)
    assert balances(pub)["sales"] == -2_000
    assert requeue(company_id=pub.id, start=EVER[0], end=EVER[1]) == 1
    assert post(pub).documents == 0
