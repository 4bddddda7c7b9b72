"""The console's history of syncs, one sync in its tabs, and what may be done about it: by whom, with which trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db.models import F
from django.test import Client
from django.urls import reverse

from commerce_sync import services, work
from commerce_sync.models import Sync, Undo
from connectors.general_ledger.chart import default_book
from connectors.models import Call, PushItem
from ledger.models import AuditEntry, Company, Document, Partner
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, books_of, sell
from tests.health.test_console_scope import person
from tests.platforms import hostile_books

pytestmark = pytest.mark.django_db
LIST = "/admin/commerce_sync/sync/"


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=True):
        yield


def a_synced_shop(name: str = "Rose & Crown", **made: Any) -> tuple[Company, Sync]:
    company = a_merchant(name, book=default_book("GBP", DAYS), **made)
    sell(company, an_order(1), an_order(2))
    sync = services.request_sync(company=company)
    work.drain(5)
    sync.refresh_from_db()
    return company, sync


def words_of(answered: Any) -> str:
    assert answered.status_code == 200, answered.status_code
    return unescape(answered.content.decode())


def page(sync: Sync, tab: str = "") -> str:
    return reverse("admin:console-sync", args=(sync.public_id,)) + (f"?tab={tab}" if tab else "")


def listed(client: Client, **said: str) -> set[str]:
    """The ids of the syncs in the list."""
    words = words_of(client.get(LIST, said))
    return {str(sync.public_id) for sync in Sync.objects.all() if f"/sync/{sync.public_id}/" in words}


def a_sync(company: Company, **facts: Any) -> Sync:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    given = {"trigger": "schedule", "code": 2040, "stage": "done", "started_at": at, "finished_at": at}
    return Sync.objects.create(company=company, **{**given, **facts})


def test_a_sync_is_told_in_plain_words() -> None:
    _, sync = a_synced_shop()
    words = words_of(person("support").get(page(sync)))
    ended = "with 2000: Done: documents were written."
    sentences = ("2 records went into the books.", "arrived at the accounting software.", ended, "has no schedule")
    assert [sentence for sentence in sentences if sentence not in words] == []


def test_the_configuration_that_was_used_is_shown_and_downloaded_even_after_it_changed() -> None:
    company, sync = a_synced_shop()
    save_book(company=company, book=default_book("GBP", DAYS, "per_order"), author="test", reason="changed")
    client = person("finance")
    words = words_of(client.get(page(sync, "configuration")))
    assert "Version 1" in words
    assert "name this version" in words
    answered = client.get(reverse("admin:console-sync-configuration", args=(sync.public_id,)))
    assert "attachment" in answered["Content-Disposition"]
    found = answered.json()
    assert found["mapping"]["version"] == 1
    assert found["mapping"]["book"]["accounts"]


def test_documents_calls_and_the_log_are_in_their_tabs() -> None:
    _, sync = a_synced_shop()
    reference = Document.objects.get().reference
    Call.objects.create(platform="xero", method="GET", url="https://api.xero.example/Accounts", status=200,
                        duration_ms=120, started_at=sync.started_at, correlation=str(sync.public_id))  # fmt: skip
    client = person("support")
    assert reference in words_of(client.get(page(sync, "documents")))
    assert reference not in words_of(client.get(page(sync, "documents") + "&state=refused"))
    assert "api.xero.example/Accounts" in words_of(client.get(page(sync, "calls")))
    assert str(sync.public_id) in words_of(client.get(page(sync, "log")))


def test_calls_are_not_shown_to_finance() -> None:
    _, sync = a_synced_shop()
    words = words_of(person("finance").get(page(sync, "calls")))
    assert "tab=calls" not in words
    assert "What it did" in words


def test_refused_documents_are_told_with_the_remedy_and_go_again_for_a_reason(settings: Any) -> None:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        company = a_merchant(platform="hostile_void", book=default_book("GBP", DAYS))
        hostile_books.connect(books_of(company), server)
        rules.refuse[FIRST_DAY.isoformat()] = "account_inactive"
        sell(company, an_order(1))
        sync = services.request_sync(company=company)
        work.drain(5)
        client = person("support")
        words = words_of(client.get(page(sync)))
        assert "Retry 1 failed item" in words
        assert PushItem.objects.get().failure_sentence in words
        assert str(sync.public_id) in listed(client, items="refused")
        address = reverse("admin:console-sync-retry", args=(sync.public_id,))
        assert client.post(address).status_code == 302  # no reason: nothing is done
        assert PushItem.objects.get().state == "refused"
        rules.refuse.clear()
        assert client.post(address, {"why": "the account was opened again"})["Location"].endswith("?tab=documents")
        noted = AuditEntry.objects.get(code="console.retried")
        assert noted.actor == "console:Sam"
        assert noted.detail == {"why": "the account was opened again", "documents": 1}
        work.drain(5)
        assert PushItem.objects.get().state == "pushed"
        assert str(sync.public_id) not in listed(client, items="refused")
        client.post(address, {"why": "again"})
    assert AuditEntry.objects.filter(code="console.retried").count() == 1


def test_one_document_is_retried_and_another_syncs_document_is_not_found() -> None:
    _, sync = a_synced_shop()
    _, other = a_synced_shop("Anchor Inn")
    theirs = Document.objects.get(posting__act=other.public_id)
    address = reverse("admin:console-sync-retry", args=(sync.public_id,))
    said = {"why": "x", "document": theirs.reference}
    assert person("support").post(address, said).status_code == 404


def test_a_sync_is_asked_for_with_a_reason_and_not_while_another_runs() -> None:
    company, sync = a_synced_shop()
    client = person("support")
    address = reverse("admin:console-company-sync", args=(company.public_id,))
    made = client.post(address, {"why": "the merchant asked"})["Location"]
    fresh = Sync.objects.latest("id")
    assert made == page(fresh)
    assert fresh.trigger == "request"
    client.post(address, {"why": "once more"})
    assert Sync.objects.count() == 2
    work.drain(5)
    client.post(address, {"why": "that day", "from": "2026-03-02", "through": "2026-03-02"})
    again = Sync.objects.latest("id")
    assert (again.trigger, again.from_day, again.through_day) == ("historic", date(2026, 3, 2), date(2026, 3, 2))
    assert AuditEntry.objects.filter(code="sync.requested", detail__why="that day").exists()
    assert client.get(address).status_code == 405
    assert sync.pk != again.pk


def test_what_is_not_set_up_cannot_be_synced() -> None:
    company, _ = a_synced_shop()
    company.connections.filter(kind="accounting").update(status="Unlinked")
    client = person("support")
    answered = client.post(reverse("admin:console-company-sync", args=(company.public_id,)), {"why": "x"}, follow=True)
    assert "No accounting connection is linked" in words_of(answered)
    assert Sync.objects.count() == 1


def test_an_undo_shows_its_plan_first_and_comes_back() -> None:
    _, sync = a_synced_shop()
    client = person("finance")
    address = reverse("admin:console-sync-undo", args=(sync.public_id,))
    words = words_of(client.get(address))
    assert "2 records stay out of the books" in words
    digest = words.split('name="plan" value="')[1].split('"')[0]
    assert client.post(address, {"why": "wrong shop", "plan": "0" * 64}).status_code == 409
    answered = client.post(address, {"why": "wrong shop", "plan": digest})
    work.drain(5)
    undo = Undo.objects.get()
    assert answered["Location"] == page(undo.run)
    assert undo.state == "done"
    assert "Bring it back" in words_of(client.get(page(sync)))
    client.post(reverse("admin:console-redo", args=(undo.public_id,)), {"why": "it was right"})
    undo.refresh_from_db()
    assert undo.redone_by == "console:Sam"
    assert AuditEntry.objects.filter(code="console.undo_asked", detail__why="wrong shop").exists()


@pytest.mark.parametrize(
    ("name", "role"),
    [("retry", "finance"), ("undo", "support"), ("redo", "engineer")],
)
def test_who_may_not_is_told_so(name: str, role: str) -> None:
    company, sync = a_synced_shop()
    ids = {"retry": sync.public_id, "undo": sync.public_id, "redo": uuid4()}
    route = {"retry": "console-sync-retry", "undo": "console-sync-undo", "redo": "console-redo"}.get(
        name, f"console-{name}"
    )
    address = reverse(f"admin:{route}", args=(ids.get(name, company.public_id),))
    assert person(role).post(address, {"why": "x"}).status_code == 403
    assert not AuditEntry.objects.filter(code__startswith="console.").exists()


def test_another_partners_syncs_are_as_unknown_as_none() -> None:
    company, sync = a_synced_shop()
    other = Partner.objects.create(name="Other", currency="GBP", zone="UTC")
    client = person("administrator", other)
    assert listed(client) == set()
    for unknown, named in ((uuid4(), sync.public_id), (uuid4(), company.public_id)):
        names = ("console-sync", "console-sync-configuration", "console-sync-retry", "console-sync-undo")
        if named == company.public_id:
            names = ("console-company-sync",)  # type: ignore[assignment]
        for name in names:
            for method in ("get", "post"):
                answers = [
                    getattr(client, method)(reverse(f"admin:{name}", args=(which,)), {"why": "x"})
                    for which in (unknown, named)
                ]
                assert answers[0].status_code == answers[1].status_code == 404, (name, method)
    assert Sync.objects.count() == 1


def test_the_history_is_narrowed_by_everything_that_an_agent_is_told() -> None:
    rose, first = a_synced_shop()
    anchor, second = a_synced_shop("Anchor Inn")
    Sync.objects.update(finished_at=F("started_at") + timedelta(seconds=3))  # else by the clock of the database
    at = datetime(2026, 2, 1, 12, tzinfo=UTC)
    failed = a_sync(rose, code=4220, failure_code="unauthorized", failure_sentence="Xero lets us in no longer.",
                    started_at=at, finished_at=at + timedelta(minutes=12), through_day=date(2026, 1, 31))  # fmt: skip
    running = Sync.objects.create(company=anchor, trigger="event", started_at=datetime(2026, 3, 5, 11, tzinfo=UTC))
    client = person("support")
    everything = {str(sync.public_id) for sync in (first, second, failed, running)}
    cases: list[tuple[dict[str, str], set[Sync]]] = [
        ({"company": "crown"}, {first, failed}),
        ({"company": "inn anch"}, {second, running}),
        ({"company": str(rose.public_id)}, {first, failed}),
        ({"company": "row"}, set()),
        ({"result": "failed"}, {failed}),
        ({"result": "written"}, {first, second}),
        ({"result": "running"}, {running}),
        ({"result": "4220"}, {failed}),
        ({"result": "2000"}, set()),
        ({"trigger": "event"}, {running}),
        ({"began_from": "2026-02-01", "began_to": "2026-02-01"}, {failed}),
        ({"began_from": "2026-02-02"}, {first, second, running}),
        ({"longer": "10"}, {failed}),
        ({"longer": "60"}, set()),
        ({"error": "unauthorized"}, {failed}),
        ({"error": "unauthorized", "says": "no longer"}, {failed}),
        ({"company": "crown", "covers_from": "2026-01-31", "covers_to": "2026-01-31"}, {failed}),
        ({"platform": "books"}, {first, second, failed, running}),
        ({"platform": "xero"}, set()),
        ({"partner": str(rose.partner_id)}, {first, second, failed, running}),
        ({"q": str(failed.public_id)}, {failed}),
        ({"q": "nothing"}, set()),
    ]
    assert listed(client) == everything
    wrong = {str(said): found for said, expected in cases
             if (found := listed(client, **said)) != {str(sync.public_id) for sync in expected}}  # fmt: skip
    assert wrong == {}


def test_what_cannot_be_searched_by_itself_says_what_it_needs() -> None:
    a_synced_shop()
    client = person("support")
    assert "Choose company or began_from or error as well" in words_of(client.get(LIST, {"says": "no longer"}))
    assert "That is no date" in words_of(client.get(LIST, {"began_from": "yesterday"}))
    assert words_of(client.get(LIST, {"company": "\0", "o": "1.-2", "p": "99999999999999999999"}))


def test_the_page_of_the_table_leads_to_the_page_of_the_sync() -> None:
    _, sync = a_synced_shop()
    assert person("support").get(f"{LIST}{sync.pk}/change/")["Location"] == page(sync)
