"""Intake: each version of a record is stored once, in whatever order and however often it is delivered."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import msgspec
import pytest
from django.db import connection

from ledger.commerce import Order, Refund
from ledger.models import ProblemRow, RecordRow, Standing
from tests.ledger.builders import (
    NOON,
    a_line,
    a_payout,
    a_refund,
    an_order,
    balances,
    current,
    deliver,
    delivered,
    gone,
    open_codes,
    post,
    stamp,
    standings,
)
from tests.ledger.cast import Merchant, a_merchant, london

pytestmark = pytest.mark.django_db


def test_a_new_record_is_stored_once_and_waits_for_its_posting() -> None:
    pub = london()
    assert deliver(pub, an_order()) == ["new"]
    row = current(pub)
    assert (row.revision, row.total, row.record) == (1, 1_200, an_order())
    assert standings(pub) == [("o1", 1, 0, "PENDING")]


def test_the_same_again_changes_nothing() -> None:
    pub = london()
    deliver(pub, an_order())
    assert deliver(pub, an_order()) == ["unchanged"]
    assert RecordRow.objects.count() == Standing.objects.count() == 1


@pytest.mark.case("B12")
def test_a_new_time_stamp_on_the_same_facts_is_no_new_version() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    assert deliver(pub, an_order(v=99)) == ["unchanged"]
    assert RecordRow.objects.count() == 1


def test_other_facts_are_a_new_version_and_overtake_what_was_not_posted() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    assert deliver(pub, an_order(gross=1_800, v=20)) == ["changed"]
    assert current(pub).revision == 2
    assert standings(pub) == [("o1", 1, 0, "OVERTAKEN"), ("o1", 2, 0, "PENDING")]


def test_an_older_truth_is_stale() -> None:
    pub = london()
    deliver(pub, an_order(gross=1_800, v=20))
    assert deliver(pub, an_order(v=10)) == ["stale"]
    assert current(pub).total == 1_800


def test_what_was_said_before_the_same_was_said_again_is_an_older_truth() -> None:
    """A at 10, the same A at 30, then a late B of 20: B came before what the platform says now."""
    pub = london()
    deliver(pub, an_order(v=10))
    assert deliver(pub, an_order(v=30)) == ["unchanged"]
    assert deliver(pub, an_order(gross=1_800, v=20)) == ["stale"]
    assert (current(pub).revision, current(pub).total) == (1, 1_200)
    assert deliver(pub, an_order(gross=1_800, v=40)) == ["changed"]
    assert (current(pub).revision, current(pub).total) == (2, 1_800)


def test_back_to_former_facts_with_a_newer_stamp_is_a_version_of_its_own() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    deliver(pub, an_order(gross=1_800, v=20))
    assert deliver(pub, an_order(v=30)) == ["changed"]
    assert (current(pub).revision, current(pub).total) == (3, 1_200)


def test_a_former_version_delivered_again_without_a_newer_stamp_is_stale() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    deliver(pub, an_order(gross=1_800, v=10))
    assert deliver(pub, an_order(v=10)) == ["stale"]
    assert current(pub).total == 1_800


def test_twice_in_one_batch_ends_with_the_last_word() -> None:
    pub = london()
    assert deliver(pub, an_order(v=10), an_order(gross=1_800, v=20)) == ["new", "changed"]
    assert (current(pub).revision, current(pub).total) == (1, 1_800)
    assert RecordRow.objects.count() == 1


def test_twice_in_one_batch_in_the_wrong_order_ends_with_the_newest() -> None:
    pub = london()
    assert deliver(pub, an_order(gross=1_800, v=20), an_order(v=10)) == ["new", "stale"]
    assert current(pub).total == 1_800


@pytest.mark.parametrize("again", ["former", "current"])
def test_a_stored_version_after_a_new_one_in_the_same_batch_and_second_is_stale(again: str) -> None:
    pub = london()
    deliver(pub, an_order(gross=1_200, v=10))
    deliver(pub, an_order(gross=1_800, v=10))
    stored = an_order(gross=1_200 if again == "former" else 1_800, v=10)
    assert deliver(pub, an_order(gross=2_400, v=10), stored) == ["changed", "stale"]
    assert current(pub).total == 2_400


@pytest.mark.case("B24")
def test_the_same_id_in_two_sources_is_two_records() -> None:
    pub, cafe = london(), a_merchant("Elephant")
    assert deliver(pub, an_order()) == deliver(cafe, an_order()) == ["new"]
    assert deliver(pub, an_order(gross=1_800, v=20)) == ["changed"]
    assert current(cafe).total == 1_200


def test_the_same_id_in_two_kinds_is_two_records() -> None:
    pub = london()
    assert deliver(pub, an_order("x"), a_payout("x")) == ["new", "new"]
    assert current(pub, "x", "order").total == 1_200
    assert current(pub, "x", "payout").total == 1_150


def test_a_deleted_record_is_a_version_that_weighs_nothing() -> None:
    pub = london()
    deliver(pub, an_order())
    assert deliver(pub, gone()) == ["changed"]
    assert (current(pub).deleted, current(pub).total) == (True, 0)
    assert deliver(pub, gone(v=40)) == ["unchanged"]


def test_a_deleted_record_can_come_back() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    deliver(pub, gone(v=20))
    assert deliver(pub, an_order(v=10)) == ["stale"]
    assert deliver(pub, an_order(v=30)) == ["changed"]
    assert (current(pub).revision, current(pub).deleted) == (3, False)


def test_a_record_is_due_when_the_last_thing_that_it_tells_of_has_happened() -> None:
    pub = london()
    later = NOON + timedelta(days=9)
    order = an_order()
    deliver(
        pub, msgspec.structs.replace(order, tenders=(msgspec.structs.replace(order.tenders[0], captured_at=later),))
    )
    assert current(pub).happened_at == later


# -- refunds of which the platform gave only the money ------------------------------------------------------------


def parts(pub: Merchant, id: str = "r1") -> list[tuple[str, int, int]]:
    """(label, net, tax) of the stored refund's lines."""
    record = current(pub, id, "refund").record
    assert isinstance(record, Refund)
    assert record.lines is not None
    return [(line.label, line.net, sum(tax.amount for tax in line.taxes or ())) for line in record.lines]


def test_a_refund_takes_its_parts_from_an_order_that_came_before() -> None:
    pub = london()
    deliver(pub, an_order())
    deliver(pub, a_refund(gross=600))
    assert parts(pub) == [("Tea", 500, 100)]
    assert not current(pub, "r1", "refund").incomplete


@pytest.mark.parametrize("order_first", [True, False])
def test_a_refund_takes_its_parts_from_an_order_of_the_same_page(order_first: bool) -> None:
    pub = london()
    pair = [an_order(), a_refund(gross=600)]
    assert deliver(pub, *(pair if order_first else reversed(pair))) == ["new", "new"]
    assert parts(pub) == [("Tea", 500, 100)]


def test_a_refund_gets_its_parts_when_its_order_comes_after_it() -> None:
    pub = london()
    deliver(pub, a_refund(gross=600))
    assert current(pub, "r1", "refund").incomplete
    deliver(pub, an_order())
    post(pub)
    assert parts(pub) == [("Tea", 500, 100)]
    assert standings(pub) == [("o1", 1, 0, "IN_BOOKS"), ("r1", 1, 0, "OVERTAKEN"), ("r1", 2, 0, "IN_BOOKS")]


def test_the_tax_of_a_posted_refund_is_moved_when_its_order_comes_at_last() -> None:
    pub = london()
    deliver(pub, a_refund(gross=600))
    post(pub)
    assert balances(pub) == {"refunds": 600, "tender:card GBP": -600}
    assert open_codes(pub) == ["original_unknown"]
    deliver(pub, an_order())
    post(pub)
    assert balances(pub) == {"refunds": 500, "sales": -1_000, "tax": -100, "tender:card GBP": 600}
    assert open_codes(pub) == []


@pytest.mark.case("B19")
def test_a_refund_whose_order_never_comes_is_posted_whole_and_once() -> None:
    pub = london()
    deliver(pub, a_refund(gross=600))
    post(pub)
    assert post(pub).documents == 0
    assert current(pub, "r1", "refund").revision == 1


def test_what_a_refund_gives_back_beyond_its_sale_is_a_line_of_its_own() -> None:
    pub = london()
    deliver(pub, an_order(), a_refund(gross=1_500))
    assert parts(pub) == [("Tea", 1_000, 200), ("Beyond the sale", 300, 0)]


def test_a_completed_refund_delivered_again_is_unchanged() -> None:
    pub = london()
    deliver(pub, an_order(), a_refund())
    assert deliver(pub, a_refund(v=50)) == ["unchanged"]


def test_a_refund_of_a_deleted_order_keeps_its_own_counsel() -> None:
    pub = london()
    deliver(pub, an_order())
    deliver(pub, gone())
    deliver(pub, a_refund())
    assert current(pub, "r1", "refund").incomplete


# -- problems ------------------------------------------------------------------------------------------------------


def crooked(v: int = 10) -> Order:
    """An order whose lines miss its total by 50."""
    return msgspec.structs.replace(an_order(v=v), lines=(a_line(1_150, tax=200),))


def test_what_does_not_add_up_is_told_at_once_and_once() -> None:
    pub = london()
    (stored,) = delivered(pub, crooked())
    assert stored.problem is not None
    assert (stored.problem.code, stored.problem.detail["difference"]) == ("lines_do_not_add_up", 50)
    post(pub)
    assert open_codes(pub) == ["lines_do_not_add_up"]
    assert standings(pub) == [("o1", 1, 0, "PROBLEM")]


@pytest.mark.parametrize("posted", [True, False])
def test_a_newer_version_that_adds_up_resolves_the_problem(posted: bool) -> None:
    pub = london()
    deliver(pub, crooked(v=10))
    if posted:
        post(pub)
    deliver(pub, an_order(v=20))
    assert open_codes(pub) == []
    post(pub)
    assert balances(pub)["sales"] == -1_000


def test_a_version_that_never_counts_leaves_no_problem() -> None:
    pub = london()
    assert deliver(pub, crooked(v=10), an_order(v=20)) == ["new", "changed"]
    assert open_codes(pub) == []
    assert deliver(pub, crooked(v=5)) == ["stale"]
    assert open_codes(pub) == []


def test_the_same_trouble_in_two_shops_of_a_company_is_two_problems() -> None:
    pub = london()
    from ledger.services import create_source

    second = pub._replace(source=create_source(company=pub.company, label="Web shop"))
    deliver(pub, crooked())
    deliver(second, crooked())
    assert open_codes(pub) == ["lines_do_not_add_up"] * 2
    deliver(pub, an_order(v=20))
    (still,) = ProblemRow.objects.filter(company=pub.company, resolved_at=None)
    assert still.record_id == current(second).pk


def test_a_worse_version_keeps_the_former_one_in_the_books() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    post(pub)
    before = balances(pub)
    deliver(pub, crooked(v=20))
    post(pub)
    assert balances(pub) == before
    deliver(pub, an_order(gross=1_800, v=30))
    post(pub)
    assert balances(pub) == {"sales": -1_500, "tax": -300, "tender:card GBP": 1_800}


# -- at once -------------------------------------------------------------------------------------------------------


def at_once(*works: object) -> list[BaseException]:
    """Run callables at the same moment, each in a thread with its own connection; what they raised."""
    barrier, raised = Barrier(len(works)), []

    def run(work: object) -> None:
        try:
            barrier.wait(10)
            work()  # type: ignore[operator]
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_of_the_same_orders_at_once_end_as_one() -> None:
    pub = london()
    orders = [an_order(f"o{number}") for number in range(200)]
    outcomes: list[list[str]] = []
    raised = at_once(
        lambda: outcomes.append(deliver(pub, *orders)), lambda: outcomes.append(deliver(pub, *reversed(orders)))
    )
    assert raised == []
    assert sorted(map(set, outcomes), key=str) == [{"new"}, {"unchanged"}]
    assert RecordRow.objects.count() == Standing.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_two_versions_delivered_at_once_end_with_the_newer_one() -> None:
    pub = london()
    for number in range(10):
        raised = at_once(
            lambda number=number: deliver(pub, an_order(f"o{number}", v=10)),
            lambda number=number: deliver(pub, an_order(f"o{number}", gross=1_800, v=20)),
        )
        assert raised == []
        assert current(pub, f"o{number}").total == 1_800


def test_stamps_are_compared_as_instants_and_not_as_texts() -> None:
    pub = london()
    deliver(pub, an_order(v=10))
    elsewhere = msgspec.structs.replace(an_order(gross=1_800), updated_at=stamp(20).astimezone(None))
    assert deliver(pub, elsewhere) == ["changed"]
