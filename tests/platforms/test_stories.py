"""A month with every case in it, of every source at every target: to the cent what our own books keep of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from connectors import push_send, registry
from connectors.declare import Budget
from connectors.models import Binding, PushItem
from ledger.models import AuditEntry, ProblemRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer
from tests.connectors.server import running as serving
from tests.platforms.stories import CASES, Merchant, cases_in, missing, sources, story_of
from tests.platforms.targets import MODES, balances, running, targets

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(source: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    """The server of the source; nothing that is called here is in a hurry to be spared."""
    if file := missing(story_of(source)):
        pytest.skip(f"{file} is not at hand")
    for platform in (registry.commerce(source), *map(registry.accounting, targets())):
        monkeypatch.setattr(type(platform), "budget", Budget())
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    with serving() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        yield server


def told(server: PlatformServer, merchant: Merchant) -> Iterator[Any]:
    """The month, with a sync after each part of it: the source after each."""
    fake = merchant.story.opened()
    server.otherwise = fake.answer
    for part in merchant.story.PARTS:
        part(fake)
        merchant.sync()
        yield fake


KEPT: dict[tuple[str, str], list[dict[str, int]]] = {}


def kept(source: str, mode: Any, server: PlatformServer) -> list[dict[str, int]]:
    """What our own books keep of the story, after each part of it; told once for all targets."""
    if (source, mode) not in KEPT:
        merchant = Merchant(source, server.url, mode)
        found = [trial_balance(merchant.company) for _ in told(server, merchant)]
        assert all(before != after for before, after in pairwise([{}, *found])), "a part tells nothing"
        KEPT[source, mode] = found
    return KEPT[source, mode]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("source", sources())
def test_the_month_is_there_to_the_cent_after_each_part_of_it(
    source: str, target: str, mode: Any, shop: PlatformServer, settings: Any
) -> None:
    expected = kept(source, mode, shop)
    with running(target) as fake:
        fake.in_currency(story_of(source).CURRENCY)
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [shop.place, fake.place]
        merchant = Merchant(source, shop.url, mode, target, fake)
        for part, _ in enumerate(told(shop, merchant)):
            left = PushItem.objects.filter(company=merchant.company).exclude(state__in=("pushed", "voided"))
            assert list(left.values_list("failure_code", "failure_sentence")) == []
            assert balances(fake.documents()) == expected[part], f"after part {part + 1}"
        assert set(Binding.objects.values_list("agrees", flat=True)) == {True}
        assert not AuditEntry.objects.filter(code="document.mismatch").exists()
        open_ = ProblemRow.objects.filter(company=merchant.company, resolved_at=None)
        assert [(each.code, each.subject) for each in open_ if each.severity == "blocks"] == []


@pytest.mark.parametrize("source", sources())
def test_the_story_tells_each_case_that_its_platform_knows(source: str, shop: PlatformServer) -> None:
    merchant = Merchant(source, shop.url, "journal")
    *_, fake = told(shop, merchant)
    story = merchant.story
    there = cases_in(merchant.versions()) | {f"{way} prices" for way in story.prices(fake)}
    assert set(CASES) - there == set(story.CANNOT)
    assert all(story.CANNOT.values())
