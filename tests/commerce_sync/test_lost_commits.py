"""The answer to a COMMIT is lost: nobody knows whether it was carried out. It was, and doing it again does nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django import db
from django.db import connection as database

from commerce_sync import services, work
from commerce_sync.models import Job, Sync
from connectors import push_send
from connectors.models import Binding, PushItem
from ledger.models import Company, RecordRow, Standing
from tests.api.cast import Api, make_partner, ready_company, shop_of
from tests.api.cast import an_order as a_row
from tests.commerce_sync.cast import a_merchant, allow_truncate, an_order, books_of, sell, trial_balance
from tests.commerce_sync.lost_commits import Way, losing_commits
from tests.platforms import hostile_books
from tests.platforms.hostile_books import duplicates

pytestmark = pytest.mark.django_db(transaction=True)
MOST_COMMITS = 40


@pytest.fixture
def way() -> Iterator[Way]:
    allow_truncate()
    with losing_commits() as found:
        yield found


def lose_next(way: Way) -> None:
    way.lose = way.commits + 1


@pytest.mark.case("H03")
def test_a_push_whose_answer_was_lost_is_sent_again_and_stored_once(way: Way) -> None:
    partner = make_partner()
    shop = shop_of(ready_company(partner))
    api = Api(partner)
    orders = f"/companies/{shop.company.public_id}/connections/{shop.public_id}/data/commerce-orders"
    assert api.get("/companies").status_code == 200  # what a key takes once a minute is taken
    lose_next(way)
    answer = api.put(orders, [a_row(1)])
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "may" not in answer.json()["error"]
    assert RecordRow.objects.count() == 1  # it was stored, and so nobody said that it was not
    assert [row["status"] for row in api.put(orders, [a_row(1)]).json()["results"]] == ["unchanged"]
    assert RecordRow.objects.count() == 1


@pytest.mark.case("H03")
def test_a_post_whose_answer_was_lost_is_answered_from_what_was_kept(way: Way) -> None:
    api = Api(make_partner())
    replayed = []
    for number in range(1, 3):  # what is too old is forgotten, then it is carried out
        way.lose = way.commits + number
        name = f"Company-{number}"
        once = {"headers": {"Idempotency-Key": name}}
        assert api.post("/companies", {"name": name}, **once).status_code == 503
        again = api.post("/companies", {"name": name}, **once)
        replayed.append(again.headers.get("Idempotent-Replayed"))
        assert again.status_code == 200
        assert str(Company.objects.get(name=name).public_id) == again.json()["id"]
    assert replayed == [None, "true"]


@pytest.mark.case("H03")
@pytest.mark.parametrize("platform", ["books", "hostile"])
def test_whichever_commit_of_a_sync_is_lost_everything_is_there_once(
    way: Way, platform: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
    lost = 0
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        rules.unique_ref = True
        for number in range(MOST_COMMITS):
            company = a_merchant(f"Merchant {number}", platform=platform)
            if platform != "books":
                hostile_books.connect(books_of(company), server)
            sell(company, an_order(1), an_order(2))
            services.request_sync(company=company)
            way.lose = way.commits + 1 + number
            work_it_off()
            was_lost, way.lose = way.is_lost, 0
            assert_once(company, platform)
            assert not duplicates(server)
            if not was_lost:
                break  # each COMMIT of a sync has been the lost one
            lost += 1
        assert 2 <= lost < MOST_COMMITS - 1
        if platform != "books":
            assert len(server.documents) == Company.objects.count()


def work_it_off() -> None:
    """As workers do, who go on after an outage."""
    for _ in range(40):
        with contextlib.suppress(db.OperationalError, db.InterfaceError):
            if not Job.objects.exists():
                return
            work.drain(5)
            soon()
        db.close_old_connections()
    raise AssertionError(list(Job.objects.values()))


def soon() -> None:
    """What waits has waited."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE commerce_sync_job SET next_at = now()")
        cursor.execute("UPDATE commerce_sync_companyqueue SET next_at = now() WHERE next_at IS NOT NULL")


def assert_once(company: Company, platform: str) -> None:
    assert Standing.objects.filter(company=company, state=1).count() == 2
    assert Sync.objects.get(company=company).code == 2000
    if platform == "books":
        assert trial_balance(company) == {"1100": 2_400, "4000": -2_000, "2200": -400}
    else:
        items = PushItem.objects.filter(document__company=company)
        assert set(items.values_list("state", flat=True)) == {"pushed"}
        assert Binding.objects.filter(document__company=company).count() == items.count() == 1
