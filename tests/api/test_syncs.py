"""Syncs over the API: asked for, refused, and read."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from commerce_sync import correlation, work
from commerce_sync.correlation import CorrelationFilter
from commerce_sync.models import Sync
from connectors import registry
from connectors.accounting.books import Books
from connectors.session import CompanyFacts, Session
from ledger.models import Company
from tests.api.cast import FIRST_DAY, Api, an_order, make_company, push_orders, ready_company

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def _path(company: Company, tail: str) -> str:
    return f"/companies/{company.public_id}/sync/commerce/{tail}"


@pytest.fixture
def company(api: Api) -> Company:
    return ready_company(api.partner)


def test_a_company_that_was_never_synced_says_so(api: Api, company: Company) -> None:
    status = api.get(f"/meta/companies/{company.public_id}/sync/commerce/status").json()
    assert status["syncStatus"] == "NotStarted"
    assert "syncId" not in status
    assert len(status["dataConnections"]) == 2
    assert api.get(_path(company, "syncs/latest/status")).status_code == 404
    assert api.get(_path(company, "syncs/lastSuccessful/status")).status_code == 404
    assert api.get(_path(company, "syncs/list/status")).json() == []


@pytest.mark.django_db(transaction=True)
def test_what_was_pushed_is_in_the_books_after_a_sync(api: Api, company: Company) -> None:
    push_orders(api, company, [an_order(1), an_order(2, amount="24.00")])
    asked = api.post(_path(company, "latest"))
    assert asked.status_code == 200, asked.content
    summary = asked.json()
    assert (summary["syncStatusCode"], summary["syncStatus"]) == (1000, "NotStarted")
    work.drain()
    for tail in ("syncs/latest/status", "syncs/lastSuccessful/status", f"syncs/{summary['commerceSyncId']}/status"):
        status = api.get(_path(company, tail)).json()
        assert status["syncId"] == summary["commerceSyncId"]
        assert (status["syncStatusCode"], status["syncStatus"], status["dataPushed"]) == (2000, "Complete", True)
    assert [each["syncId"] for each in api.get(_path(company, "syncs/list/status")).json()] == [
        summary["commerceSyncId"]
    ]
    again = api.post(_path(company, "latest"), {}).json()
    work.drain()
    status = api.get(f"/meta/companies/{company.public_id}/sync/commerce/status").json()
    assert status["syncId"] == again["commerceSyncId"]
    assert (status["syncStatusCode"], status["dataPushed"]) == (2040, False)


def test_a_second_sync_while_one_is_under_way_is_5080(api: Api, company: Company) -> None:
    assert api.post(_path(company, "latest")).status_code == 200
    for path, body in (
        (_path(company, "latest"), {}),
        (f"/meta/companies/{company.public_id}/sync/commerce/historic",
         {"dateRange": {"start": "2026-03-01T00:00:00Z", "finish": "2026-03-02T00:00:00Z"}}),
    ):  # fmt: skip
        refused = api.post(path, body)
        assert refused.status_code == 400
        assert (refused.json()["detailedErrorCode"], refused.json()["canBeRetried"]) == (5080, "True")
    assert Sync.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_refusal_that_says_to_try_again_does_not_outlast_its_cause(api: Api, company: Company) -> None:
    api.post(_path(company, "latest"))
    key = {"Idempotency-Key": "k1"}
    refused = api.post(_path(company, "latest"), {}, headers=key)
    assert (refused.status_code, refused.json()["canBeRetried"]) == (400, "True")
    work.drain()
    assert api.post(_path(company, "latest"), {}, headers=key).status_code == 200
    assert Sync.objects.count() == 2


def test_before_it_is_configured_a_company_cannot_be_synced(api: Api) -> None:
    company = make_company(api.partner)
    refused = api.post(_path(company, "latest"))
    assert refused.status_code == 400
    body = refused.json()
    assert body["detailedErrorCode"] == 4000
    assert [each["itemId"] for each in body["validation"]["errors"]] == [
        "dataConnections", "dataConnections", "configuration"
    ]  # fmt: skip
    assert not Sync.objects.exists()


def test_latest_goes_through_the_day_of_the_instant_that_is_said(api: Api, company: Company) -> None:
    with time_machine.travel(NOON, tick=False):
        asked = api.post(_path(company, "latest"), {"syncTo": "2026-02-27T23:59:00"}).json()
        assert asked["syncDateRangeUtc"]["finish"] == "2026-02-28T00:00:00Z"
    assert Sync.objects.get().through_day.isoformat() == "2026-02-27"


def test_latest_never_reaches_into_the_future(api: Api, company: Company) -> None:
    with time_machine.travel(NOON, tick=False):
        api.post(_path(company, "latest"), {"syncTo": "2036-01-01T00:00:00Z"})
    assert Sync.objects.get().through_day == FIRST_DAY


@pytest.mark.parametrize(
    ("start", "finish", "field"),
    [
        ("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "dateRange.finish"),
        ("2199-03-02T00:00:00Z", "2199-03-03T00:00:00Z", "dateRange.start"),
        ("1990-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "dateRange"),
        ("yesterday", "2026-03-01T00:00:00Z", "$.dateRange.start"),
        (None, "2026-03-01T00:00:00Z", "$.dateRange.start"),
    ],
)
def test_bad_ranges_are_refused_by_name(api: Api, company: Company, start: str, finish: str, field: str) -> None:
    body = {"dateRange": {"start": start, "finish": finish}}
    refused = api.post(f"/meta/companies/{company.public_id}/sync/commerce/historic", body)
    assert refused.status_code == 400
    assert refused.json()["validation"]["errors"][0]["itemId"] == field
    assert not Sync.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_historic_sync_posts_its_range_and_nothing_else(api: Api, company: Company) -> None:
    days = [FIRST_DAY + timedelta(days=number) for number in range(3)]
    push_orders(api, company, [an_order(number, day=day) for number, day in enumerate(days)])
    body = {"dateRange": {"start": f"{days[1]}T10:00:00Z", "finish": f"{days[1]}T11:00:00Z"}}
    asked = api.post(f"/meta/companies/{company.public_id}/sync/commerce/historic", body)
    assert asked.status_code == 200, asked.content
    assert asked.json()["syncDateRangeUtc"] == {"start": f"{days[1]}T00:00:00Z", "finish": f"{days[2]}T00:00:00Z"}
    work.drain()
    assert [*company.documents.values_list("date", flat=True)] == [days[1]]


def test_foreign_and_unknown_syncs_are_answered_alike(api: Api, other_api: Api, company: Company) -> None:
    sync_id = api.post(_path(company, "latest")).json()["commerceSyncId"]
    theirs = ready_company(other_api.partner, "Other")
    for wanted in (sync_id, str(uuid.uuid4()), "nonsense"):
        assert other_api.get(_path(theirs, f"syncs/{wanted}/status")).status_code == 404
    for tail in ("syncs/list/status", "syncs/latest/status", "syncs/lastSuccessful/status"):
        assert other_api.get(_path(company, tail)).status_code == 404
    assert other_api.post(_path(company, "latest")).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_sync_keeps_the_correlation_of_the_request_that_asked_for_it(api: Api, company: Company) -> None:
    api.post(_path(company, "latest"), headers={"X-Correlation-Id": "order-4711"})
    assert Sync.objects.get().correlation == "order-4711"


class Exploding(Books):
    """Books with a mistake in them."""

    def facts(self, session: Session) -> CompanyFacts:
        raise RuntimeError("a mistake of ours")


@pytest.mark.django_db(transaction=True)
def test_what_is_logged_in_a_run_carries_the_id_of_its_sync(
    api: Api, company: Company, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._all_accounting(), "books", Exploding())
    sync_id = api.post(_path(company, "latest")).json()["commerceSyncId"]
    caplog.handler.addFilter(CorrelationFilter())
    with correlation.of("outer"):
        work.drain()
        assert correlation.current() == "outer"
    told = [record for record in caplog.records if record.exc_info]
    assert [record.correlation for record in told] == [sync_id]  # type: ignore[attr-defined]
