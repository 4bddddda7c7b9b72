"""A month with every case in it, of every source at every target: to the cent what our own books keep of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple, cast

import pytest

from connectors import push_send, registry
from connectors.declare import Budget
from connectors.models import Binding
from ledger.models import AuditEntry, ProblemRow
from tests.commerce_sync.cast import trial_balance
from tests.connectors.server import PlatformServer
from tests.connectors.server import running as serving
from tests.platforms.stories import (
    CASES,
    Merchant,
    Rates,
    Target,
    cases_in,
    costs_in,
    missing,
    sources,
    story_of,
    treatments_in,
)
from tests.platforms.targets import MODES, balances, running, targets

pytestmark = pytest.mark.django_db


class Kept(NamedTuple):
    """The balance of each account after each part of a story, the combinations of taxes in it, its cases, its costs."""

    balances: list[dict[str, int]]
    treatments: Rates
    cases: set[str]
    costs: list[int]


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


COGS, INVENTORY = "5000", "1300"


def told(server: PlatformServer, merchant: Merchant) -> Iterator[Any]:
    """The month, with a sync after each part of it: the source after each."""
    fake = merchant.story.opened()
    server.otherwise = fake.answer
    for part in merchant.story.PARTS:
        part(fake)
        merchant.sync()
        yield fake


KEPT: dict[tuple[str, str], Kept] = {}


def kept(source: str, mode: Any, server: PlatformServer) -> Kept:
    """What our own books keep of the story; it is told to them once for all targets."""
    if (source, mode) not in KEPT:
        merchant = Merchant(source, server.url, mode)
        parts = [(trial_balance(merchant.company), fake) for fake in told(server, merchant)]
        found = [balance for balance, _ in parts]
        assert all(before != after for before, after in pairwise([{}, *found])), "a part tells nothing"
        records = merchant.versions()
        cases = cases_in(records) | {f"{way} prices" for way in merchant.story.prices(parts[-1][1])}
        KEPT[source, mode] = Kept(found, treatments_in(records), cases, costs_in(records, "order"))
    return KEPT[source, mode]


@pytest.mark.parametrize("has_codes", [False, True], ids=["taxes_on_accounts", "taxes_by_code"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("source", sources())
@pytest.mark.case("B16", "B18")
def test_the_month_is_there_to_the_cent_after_each_part_of_it(
    source: str, target: str, mode: Any, has_codes: bool, shop: PlatformServer, settings: Any
) -> None:
    books = kept(source, mode, shop)
    with running(target) as found:
        fake = cast("Target", found)
        fake.in_currency(story_of(source).CURRENCY)
        if has_codes:
            fake.offer_taxes(books.treatments)
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [shop.place, fake.place]
        merchant = Merchant(source, shop.url, mode, target, fake)
        for part, _ in enumerate(told(shop, merchant)):
            assert balances(fake.documents()) == books.balances[part], f"after part {part + 1}"
        assert set(Binding.objects.values_list("agrees", flat=True)) == {True}
        assert not AuditEntry.objects.filter(code="document.mismatch").exists()
        open_ = ProblemRow.objects.filter(company=merchant.company, resolved_at=None)
        assert [(each.code, each.subject) for each in open_ if each.problem.blocks] == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("source", sources())
def test_what_was_sold_and_what_came_back_is_there_at_its_cost(
    source: str, target: str, mode: Any, shop: PlatformServer, settings: Any
) -> None:
    if not kept(source, mode, shop).costs:
        pytest.skip("nothing in the story has a cost")
    ours = Merchant(source, shop.url, mode, books_costs=True)
    list(told(shop, ours))
    books = trial_balance(ours.company)
    sold, back = (sum(costs_in(ours.versions(), kind)) for kind in ("order", "refund"))
    assert 0 < back < sold
    assert (books[COGS], books[INVENTORY]) == (sold - back, back - sold)
    with running(target) as found:
        fake = cast("Target", found)
        fake.in_currency(story_of(source).CURRENCY)
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [shop.place, fake.place]
        list(told(shop, Merchant(source, shop.url, mode, target, fake, books_costs=True)))
        assert balances(fake.documents()) == books


@pytest.mark.parametrize("source", sources())
def test_the_story_tells_each_case_that_its_platform_knows(source: str, shop: PlatformServer) -> None:
    story = story_of(source)
    assert set(CASES) - kept(source, "journal", shop).cases == set(story.CANNOT)
    assert all(story.CANNOT.values())
