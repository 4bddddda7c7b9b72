"""A shop that was set up anew counts from 1 again: what is known under such an id stays, and a person is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.models import Connection
from ledger.models import ProblemRow, RecordRow
from tests.connectors.test_pull import link as link
from tests.connectors.test_pull import pull, stored
from tests.connectors.test_pull import shop as shop
from tests.platforms.hostile_sales import NOON, Shop, a_row

pytestmark = pytest.mark.django_db


def sold(id: str, total: str = "12.00", *, day: int = 0, **changes: Any) -> dict[str, Any]:
    """A sale of so many days after the first of the shop's days, which has not changed since."""
    return a_row(id, total, minute=day * 24 * 60, sold=(NOON + timedelta(days=day)).isoformat(), **changes)


@pytest.mark.case("B24")
def test_another_sale_under_a_known_id_is_held_alone_and_the_former_one_stays(link: Connection, shop: Shop) -> None:
    shop.rows = [sold("1", day=-400), sold("2", "18.00", day=-399)]
    pull(link)
    shop.rows = [sold("1", "15.00"), sold("3", "21.00")]
    result = pull(link)
    assert (result.stored, result.refused) == (1, 1)
    assert stored() == {"1": 1_200, "2": 1_800, "3": 2_100}
    (told,) = ProblemRow.objects.filter(resolved_at=None)
    assert (told.code, told.path, told.problem.reason.turn) == ("another_sale", "$.id", "support")
    assert "2025-01-26" in told.problem.sentence
    assert "2026-03-02" in told.problem.sentence
    pull(link)
    assert ProblemRow.objects.count() == 1
    shop.rows = [{**sold("1", day=-400), "changed": (NOON + timedelta(hours=1)).isoformat()}]
    pull(link)
    assert not ProblemRow.objects.filter(resolved_at=None).exists()


@pytest.mark.case("B24")
@pytest.mark.parametrize(
    ("total", "day"),
    [pytest.param("12.00", 0, id="paid-late"), pytest.param("15.00", -390, id="corrected")],
)
def test_the_same_sale_paid_much_later_or_corrected_is_a_change(
    link: Connection, shop: Shop, total: str, day: int
) -> None:
    shop.rows = [sold("1", day=-400)]
    pull(link)
    shop.rows = [sold("1", total, day=day)]
    assert (pull(link).stored, RecordRow.objects.count()) == (1, 2)
    assert not ProblemRow.objects.exists()


@pytest.mark.case("B24")
def test_a_sale_that_the_platform_deleted_first_may_be_another_one_afterwards(link: Connection, shop: Shop) -> None:
    for row in (sold("1", day=-400), sold("1", day=-300, deleted=True), sold("1", "15.00")):
        shop.rows = [row]
        pull(link)
    assert stored() == {"1": 1_500}
    assert not ProblemRow.objects.exists()
