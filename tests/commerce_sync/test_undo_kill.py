"""Kill -9 of a real worker at every step of an undo: the next one goes on, and the books end as they were before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from commerce_sync import services
from commerce_sync.models import Job, Sync, Undo
from commerce_sync.undo import plan_undo, request_redo, request_undo
from connectors import push_send, voiding
from connectors.general_ledger.chart import default_book
from connectors.models import PushItem
from ledger.models import AuditEntry, Company, Document, Standing
from tests.commerce_sync.cast import (
    DAYS,
    FIRST_DAY,
    a_merchant,
    allow_truncate,
    an_order,
    books_of,
    sell,
    trial_balance,
)
from tests.commerce_sync.test_kill import Place, killed, work_it_off, worker
from tests.platforms import hostile_books
from tests.platforms.hostile_books import balances

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEGUN = ["after_claim", "after_undo_begin", "before_void", "after_void_response", "after_void", "before_undo_finish"]
STEPS = [*BEGUN, "after_undo_finish", "before_conclude", "after_conclude"]
REVERSING = ["after_undo_begin", "before_undo_finish", "after_undo_finish", "after_prepare", "after_response"]
SOLD = {"1100": 2_400, "2200": -400, "4000": -2_000}


@pytest.fixture
def place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    allow_truncate()
    with hostile_books.running(unique_ref=True) as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(voiding, "AGAIN_SECONDS", 0)
        yield server, rules


def an_undo(place: Place, platform: str) -> Undo:
    """An undo that waits to be worked on, of a sync of two sales: invoice and payment at the platform."""
    company = a_merchant(platform=platform, book=default_book("GBP", DAYS, "invoice"))
    if platform != "books":
        hostile_books.connect(books_of(company), place[0])
    sell(company, an_order(1), an_order(2))
    sync = services.request_sync(company=company)
    work_it_off()
    plan = plan_undo(company=company, sync=sync)
    return request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)


def assert_undone(undo: Undo, documents: int) -> None:
    """Done, told once, and nothing is left over."""
    undo.refresh_from_db()
    assert (undo.state, Sync.objects.get(pk=undo.run_id).code) == ("done", 2000)
    assert set(Standing.objects.values_list("state", flat=True)) == {5}
    assert AuditEntry.objects.filter(code="sync.undone").count() == 1
    assert Document.objects.count() == documents
    assert not Job.objects.exists()


def redo(undo: Undo) -> Company:
    request_redo(undo=undo, actor="amy")
    work_it_off()
    return undo.company


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_while_it_takes_back_loses_and_doubles_nothing(place: Place, step: str) -> None:
    undo = an_undo(place, "hostile_void")
    killed(place, step)
    work_it_off()
    assert_undone(undo, documents=2)
    assert balances(place[0]) == {}
    assert AuditEntry.objects.filter(code="document.voided").count() == 2
    assert set(PushItem.objects.values_list("state", flat=True)) == {"voided"}
    redo(undo)
    assert balances(place[0]) == SOLD


@pytest.mark.parametrize("step", REVERSING)
@pytest.mark.case("A29")
def test_a_worker_killed_while_it_reverses_loses_and_doubles_nothing(place: Place, step: str) -> None:
    undo = an_undo(place, "hostile")
    killed(place, step)
    work_it_off()
    assert_undone(undo, documents=4)
    assert (balances(place[0]), len(place[0].documents)) == ({}, 4)
    redo(undo)
    assert balances(place[0]) == SOLD


def test_a_worker_killed_while_the_platform_takes_back_asks_again(place: Place) -> None:
    undo = an_undo(place, "hostile_void")
    running = worker(place, "")
    place[1].on_void = running.kill
    running.wait(20)
    place[1].on_void = lambda: None
    work_it_off()
    assert_undone(undo, documents=2)
    assert balances(place[0]) == {}


@pytest.mark.parametrize(
    "step", ["after_claim", "after_undo_begin", "after_void", "after_undo_finish", "after_conclude"]
)
def test_a_worker_killed_over_the_local_books_loses_and_doubles_nothing(place: Place, step: str) -> None:
    undo = an_undo(place, "books")
    killed(place, step)
    work_it_off()
    assert_undone(undo, documents=2)
    assert trial_balance(undo.company) == {}
    assert trial_balance(redo(undo)) == SOLD
    assert Document.objects.filter(date=FIRST_DAY, voided_at=None).count() == 2
