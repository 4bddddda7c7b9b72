"""A listing is gone on with where it was left: after a step, after a crash, and not where that would lose something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import credentials, place
from connectors.auth import Secrets
from connectors.errors import BadAnswer, Failure, PlatformDown
from connectors.http import open_door
from connectors.models import Bookmark, Connection, Page, Watermark
from connectors.paging import Cursor, PageNumber, walk
from connectors.place import Place
from connectors.pull import PullResult, Step, pull_connection, pull_recent, pull_stream
from connectors.services import connect_commerce, move
from connectors.session import Session
from connectors.walking import walk_each
from connectors.wire import Request, Response
from ledger.models import RecordRow
from tests.connectors.server import Answer, Seen
from tests.ledger.cast import london
from tests.platforms.hostile_sales import NOON, HostileSales, Shop, a_row, running

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


def pull(link: Connection, step: Step | None = None, stream: str = "sales") -> PullResult:
    """Pull one stream, for a step (None: to its end)."""
    platform = HostileSales()
    with open_door(link, platform) as door:
        session = Session(link.pk, link.company_id, link.settings, door)
        return pull_stream(link, session, platform, stream, step)


def pull_all(link: Connection, **options: Any) -> PullResult:
    platform = HostileSales()
    with open_door(link, platform) as door:
        return pull_connection(link, Session(link.pk, link.company_id, link.settings, door), **options)


def one_page(step: Step) -> Step:
    """Another step of the same pull, over as soon as it has a page."""
    return Step(step.act, 0)


def pull_page_by_page(link: Connection, most: int) -> None:
    step = Step()
    for _ in range(most):
        pull(link, one_page(step))


def stored() -> dict[str, int]:
    return dict(RecordRow.objects.filter(superseded=False).values_list("external_id", "total"))


def mark() -> datetime | None:
    return Watermark.objects.filter(dataset="sales").values_list("reached_at", flat=True).first()


def six(shop: Shop) -> None:
    """Three pages of two sales."""
    shop.rows = [a_row(f"s{minute}", minute=minute) for minute in range(6)]


def test_each_step_reads_on_and_the_watermark_waits_for_the_last(link: Connection, shop: Shop) -> None:
    six(shop)
    step = Step()
    for number in (1, 2):
        assert pull(link, one_page(step)) == PullResult(pages=1, rows=2, stored=2, complete=False)
        assert (len(stored()), mark(), Bookmark.objects.get().pages) == (2 * number, None, number)
    assert pull(link, one_page(step)) == PullResult(pages=1, rows=2, stored=2)
    assert [page for page, _ in shop.asked] == [1, 2, 3]
    assert (mark(), Bookmark.objects.count()) == (NOON + timedelta(minutes=5), 0)


def test_what_crashed_goes_on_behind_the_last_page_that_was_stored(link: Connection, shop: Shop) -> None:
    six(shop)
    step = Step()
    shop.after_page = lambda number: shop.server.fail("html_200") if number == 2 else None
    with pytest.raises(Failure):
        pull(link, step)
    shop.after_page = lambda number: None
    shop.asked.clear()
    assert pull(link, step).stored == 2
    assert [page for page, _ in shop.asked] == [3]


def test_a_listing_that_an_earlier_pull_began_is_finished_and_what_changed_since_then_is_read(
    link: Connection, shop: Shop
) -> None:
    six(shop)
    pull(link, Step(seconds=0))
    shop.rows[0] = a_row("s0", "15.00", minute=7)  # on a page that has been read
    assert pull(link).stored == 5
    assert stored()["s0"] == 1_500
    assert [asked for asked in shop.asked if asked[0] == 1] == [(1, ""), (1, "2026-03-02T11:55:00.000Z")]
    assert mark() == NOON + timedelta(minutes=7)


@pytest.mark.case("B14")
def test_the_watermark_is_never_beyond_the_beginning_of_the_listing_however_late_it_ends(
    link: Connection, shop: Shop
) -> None:
    six(shop)
    step = Step()
    pull(link, one_page(step))
    began = Bookmark.objects.get().began_at
    soon = datetime.now(UTC) + timedelta(days=1)
    shop.rows[5] = a_row("s5", minute=round((soon - NOON).total_seconds() / 60))
    pull(link, step)
    assert mark() == began


@pytest.mark.parametrize("change", ["settings", "key"])
def test_a_bookmark_of_another_listing_is_not_followed(link: Connection, shop: Shop, change: str) -> None:
    six(shop)
    pull(link, Step(seconds=0))
    if change == "settings":
        link.settings = {**link.settings, "shop": "another"}
        link.save()
    else:
        Bookmark.objects.update(place=b"of another form")
    assert pull(link).pages == 3
    assert [page for page, _ in shop.asked] == [1, 1, 2, 3]


def test_a_connection_that_moves_forgets_its_bookmarks(link: Connection, shop: Shop) -> None:
    six(shop)
    pull(link, Step(seconds=0))
    assert move(link, {"base_url": "https://other.example"})
    assert not Bookmark.objects.exists()


def test_a_refused_bookmark_stays_while_everything_is_refused(link: Connection, shop: Shop) -> None:
    six(shop)
    pull(link, Step(seconds=0))
    shop.server.fail("html_200", times=2)
    with pytest.raises(BadAnswer):
        pull(link)
    assert Bookmark.objects.get().pages == 1
    assert pull(link).pages >= 2
    assert len(stored()) == 6


def test_a_platform_that_is_down_keeps_its_bookmark(link: Connection, shop: Shop) -> None:
    six(shop)
    step = Step()
    pull(link, one_page(step))
    shop.server.fail("drop_before", times=20)
    with pytest.raises(PlatformDown):
        pull(link, step)
    shop.server.faults.clear()
    shop.asked.clear()
    assert pull(link, step).stored == 4
    assert [page for page, _ in shop.asked] == [2, 3]


def test_streams_that_are_through_wait_for_the_others(link: Connection, shop: Shop) -> None:
    """`ageless` has no watermark, so that each step would read it from its beginning."""
    six(shop)
    asked: list[str] = []
    for path in ("/sales", "/ageless"):
        shop.server.routes[path] = lambda seen: (asked.append(seen.path), shop.answer(seen))[1]  # type: ignore[func-returns-value]
    act, steps = uuid4(), 1
    while not pull_all(link, act=act, seconds=0).complete:
        steps += 1
    assert (steps, len(asked), asked.count("/ageless")) == (6, 6, 3)
    assert not Bookmark.objects.exists()
    asked.clear()
    pull_all(link, act=uuid4())
    assert sorted(asked) == ["/ageless"] * 3 + ["/sales"] * 3


def test_somebody_who_waits_gets_what_has_come_in_time_of_each_stream(link: Connection, shop: Shop) -> None:
    six(shop)
    told: list[int] = []
    with open_door(link, HostileSales()) as door:
        session = Session(link.pk, link.company_id, link.settings, door)
        since = NOON - timedelta(days=1)
        found = pull_recent(link, session, since, lambda so_far: told.append(so_far.rows), seconds=0)
    assert (found.complete, found.pages, told) == (False, 2, [2, 4])
    assert not Bookmark.objects.exists()
    assert pull_all(link).pages == 6


@pytest.mark.case("B05")
def test_a_circle_longer_than_a_step_is_noticed(link: Connection, shop: Shop) -> None:
    six(shop)
    circle = [{"rows": shop.rows[2 * page : 2 * page + 2], "more": True} for page in range(3)]

    def round_and_round(seen: Seen) -> Any:
        return circle[(int(seen.query["page"][0]) - 1) % 3]

    shop.server.routes["/sales"] = round_and_round
    with pytest.raises(BadAnswer, match="earlier page"):
        pull_page_by_page(link, 20)
    assert mark() is None


@pytest.mark.case("B07")
def test_empty_pages_are_counted_over_the_steps(link: Connection, shop: Shop) -> None:
    shop.server.routes["/sales"] = lambda seen: {"rows": [], "more": True}
    with pytest.raises(BadAnswer, match="empty pages"):
        pull_page_by_page(link, 210)  # it is begun anew once


def test_the_page_and_the_bookmark_behind_it_are_stored_together(link: Connection, shop: Shop) -> None:
    six(shop)
    with pytest.raises(RuntimeError, match="dies"):
        pull(link, Step(moved=dies))
    assert (Page.objects.count(), Bookmark.objects.get().pages) == (1, 1)


def dies() -> None:
    raise RuntimeError("the worker dies")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(0, 9),
    size=st.integers(1, 4),
    cuts=st.lists(st.sampled_from(["step", "crash", "refused", "new pull"]), max_size=12),
)
def test_however_a_pull_is_cut_it_stores_what_one_in_one_go_stores(
    link: Connection, shop: Shop, rows: int, size: int, cuts: list[str]
) -> None:
    for table in (Bookmark, Watermark):
        table.objects.all().delete()
    first = RecordRow.objects.count()  # of the examples before: each has sales of its own
    shop.page_size = size
    shop.rows = [a_row(f"{first}-{minute}", minute=minute) for minute in range(rows)]
    step = Step()
    for cut in cuts:
        if cut == "new pull":
            step = Step()
        if cut == "refused":
            shop.server.fail("html_200")
        with suppress(RuntimeError, BadAnswer):
            pull(link, Step(step.act, 0, dies if cut == "crash" else lambda: None))
        shop.server.faults.clear()
    pull(link, step)
    assert {id for id in stored() if id.startswith(f"{first}-")} == {row["id"] for row in shop.rows}
    assert mark() == (NOON + timedelta(minutes=rows - 1) if rows else None)
    assert not Bookmark.objects.exists()


class Told:
    """Answers each question with the next of its pages."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies, self.asked = list(bodies), list[Request]()

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(200, {}, self.bodies.pop(0), request.path)


def test_a_walk_goes_on_behind_each_of_its_pages() -> None:
    pages = [b'{"rows": [1], "cursor": "b"}', b'{"rows": [2], "cursor": "c"}', b'{"rows": [3]}']
    start, paging = Request("GET", "/rows"), Cursor("cursor")
    whole = list(walk(Told(*pages), start, paging=paging, rows="rows"))
    for number, page in enumerate(whole, 1):
        kept = place.encode(page.then) if page.then else None
        assert kept is not None
        rest = walk(Told(*pages[number:]), start, paging=paging, rows="rows", at=place.decode(kept))
        assert [each.rows for each in rest] == [each.rows for each in whole[number:]]
    assert whole[-1].then is not None
    assert whole[-1].then.is_end


def test_a_page_that_does_not_say_what_follows_is_used_before_that_is_told() -> None:
    pages = walk(Told(b'{"rows": [1], "cursor": {"a'), Request("GET", "/rows"), paging=Cursor("cursor"), rows="")
    with pytest.raises(BadAnswer):
        next(pages)
    told = walk(Told(b"[1]"), Request("GET", "/rows"), paging=Cursor("cursor"))
    page = next(told)
    assert (page.rows, page.then) == ((b"1",), None)
    with pytest.raises(BadAnswer):
        next(told)


def test_walks_that_follow_each_other_are_gone_on_with_without_asking_which_they_are() -> None:
    bodies = [b"[1]", b"[]", b"[]", b"[3]", b"[]"]
    requests = [Request("GET", f"/{name}") for name in "abc"]
    whole = list(walk_each(Told(*bodies), lambda: requests, paging=PageNumber()))
    assert [request.path for request, _ in whole] == ["/a", "/a", "/b", "/c", "/c"]
    for number, (_, page) in enumerate(whole, 1):
        told = Told(*bodies[number:])
        rest = list(walk_each(told, lambda: pytest.fail("asked"), paging=PageNumber(), at=page.then))
        assert [page.rows for _, page in rest] == [page.rows for _, page in whole[number:]]
        assert [request.path for request in told.asked] == [request.path for request, _ in whole[number:]]


def test_a_place_too_large_to_be_kept_is_not_kept() -> None:
    assert place.encode(Place(Request("GET", "/rows", (("cursor", "x" * place.MOST_BYTES),)))) is None


def test_a_place_has_no_secret(link: Connection, shop: Shop) -> None:
    six(shop)
    pull(link, Step(seconds=0))
    kept = bytes(Bookmark.objects.get().place or b"")
    assert b"/sales" in kept
    assert b"hostile-test-key" not in kept


def test_a_server_that_refuses_the_cursor_of_a_step_is_asked_from_the_beginning_once(
    link: Connection, shop: Shop
) -> None:
    six(shop)
    step = Step()
    pull(link, one_page(step))
    refused = [True, True]

    def refuses(seen: Seen) -> Any:
        if int(seen.query["page"][0]) == 2 and refused:
            refused.pop()
            return Answer(400, {"message": "INVALID_CURSOR"})
        return shop.answer(seen)

    shop.server.routes["/sales"] = refuses
    assert not pull(link, one_page(step)).complete
    assert Bookmark.objects.get().began_anew
    with pytest.raises(Failure):
        pull(link, one_page(step))
    assert not Bookmark.objects.exists()
    assert pull(link, step).complete
    assert len(stored()) == 6
