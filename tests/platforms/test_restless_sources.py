"""Sales go on while they are read: at every source the month ends as it does when each sync finds the shop at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors import push_send, registry
from connectors.declare import Budget
from ledger.models import Company, RecordRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer, Seen, running
from tests.platforms.folders import written
from tests.platforms.stories import Merchant, missing, sources, story_of

pytestmark = pytest.mark.django_db

Kept = tuple[list[Any], dict[str, int]]


@pytest.fixture
def shop(source: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    """The server of the source, in no hurry to be spared."""
    if file := missing(story_of(source)):
        pytest.skip(f"{file} is not at hand")
    monkeypatch.setattr(type(registry.commerce(source)), "budget", Budget())
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    with running() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        yield server


def a_merchant(source: str, shop: PlatformServer) -> Merchant:
    """Of many with the same story: each has a name of its own."""
    merchant = Merchant(source, shop.url, "journal")
    Company.objects.filter(pk=merchant.company.pk).update(name=f"Merchant {merchant.company.pk}")
    return merchant


def kept(merchant: Merchant) -> Kept:
    """What stands of the records, and the balances of the books."""
    rows = RecordRow.objects.filter(source__company=merchant.company, superseded=False)
    records = sorted((written(row.record) for row in rows), key=lambda row: (row["record"], row["id"]))
    return records, trial_balance(merchant.company)


def at_rest(source: str, shop: PlatformServer) -> tuple[Kept, int]:
    """The month with a sync after each part; and the calls of the sync that made the most of them."""
    merchant = a_merchant(source, shop)
    fake = merchant.story.opened()
    shop.otherwise = fake.answer
    most = 0
    for part in merchant.story.PARTS:
        part(fake)
        before = len(shop.log)
        merchant.sync()
        most = max(most, len(shop.log) - before)
    return kept(merchant), most


def restless(source: str, shop: PlatformServer, calls: int) -> Kept:
    """The month, each part of which begins after so many calls of the sync of the part before."""
    merchant = a_merchant(source, shop)
    fake = merchant.story.opened()
    todo: list[Callable[[Any], None]] = list(merchant.story.PARTS)
    todo.pop(0)(fake)
    answered = 0

    def answer(seen: Seen) -> Any:
        nonlocal answered
        found = fake.answer(seen)
        answered += 1
        if answered == calls and todo:
            todo.pop(0)(fake)
        return found

    shop.otherwise = answer
    for _ in merchant.story.PARTS:
        answered = 0
        merchant.sync()
        if answered < calls and todo:
            todo.pop(0)(fake)
    merchant.sync()
    return kept(merchant)


@pytest.mark.parametrize("source", sources())
@pytest.mark.case("B01", "B09")
def test_what_is_sold_while_pages_are_read_is_read_the_next_time_and_nothing_is_there_twice(
    source: str, shop: PlatformServer
) -> None:
    (records, balances), most = at_rest(source, shop)
    for calls in sorted({1, 2, 3, 5, 8, most // 2, most - 1} & set(range(1, most))):
        found, theirs = restless(source, shop, calls)
        assert [row for row in found if row not in records] == [], calls
        assert [row for row in records if row not in found] == [], calls
        assert theirs == balances, calls
