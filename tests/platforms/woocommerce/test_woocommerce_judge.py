"""What is asked of a shop and what our pages and our fake say fits the vendor's own tables of routes and fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest

from tests.connectors.server import Answer
from tests.platforms.exchanges import Json, Recorder
from tests.platforms.folders import Folder
from tests.platforms.woocommerce import judge, story
from tests.platforms.woocommerce.record import HEADERS

pytestmark = pytest.mark.skipif(not judge.is_at_hand(), reason="the vendor's tables are not at hand")
FOLDER = Folder("woocommerce")


def whole(answered: Any) -> Any:
    """What a listing said, without its headers."""
    return answered.value if isinstance(answered, Answer) and answered.status == HTTPStatus.OK else answered


def asked_and_answered() -> Iterator[Json]:
    """Everything that is asked while the month of the story is told, part after part, whole and since a day."""
    fake = story.opened()
    for part in story.PARTS:
        part(fake)
        for since in (None, datetime(2026, 3, 10, tzinfo=UTC)):
            for name in FOLDER.streams:
                recorder = Recorder(lambda seen: whole(fake.answer(seen)), HEADERS)
                list(FOLDER.platform.fetch(FOLDER.session(recorder), name, since))
                yield from recorder.exchanges


@pytest.mark.parametrize("stream", FOLDER.streams)
def test_the_pages_are_as_the_vendor_describes_them(stream: str) -> None:
    assert {fault for exchange in FOLDER.exchanges(stream) for fault in judge.faults_of(exchange)} == set()


def test_what_is_asked_and_answered_in_the_story_is_as_the_vendor_describes_it() -> None:
    told = list(asked_and_answered())
    assert len(told) > 50
    assert {fault for exchange in told for fault in judge.faults_of(exchange)} == set()


def wrong(exchange: Json, change: Callable[[Any], object]) -> Json:
    copied: Json = json.loads(json.dumps(exchange))
    change(copied)
    return copied


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda one: one["request"].update(path="/wp-json/wc/v3/refunds"), "no such route"),
        (lambda one: one["request"].update(method="PATCH"), "no such route"),
        (lambda one: one["request"]["query"].update(updated_after="x"), "no parameter 'updated_after'"),
        (lambda one: one["request"]["query"].update(per_page="all"), "per_page='all'"),
        (lambda one: one["response"][0].update(total=12.5), "orders.total: 12.5 is no string"),
        (lambda one: one["response"][0].update(date_paid_gmt="2026-03-02"), "is no date-time"),
        (lambda one: one["response"][0].update(sum="1"), "orders.sum: no such field"),
        (lambda one: one["response"][0]["line_items"][0].update(id="7"), "orders.line_items.id: '7' is no integer"),
    ],
)
def test_the_judge_finds_what_is_wrong(change: Callable[[Any], object], fault: str) -> None:
    exchange = next(one for one in FOLDER.exchanges("orders") if one["response"] and one["response"][0]["line_items"])
    assert judge.faults_of(exchange) == []
    assert [each for each in judge.faults_of(wrong(exchange, change)) if fault in each]
