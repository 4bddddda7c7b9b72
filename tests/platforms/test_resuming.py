"""A pull that is done in steps, or by workers that die, brings what one in one go brings: at every source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from commerce_sync import engine
from connectors.errors import Failure
from connectors.models import Bookmark, Watermark
from connectors.pull import PullResult, Step, pull_connection, pull_stream
from connectors.session import Session
from ledger.models import Partner, RecordRow
from tests.connectors.server import Answer, PlatformServer, Seen, running
from tests.platforms.exchanges import Json, question_of
from tests.platforms.folders import outside_platforms, without_catalog_costs, written
from tests.platforms.stories import sources
from tests.platforms.test_conformance_wire import CANARY, Linked
from tests.platforms.test_restless_sources import Kept, a_merchant, kept
from tests.platforms.test_restless_sources import shop as shop

pytestmark = pytest.mark.django_db

of_each_platform = pytest.mark.parametrize("key", outside_platforms())
MOST = 300
"""Attempts after which a pull of the recorded pages has to be done."""


@pytest.fixture
def linked(key: str, settings: Any, tmp_path: Path) -> Iterator[Linked]:
    settings.STATIC_ROOT = tmp_path
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: {"client_id": "us", "client_secret": CANARY}}
        yield Linked(key, server)


def a_step(linked: Linked, act: UUID) -> PullResult:
    """The shortest: it ends with the first page."""
    with linked.door() as door:
        session = Session(linked.connection.pk, linked.company.pk, linked.connection.settings, door)
        return pull_connection(linked.connection, session, act=act, seconds=0)


def a_stream(linked: Linked, name: str, step: Step) -> PullResult:
    linked.connection.refresh_from_db()  # whatever names have come meanwhile
    with linked.door() as door:
        session = Session(linked.connection.pk, linked.company.pk, linked.connection.settings, door)
        return pull_stream(linked.connection, session, linked.folder.platform, name, step)


def questions(linked: Linked) -> Counter[str]:
    """What was asked so far; the log is empty then."""
    found = Counter(json.dumps(question_of(seen), sort_keys=True) for seen in linked.server.log)
    linked.server.log.clear()
    return found


def marks() -> dict[str, Any]:
    return dict(Watermark.objects.values_list("dataset", "reached_at"))


def assert_golden(linked: Linked) -> None:
    found = RecordRow.objects.filter(source__company=linked.company, superseded=False)
    rows = [written(row.record) for row in found]
    ours, theirs = sorted(rows, key=lambda row: (row["record"], row["id"])), linked.golden()
    for mine, golden in zip(ours, theirs, strict=True):
        if golden.get("lines", ()) is None:
            mine["lines"] = None
        without_catalog_costs(mine, golden)
    assert ours == theirs


@of_each_platform
def test_a_pull_in_steps_asks_and_brings_what_one_in_one_go_asks_and_brings(key: str, linked: Linked) -> None:
    linked.pull()
    asked, reached = questions(linked), marks()
    Partner.objects.update(name="Others")
    stepwise = Linked(key, linked.server)
    Watermark.objects.all().delete()
    act, steps = uuid4(), 1
    while not a_step(stepwise, act).complete:
        steps += 1
        assert steps < MOST
    assert steps >= len(stepwise.folder.streams)
    assert_golden(stepwise)
    assert questions(stepwise) == asked
    assert {name: at for name, at in marks().items() if not name.endswith("?gone")} == {
        name: at for name, at in reached.items() if not name.endswith("?gone")
    }
    assert not Bookmark.objects.exists()


def dying(linked: Linked, most: int) -> None:
    """The platform answers so often, and is out of order from then on."""
    left = [most]

    def answer(seen: Seen) -> Any:
        left[0] -= 1
        return linked._answer(seen) if left[0] >= 0 else Answer(500, {})

    linked.server.otherwise = answer


def progress() -> list[Any]:
    return list(Bookmark.objects.order_by("dataset").values_list("dataset", "pages", "place"))


@of_each_platform
@pytest.mark.case("B23")
def test_a_pull_that_ends_after_each_page_goes_on_there_and_brings_all(key: str, linked: Linked) -> None:
    for name in sorted(linked.folder.streams, key=lambda name: bool(linked.folder.streams[name].kinds)):
        step, most = Step(), 1
        for attempt in range(MOST):
            assert attempt < MOST - 1, name
            before = progress()
            dying(linked, most)
            try:
                a_stream(linked, name, step)
                break
            except Failure:
                most = 1 if progress() != before else most + 1
    linked.server.otherwise = linked._answer
    assert_golden(linked)
    assert not Bookmark.objects.exists()


@of_each_platform
@pytest.mark.case("B04")
def test_a_bookmark_that_is_not_taken_any_more_begins_the_listing_once_more_and_not_a_third_time(
    key: str, linked: Linked
) -> None:
    names = sorted(linked.folder.streams, key=lambda name: bool(linked.folder.streams[name].kinds))
    left = [name for name in names if not a_stream(linked, name, Step(seconds=0)).complete]
    assert left, "no stream can be left"
    name = left[0]
    refuse_once(linked)
    again = a_stream(linked, name, Step(seconds=0))
    assert again.pages == 1
    assert Bookmark.objects.get(dataset=name).began_anew or again.complete
    if not again.complete:
        refuse_once(linked)
        with pytest.raises(Failure):
            a_stream(linked, name, Step(seconds=0))
        assert not Bookmark.objects.filter(dataset=name).exists()
    linked.pull()
    assert_golden(linked)
    assert not Bookmark.objects.exists()


def refuse_once(linked: Linked) -> None:
    """The next question is refused as one is whose cursor has expired."""
    calls: list[Json] = []

    def answer(seen: Seen) -> Any:
        calls.append(question_of(seen))
        return Answer(400, {"message": "the cursor has expired"}) if len(calls) == 1 else linked._answer(seen)

    linked.server.otherwise = answer


def month(source: str, shop: PlatformServer, page: int) -> Kept:
    """The month of a merchant whose pages are that small."""
    merchant = a_merchant(source, shop)
    fake: Any = merchant.story.opened()
    fake.page = page
    shop.otherwise = fake.answer
    for part in merchant.story.PARTS:
        part(fake)
        merchant.sync()
    assert not Bookmark.objects.exists()
    return kept(merchant)


@pytest.mark.parametrize("source", sources())
def test_the_story_pulled_in_steps_of_one_page_ends_as_it_does_in_one_go(
    source: str, shop: PlatformServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_one_go = month(source, shop, 2)
    monkeypatch.setattr(engine, "PULL_SECONDS", 0)
    assert month(source, shop, 2) == in_one_go
