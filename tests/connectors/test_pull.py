"""Pulling from a platform that misbehaves: nothing is lost, nothing is stored twice, and it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import credentials
from connectors.auth import Secrets
from connectors.errors import BadAnswer, Failure
from connectors.http import open_door
from connectors.models import Connection, Page, Watermark
from connectors.pull import PullResult, pull_stream
from connectors.services import connect_commerce
from connectors.session import Session
from ledger.models import ProblemRow, RecordRow
from tests.ledger.cast import london
from tests.platforms.hostile_sales import NOON, ODD_ROWS, HostileSales, Shop, a_row, running

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings: Any) -> Iterator[Shop]:
    with running() as shop:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [shop.server.place]
        yield shop


@pytest.fixture
def link(shop: Shop) -> Connection:
    link = connect_commerce(company=london().company, platform="hostile_sales", actor="test")
    link.settings = {"base_url": shop.server.url}
    link.save()
    credentials.store(connection_id=link.pk, secrets=Secrets(api_key="hostile-test-key"))
    return link


def pull(link: Connection, stream: str = "sales") -> PullResult:
    """Pull one stream through the real door."""
    platform = HostileSales()
    with open_door(link, platform) as door:
        session = Session(link.pk, link.company_id, link.settings, door)
        return pull_stream(link, session, platform, stream)


def stored() -> dict[str, int]:
    """Id → total of every current record."""
    found = RecordRow.objects.filter(superseded=False).values_list("external_id", "total")
    return dict(found)


def mark() -> datetime | None:
    """How far the stream has been pulled."""
    return Watermark.objects.values_list("reached_at", flat=True).first()


def test_all_pages_are_read_and_the_watermark_is_the_platform_s_latest_change(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row(f"s{minute}", minute=minute) for minute in (3, 1, 4, 0, 2)]
    assert pull(link) == PullResult(pages=3, rows=5, stored=5)
    assert set(stored()) == {"s0", "s1", "s2", "s3", "s4"}
    assert mark() == NOON + timedelta(minutes=4)


def test_the_next_pull_starts_a_look_back_before_the_watermark_and_stores_nothing_twice(
    link: Connection, shop: Shop
) -> None:
    shop.rows = [a_row("s1", minute=30)]
    pull(link)
    assert pull(link) == PullResult(pages=1, rows=1, stored=0)
    assert shop.asked == [(1, ""), (1, "2026-03-02T12:20:00.000Z")]
    assert (RecordRow.objects.count(), Page.objects.count()) == (1, 1)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_pull_that_breaks_at_a_page_keeps_the_pages_before_and_the_next_one_gets_the_rest(
    link: Connection, shop: Shop, page: int
) -> None:
    shop.rows = [a_row(f"s{minute}", minute=minute) for minute in range(6)]
    shop.page_size = 2

    def lose_the_next(number: int) -> None:
        if number == page - 1:
            shop.server.fail("html_200")

    lose_the_next(0)
    shop.after_page = lose_the_next
    with pytest.raises(Failure):
        pull(link)
    assert len(stored()) == 2 * (page - 1)
    assert mark() is None
    shop.after_page = lambda number: None
    assert pull(link).stored == 6 - 2 * (page - 1)
    assert (len(stored()), mark()) == (6, NOON + timedelta(minutes=5))


def test_a_break_after_a_first_pull_leaves_the_watermark_where_it_was(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row("s1", minute=1)]
    pull(link)
    shop.rows = [a_row("s1", minute=1), a_row("s2", minute=50), a_row("s3", minute=60)]
    shop.after_page = lambda number: shop.server.fail("html_200")
    with pytest.raises(Failure):
        pull(link)
    assert mark() == NOON + timedelta(minutes=1)


def test_a_lost_answer_is_asked_for_again_within_the_pull(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row("s1")]
    shop.server.fail("drop_before")
    assert pull(link).stored == 1


@pytest.mark.case("B05")
def test_the_same_page_for_ever_is_noticed_and_ends(link: Connection, shop: Shop) -> None:
    shop.rows, shop.for_ever = [a_row("s1"), a_row("s2")], True
    with pytest.raises(BadAnswer, match="same rows"):
        pull(link)
    assert (len(stored()), mark()) == (2, None)


@pytest.mark.case("B07")
def test_an_empty_page_in_the_middle_is_not_the_end(link: Connection, shop: Shop) -> None:
    shop.rows, shop.empty_page = [a_row(f"s{number}") for number in range(5)], 2
    assert pull(link).rows == 5


@pytest.mark.case("B02")
def test_a_row_that_moves_to_a_later_page_while_we_read_is_stored_once(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row(f"s{number}", minute=number) for number in range(4)]

    def move(number: int) -> None:
        if number == 1:
            shop.rows.append(a_row("s0", "15.00", minute=9))

    shop.after_page = move
    pull(link)
    assert stored() == {"s0": 1_500, "s1": 1_200, "s2": 1_200, "s3": 1_200}


@pytest.mark.case("B03")
def test_many_rows_of_the_watermark_s_own_second_are_read_again_and_none_is_lost(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row(f"s{number}", minute=5) for number in range(3)]
    pull(link)
    shop.rows += [a_row("late", minute=5)]
    assert pull(link).stored == 1


@pytest.mark.case("B13")
def test_rows_older_than_what_we_asked_for_do_no_harm(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row("s1", "15.00", minute=30)]
    pull(link)
    shop.rows = [a_row("s1", "12.00", minute=0), a_row("s0", minute=-9_000)]
    assert pull(link).stored == 1
    assert stored() == {"s1": 1_500, "s0": 1_200}
    assert mark() == NOON + timedelta(minutes=30)


@pytest.mark.case("B14")
def test_a_change_from_the_future_does_not_end_all_pulling(link: Connection, shop: Shop) -> None:
    shop.rows = [a_row("s1", changed="2199-01-01T00:00:00Z")]
    pull(link)
    assert (reached := mark()) is not None
    assert reached <= datetime.now(UTC)


@pytest.mark.case("B15")
def test_rows_without_an_age_go_back_and_forth_with_the_platform(link: Connection, shop: Shop) -> None:
    for total in ("12.00", "15.00", "12.00", "12.00"):
        shop.rows = [a_row("s1", total, changed=None)]
        pull(link, "ageless")
        assert stored() == {"s1": int(total[:2]) * 100}
    assert RecordRow.objects.count() == 3
    assert mark() is None


def test_every_odd_row_becomes_a_record_or_a_problem_and_costs_no_neighbor(link: Connection, shop: Shop) -> None:
    shop.rows, shop.page_size = [row for row, _ in ODD_ROWS], 100
    codes = sorted(code for _, code in ODD_ROWS if code)
    result = pull(link)
    assert (result.stored, result.refused) == (len(ODD_ROWS) - len(codes), len(codes))
    assert sorted(ProblemRow.objects.values_list("code", flat=True)) == codes
    titles = {row.record.lines[0].label for row in RecordRow.objects.all()}  # type: ignore[union-attr]
    assert titles == {row.get("title", "") for row, code in ODD_ROWS if not code}
    assert pull(link).stored == 0
    assert ProblemRow.objects.count() == len(codes)


def test_a_row_that_is_gone_and_comes_back_is_followed(link: Connection, shop: Shop) -> None:
    for minute, deleted in enumerate((False, True, False)):
        shop.rows = [a_row("s1", minute=minute, deleted=deleted)]
        pull(link)
        assert stored() == {"s1": 0 if deleted else 1_200}
