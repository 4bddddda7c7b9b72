"""Taking back a sync or a document: the plan is shown first, and done only as it was shown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from commerce_sync import services, work
from commerce_sync.flow import undo_words
from commerce_sync.models import Sync, Undo
from commerce_sync.undo_plan import Place, Plan, PlannedDocument, PlannedPosting
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.periods import lock_period
from connectors.models import Connection
from ledger.models import AuditEntry, Company, Document
from tests.commerce_sync.cast import DAYS, a_merchant, an_order, books_of, sell, trial_balance
from tests.flow.cast import inside

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 5, 12, tzinfo=UTC)
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def synced(company: Company, *numbers: int, **changes: Any) -> Sync:
    sell(company, *(an_order(number, **changes) for number in numbers))
    sync = services.request_sync(company=company)
    work.drain(5)
    sync.refresh_from_db()
    return sync


def a_synced_shop(**changes: Any) -> tuple[Client, Company, Sync]:
    company = a_merchant(**changes)
    return inside(company), company, synced(company, 1, 2)


def plan_of(answered: Any) -> str:
    return words_of(answered).split('name="plan" value="')[1].split('"')[0]


def taken_back(browser: Client, path: str) -> Any:
    return browser.post(path, {"plan": plan_of(browser.get(path))})


def test_the_plan_says_what_goes_what_stays_and_what_it_does_and_nothing_is_done() -> None:
    browser, company, sync = a_synced_shop()
    before = trial_balance(company)
    assert f"/flow/undo/sync/{sync.public_id}" in words_of(browser.get(f"/flow/history/{sync.public_id}"))
    assert f"/flow/undo/sync/{sync.public_id}" in words_of(browser.get("/flow/day/2026-03-02"))
    words = words_of(browser.get(f"/flow/undo/sync/{sync.public_id}"))
    assert "1 document is taken back in your accounting software." in words
    assert "2 records of your sales stay out of your books until you bring them back." in words
    assert "1100 Card clearing" in words
    assert "24.00" in words
    assert trial_balance(company) == before
    assert not Undo.objects.exists()


def test_a_sync_is_taken_back_once_however_often_it_is_sent_and_comes_back() -> None:
    browser, company, sync = a_synced_shop()
    before = trial_balance(company)
    path = f"/flow/undo/sync/{sync.public_id}"
    plan = plan_of(browser.get(path))
    first = browser.post(path, {"plan": plan})
    undo = Undo.objects.get(company=company)
    assert first["Location"] == f"/flow/undo/{undo.public_id}"
    assert browser.post(path, {"plan": plan})["Location"] == first["Location"]
    assert "Waiting for its turn" in words_of(browser.get(first["Location"]))
    work.drain(5)
    assert trial_balance(company) == {}
    assert browser.post(path, {"plan": plan})["Location"] == first["Location"]
    assert browser.get(path)["Location"] == first["Location"]
    assert "This was taken back." in words_of(browser.get(f"/flow/history/{sync.public_id}"))
    assert "Bring it back" in words_of(browser.get(first["Location"]))
    for _ in range(2):
        assert browser.post(f"{first['Location']}/redo")["Location"] == first["Location"]
    work.drain(5)
    assert trial_balance(company) == before
    assert "Brought back" in words_of(browser.get("/flow/undo"))
    assert AuditEntry.objects.filter(code="sync.undo_requested", actor="merchant").count() == 1
    assert AuditEntry.objects.filter(code="sync.redone", actor="merchant").count() == 1


def test_a_document_goes_with_those_that_share_its_sales() -> None:
    browser, company, _ = a_synced_shop(book=default_book("GBP", DAYS, "invoice"))
    document = Document.objects.filter(company=company).order_by("pk")[0]
    path = f"/flow/undo/document/{document.public_id}"
    words = words_of(browser.get(path))
    assert "2 documents are taken back" in words
    assert "Documents that share a sale go together" in words
    answered = taken_back(browser, path)
    work.drain(5)
    assert trial_balance(company) == {}
    assert "March 2, 2026" in words_of(browser.get(answered["Location"]))
    assert browser.get(path)["Location"] == answered["Location"]


def test_a_plan_that_is_no_longer_right_is_shown_anew_and_nothing_is_done() -> None:
    browser, company, sync = a_synced_shop()
    path = f"/flow/undo/sync/{sync.public_id}"
    plan = plan_of(browser.get(path))
    lock_period(connection_id=books_of(company).pk, through=date(2026, 3, 2), author="bookkeeper")
    answered = browser.post(path, {"plan": plan})
    assert answered.status_code == 409
    words = words_of(answered)
    assert "Your books have changed since this was shown" in words
    assert "1 document stays where it is, and a new one reverses it." in words
    assert "Your books are closed through 2026-03-02" in words
    assert plan_of(answered) != plan
    assert not Undo.objects.exists()
    answered = browser.post(path, {"plan": plan_of(answered)})
    work.drain(5)
    assert trial_balance(company) == {}
    words = words_of(browser.get(answered["Location"]))
    assert words.count("£24.00") == 2  # the document and its reversal


@pytest.mark.parametrize("said", [{}, {"plan": "x"}, {"plan": "0" * 64}])
def test_without_the_plan_that_was_shown_nothing_is_done(said: dict[str, str]) -> None:
    browser, _, sync = a_synced_shop()
    assert browser.post(f"/flow/undo/sync/{sync.public_id}", said).status_code == 409
    assert not Undo.objects.exists()


def test_later_syncs_that_rest_on_it_are_named_with_the_way_to_them() -> None:
    browser, company, first = a_synced_shop()
    later = synced(company, 1, amount=2_400, updated_at=datetime(2026, 3, 4, tzinfo=UTC))
    path = f"/flow/undo/sync/{first.public_id}"
    words = words_of(browser.get(path))
    assert "Later changes rest on it" in words
    assert f"/flow/undo/sync/{later.public_id}" in words
    assert 'name="plan"' not in words
    assert browser.post(path, {"plan": "0" * 64}).status_code == 409


def test_what_stands_in_the_way_is_told_in_words() -> None:
    browser, company, sync = a_synced_shop()
    path = f"/flow/undo/sync/{sync.public_id}"
    Connection.objects.filter(company=company, kind="accounting").update(status="Unlinked")
    assert "Your accounting software is not connected." in words_of(browser.get(path))
    nothing = Sync.objects.create(company=company, trigger="request", started_at=TODAY, finished_at=TODAY, code=2040)
    Connection.objects.filter(company=company, kind="accounting").update(status="Linked")
    assert "nothing to take back" in words_of(browser.get(f"/flow/undo/sync/{nothing.public_id}"))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("open", "it is not known yet whether it has arrived"),
        ("elsewhere", "software that is no longer connected"),
        ("there", "cannot be asked now what is closed there"),
    ],
)
def test_each_reason_to_wait_has_words(place: Place, words: str) -> None:
    document = PlannedDocument("R1", "journal", TODAY.date(), "GBP", 100, "x", place)
    posting = PlannedPosting(1, TODAY.date(), "GBP", "", 0, "wait", "", (document,), {})
    plan = Plan((posting,), 1, True, ("x",))
    assert words in " ".join(undo_words.obstacles(plan, has_books=True))
    assert "not connected" in " ".join(undo_words.obstacles(plan, has_books=False))


def test_each_way_to_take_back_has_words_for_one_and_for_many() -> None:
    places: tuple[Place, ...] = ("here", "there", "gone")
    documents = tuple(PlannedDocument("R1", "journal", TODAY.date(), "GBP", 100, "x", place) for place in places)
    posting = PlannedPosting(1, TODAY.date(), "GBP", "", 0, "reverse", "", documents, {"1": -5, "2": 5})
    plan = Plan((posting, posting), 1, False, ())
    words = " ".join(undo_words.sentences(plan, {"journal"}, None, "en-us"))
    assert "2 documents have not left yet" in words
    assert "2 documents stay where they are" in words
    assert "closed for these days" in words
    assert "1 record of your sales stays" in words
    assert "cannot take back documents of this kind" in " ".join(undo_words.sentences(plan, (), None, "en-us"))
    assert [each.fate for each in undo_words.documents(plan)][:3] == ["withdraw", "reverse", "gone"]
    assert [(row.debit, row.credit) for row in undo_words.effects(plan, {})[0].rows] == [(0, 10), (10, 0)]


def test_while_a_sync_runs_nothing_is_taken_back_or_brought_back() -> None:
    browser, company, sync = a_synced_shop()
    path = f"/flow/undo/sync/{sync.public_id}"
    plan = plan_of(browser.get(path))
    running = services.request_sync(company=company)
    answered = browser.post(path, {"plan": plan})
    assert answered.status_code == 409
    assert "A sync is under way already." in words_of(answered)
    work.drain(5)
    undone = taken_back(browser, path)["Location"]
    early = browser.post(f"{undone}/redo")
    assert early.status_code == 409
    assert "It has not been taken back yet" in words_of(early)
    work.drain(5)
    running = services.request_sync(company=company)
    assert browser.post(f"{undone}/redo").status_code == 409
    assert running.finished_at is None


def test_the_part_of_the_page_that_asks_again_says_that_it_is_being_taken_back() -> None:
    browser, company, sync = a_synced_shop()
    undone = taken_back(browser, f"/flow/undo/sync/{sync.public_id}")["Location"]
    run = Sync.objects.get(company=company, trigger="undo")
    Sync.objects.filter(pk=run.pk).update(stage="pull")
    assert "Taking it back" in words_of(browser.get(f"/flow/syncs/{run.public_id}/progress"))
    work.drain(5)
    ended = browser.get(f"/flow/syncs/{run.public_id}/progress", headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"
    assert undone in words_of(browser.get(f"/flow/history/{run.public_id}"))


def test_a_failed_undo_says_so_and_can_be_planned_anew() -> None:
    browser, company, sync = a_synced_shop()
    undone = taken_back(browser, f"/flow/undo/sync/{sync.public_id}")["Location"]
    Undo.objects.update(state="failed", finished_at=TODAY, failure_code="plan_changed", failure_sentence="x")
    words = words_of(browser.get(undone))
    assert "Your books have changed since the plan was shown" in words
    assert f"/flow/undo/sync/{sync.public_id}" in words
    assert company.name in words


def test_another_companys_are_as_unknown_as_none() -> None:
    browser, _, _ = a_synced_shop()
    stranger, other, theirs = inside(a_merchant("Anchor Inn")), a_merchant("Half Moon"), None
    theirs = synced(other, 7)
    undo = taken_back(inside(other), f"/flow/undo/sync/{theirs.public_id}")["Location"].rpartition("/")[2]
    document = Document.objects.get(company=other).public_id
    for client in (browser, stranger):
        for path, found in (("sync", theirs.public_id), ("document", document)):
            known, unknown = client.get(f"/flow/undo/{path}/{found}"), client.get(f"/flow/undo/{path}/{NOBODY}")
            assert known.status_code == unknown.status_code == 404
            assert client.post(f"/flow/undo/{path}/{found}", {"plan": "x"}).status_code == 404
        assert client.get(f"/flow/undo/{undo}").status_code == 404
        assert client.post(f"/flow/undo/{undo}/redo").status_code == 404
        assert undo not in words_of(client.get("/flow/undo"))
    assert Client().get("/flow/undo").status_code == 401


def test_a_long_list_and_a_long_plan_cost_no_more(django_assert_max_num_queries: Any) -> None:
    browser, company, sync = a_synced_shop()
    taken_back(browser, f"/flow/undo/sync/{sync.public_id}")
    work.drain(5)
    row = Undo.objects.get()
    for _ in range(60):
        run = Sync.objects.create(company=company, trigger="undo", started_at=TODAY, finished_at=TODAY, code=2000)
        Undo.objects.create(
            company=company, sync=sync, run=run, state="done", plan=row.plan, actor="merchant",
            requested_at=TODAY, finished_at=TODAY,
        )  # fmt: skip
    with django_assert_max_num_queries(10):
        words = words_of(browser.get("/flow/undo"))
    more = words.split("before=")[1].split('"')[0]
    assert words_of(browser.get("/flow/undo", {"before": more})).count('href="/flow/undo/') == 11
    with django_assert_max_num_queries(14):
        browser.get(f"/flow/undo/{row.public_id}")
