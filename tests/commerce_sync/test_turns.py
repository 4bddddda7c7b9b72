"""A sync of a shop that is larger than a worker's time: done in turns with others, and by workers that are killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings

from commerce_sync import engine, services, work
from commerce_sync.models import Job, Sync
from connectors.authorizing import authorize
from connectors.commerce.partner_pull import OFFERED
from connectors.models import Bookmark
from connectors.services import connect_commerce
from ledger.models import Company, Document, RecordRow
from tests.commerce_sync.cast import a_merchant, allow_truncate
from tests.commerce_sync.worker_process import start_worker
from tests.platforms.partner_endpoint import KEY, Endpoint, a_sale, running

PAGES = 5


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    with running() as endpoint:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [endpoint.place]
        endpoint.rows = {name: [] for name in OFFERED}
        endpoint.rows["orders"] = [a_sale(f"o{number}", minute=number) for number in range(2 * PAGES)]
        endpoint.most_rows = 2
        yield endpoint


def a_shop(endpoint: Endpoint, name: str) -> Company:
    """A merchant whose sales are pulled, and a sync that waits to be worked on."""
    company = a_merchant(name)
    link = connect_commerce(company=company, platform="partner_pull", actor="test", linked=False)
    authorize(connection=link, secrets={"base_url": endpoint.url, "apiKey": KEY}, actor="test")
    services.request_sync(company=company)
    return company


def orders_asked(endpoint: Endpoint) -> list[int]:
    return [asked.page for asked in endpoint.asked if asked.dataset == "orders"]


@pytest.mark.django_db
def test_large_shops_take_turns_and_each_ends_as_if_it_were_alone(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PULL_SECONDS", 0)
    companies = [a_shop(endpoint, name) for name in ("Rose", "Crown")]
    drained = work.drain(30)
    assert (drained.ended, drained.failed) == (2, 0)
    asked = orders_asked(endpoint)
    assert sorted(asked) == sorted(2 * list(range(1, PAGES + 1)))
    assert asked != 2 * list(range(1, PAGES + 1)), "one had to wait for the other"
    for company in companies:
        assert RecordRow.objects.filter(source__company=company).count() == 2 * PAGES
        sync = Sync.objects.get(company=company)
        assert (sync.code, sync.counts["pulled"]) == (2000, 2 * PAGES)
    assert not Bookmark.objects.exists()


@pytest.mark.django_db
def test_nothing_is_posted_before_all_has_been_read(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PULL_SECONDS", 0)
    a_shop(endpoint, "Rose")
    under_way: list[int] = []

    def look() -> bool:
        pages = list(Bookmark.objects.filter(place__isnull=False).values_list("pages", flat=True))
        assert not (pages and Document.objects.exists())
        under_way.extend(pages)
        return False

    work.drain(30, stopping=look)
    assert sorted(set(under_way)) == list(range(1, PAGES))
    assert Sync.objects.get().counts["documents"] == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.case("B23")
def test_workers_that_are_killed_after_every_page_get_through_and_no_page_is_read_twice(endpoint: Endpoint) -> None:
    allow_truncate()
    company = a_shop(endpoint, "Rose")
    Job.objects.update(max_attempts=3)
    for page in range(1, PAGES):
        assert worker(endpoint, "after_page") == -signal.SIGKILL
        assert Bookmark.objects.get().pages == page
        assert Job.objects.get().attempts <= 2
    assert worker(endpoint, "") == 0
    assert not Job.objects.exists()
    assert orders_asked(endpoint) == [*range(1, PAGES + 1)]
    assert RecordRow.objects.filter(source__company=company).count() == 2 * PAGES
    assert Sync.objects.get().code == 2000


def worker(endpoint: Endpoint, fault: str) -> int:
    """How a worker ended that was to meet `fault`."""
    return start_worker(django_settings.DATABASES["default"]["NAME"], endpoint.place, fault).wait(40)
