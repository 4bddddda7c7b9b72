"""Undo and redo: the books are as before, whatever is lost on the way; and nobody is surprised by what it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from msgspec import structs

from commerce_sync import services, work
from commerce_sync.models import Job, Sync, Undo
from commerce_sync.reconcile import reconcile
from commerce_sync.replay_posting import compare_posting
from commerce_sync.retrying import retry_documents
from commerce_sync.undo import CannotRedo, CannotUndo, PlanChanged, plan_undo, request_redo, request_undo
from commerce_sync.undo_plan import Plan
from connectors import push_send, voiding
from connectors.general_ledger import periods
from connectors.general_ledger.chart import default_book
from connectors.models import Binding, Connection, PushItem
from connectors.services import connect_accounting
from connectors.voiding import request_voids
from health.doctor_books import balance, bindings, once, undos
from health.doctor_reconciled import reconciliation
from ledger.book import Policy
from ledger.models import AuditEntry, Company, Document, Posting, Standing
from ledger.services import save_book
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, books_of, sell, trial_balance
from tests.connectors.server import PlatformServer
from tests.platforms import hostile_books
from tests.platforms.hostile_books import Rules, balances

pytestmark = pytest.mark.django_db
Place = tuple[PlatformServer, Rules]
NEXT_DAY = FIRST_DAY + timedelta(days=1)
LATER = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture
def place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(voiding, "AGAIN_SECONDS", 0)
        yield server, rules


def a_shop(place: Place, platform: str = "hostile_void", **book: Any) -> Company:
    """A merchant whose books are at the hostile platform."""
    place[1].unique_ref = True
    company = a_merchant(platform=platform, book=default_book("GBP", DAYS, **book))
    hostile_books.connect(books_of(company), place[0])
    return company


def synced(company: Company, **asked: Any) -> Sync:
    """Ask for a sync, and work until nothing is due."""
    sync = services.request_sync(company=company, **asked)
    worked()
    sync.refresh_from_db()
    return sync


def worked() -> None:
    """Work until nothing is left or everything waits."""
    for _ in range(8):
        Job.objects.filter(state="ready").update(next_at="2026-01-01T00:00Z")
        services.enqueue(Company.objects.order_by("pk").values_list("pk", flat=True)[0], 0)
        if not work.drain(5).later:
            return


def undone(company: Company, **what: Any) -> Undo:
    """Plan, agree and carry out."""
    plan = plan_undo(company=company, **what)
    undo = request_undo(company=company, plan_digest=plan.digest, actor="amy", **what)
    worked()
    undo.refresh_from_db()
    return undo


def redone(undo: Undo) -> Undo:
    """Bring back, and sync."""
    undo = request_redo(undo=undo, actor="amy")
    worked()
    undo.refresh_from_db()
    return undo


def ways(plan: Plan) -> list[str]:
    return [posting.way for posting in plan.postings]


def healthy(company: Company) -> None:
    """What watches over the books finds nothing."""
    assert [each.is_reconciled for each in reconcile(company.pk)].count(False) == 0
    assert compare_posting(company.pk, {})[1] == []
    for check in (balance, bindings, once, reconciliation):
        assert check().level == "ok", check()


def standing(company: Company) -> list[str]:
    """The states of the company's records, by the order in which they came."""
    found = Standing.objects.filter(company=company).order_by("record_id", "round")
    return [Standing.State(each.state).name for each in found]


def test_an_undone_sync_leaves_the_built_in_books_as_they_were() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    synced(company)
    before = trial_balance(company)
    sell(company, *(an_order(n, day=NEXT_DAY) for n in range(2, 12)))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    assert (ways(plan), plan.records, plan.blocked) == (["void"], 10, False)
    assert plan.postings[0].effect == {"1100": -12_000, "2200": 2_000, "4000": 10_000}
    undo = undone(company, sync=sync)
    assert (undo.state, undo.run.code) == ("done", 2000)
    assert trial_balance(company) == before
    assert synced(company).code == 2040
    assert (trial_balance(company), standing(company)[1:]) == (before, ["SET_ASIDE"] * 10)
    healthy(company)


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order"])
def test_undo_and_redo_leave_another_platform_as_it_was(place: Place, mode: Any) -> None:
    company = a_shop(place, mode=mode)
    sell(company, an_order(1))
    synced(company)
    before = balances(place[0])
    sell(company, an_order(2, day=NEXT_DAY), an_order(3, day=NEXT_DAY))
    sync = synced(company)
    after = balances(place[0])
    undo = undone(company, sync=sync)
    assert (undo.state, balances(place[0])) == ("done", before)
    healthy(company)
    redone(undo)
    assert balances(place[0]) == after
    healthy(company)


def test_a_voided_document_says_so_everywhere(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    undone(company, sync=sync)
    document = Document.objects.get()
    assert (document.voided_at is None, Binding.objects.get().voided_at is None) == (False, False)
    assert PushItem.objects.get().state == "voided"
    told = AuditEntry.objects.get(code="document.voided")
    assert (told.subject, told.company_id) == (document.reference, company.pk)
    assert AuditEntry.objects.get(code="sync.undone").subject == str(sync.public_id)
    assert AuditEntry.objects.get(code="sync.undone").actor == "amy"


def test_what_is_posted_again_after_a_void_is_called_what_a_reader_takes_it_for(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    redone(undone(company, sync=synced(company)))
    again = Document.objects.get(voided_at=None)
    assert (again.narration, again.date, again.posting.revision) == ("sales of 2026-03-02", FIRST_DAY, 1)


def test_a_voided_document_is_not_read_back_as_a_difference(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    Binding.objects.update(verified_at=None, agrees=None)
    undone(company, sync=sync)
    synced(company)
    assert not AuditEntry.objects.filter(code__in=["document.mismatch", "document.removed"]).exists()
    assert PushItem.objects.get().state == "voided"


def test_payments_are_taken_back_before_the_invoice_that_they_settle(place: Place) -> None:
    company = a_shop(place, mode="invoice")
    sell(company, an_order(1))
    undone(company, sync=synced(company))
    assert [each["voided"] for each in place[0].documents] == [True, True]
    assert set(PushItem.objects.values_list("state", flat=True)) == {"voided"}


def test_doing_each_thing_twice_changes_nothing(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    after = balances(place[0])
    plan = plan_undo(company=company, sync=sync)
    undo = undone(company, sync=sync)
    with pytest.raises(PlanChanged):
        request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    again = plan_undo(company=company, sync=sync)
    assert "nothing to undo" in again.sentences[0]
    with pytest.raises(CannotUndo):
        request_undo(company=company, plan_digest=again.digest, actor="amy", sync=sync)
    first = redone(undo).redo_run
    assert redone(undo).redo_run == first
    assert balances(place[0]) == after
    assert Undo.objects.count() == 1


def test_a_plan_that_has_changed_since_it_was_shown_is_refused_and_shown_again() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    periods.lock_period(connection_id=books_of(company).pk, through=FIRST_DAY, author="bookkeeper")
    with pytest.raises(PlanChanged) as raised:
        request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    assert (ways(plan), ways(raised.value.plan)) == (["void"], ["reverse"])
    assert (Undo.objects.count(), Sync.objects.count(), Job.objects.count()) == (0, 1, 0)


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_a_closed_period_is_reversed_on_the_first_open_day(mode: Any) -> None:
    company = a_merchant(book=default_book("GBP", DAYS, mode))
    sell(company, an_order(1))
    sync = synced(company)
    after = trial_balance(company)
    periods.lock_period(connection_id=books_of(company).pk, through=NEXT_DAY, author="bookkeeper")
    plan = plan_undo(company=company, sync=sync)
    assert (ways(plan), plan.postings[0].reason) == (
        ["reverse"],
        "Built-in general ledger is closed through 03 March 2026.",
    )
    undo = undone(company, sync=sync)
    assert trial_balance(company) == {}
    original, reversal = Posting.objects.order_by("pk")
    assert (reversal.reverses, reversal.act) == (original, undo.run.public_id)
    assert {each.date for each in reversal.documents.all()} == {NEXT_DAY + timedelta(days=1)}
    healthy(company)
    redone(undo)
    assert trial_balance(company) == after
    healthy(company)


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_a_platform_that_takes_nothing_back_gets_reversals(place: Place, mode: Any) -> None:
    company = a_shop(place, "hostile", mode=mode)
    sell(company, an_order(1), an_order(2, day=NEXT_DAY))
    sync = synced(company)
    after = balances(place[0])
    assert set(ways(plan_undo(company=company, sync=sync))) == {"reverse"}
    undo = undone(company, sync=sync)
    assert (balances(place[0]), undo.run.code) == ({}, 2000)
    healthy(company)
    redone(undo)
    assert balances(place[0]) == after
    healthy(company)


def test_what_the_platform_refuses_to_take_back_is_reversed_with_all_that_hangs_on_it(place: Place) -> None:
    company = a_shop(place, mode="invoice")
    sell(company, an_order(1))
    sync = synced(company)
    place[1].keep["payment"] = "period_locked"
    undo = undone(company, sync=sync)
    assert (undo.state, balances(place[0])) == ("done", {})
    kinds = sorted(Document.objects.filter(posting__reverses__isnull=False).values_list("kind", flat=True))
    assert kinds == ["credit_note", "payment"]
    assert not Document.objects.filter(voided_at__isnull=False).exists()
    why = PushItem.objects.get(document__kind="payment", document__posting__reverses=None)
    assert (why.state, why.failure_code) == ("pushed", "period_locked")
    assert sum(seen.path == "/void" for seen in place[0].log) == 1  # its invoice was not asked for
    healthy(company)


def test_only_what_the_platform_kept_is_reversed(place: Place) -> None:
    company = a_shop(place, mode="invoice")
    sell(company, an_order(1))
    sync = synced(company)
    place[1].keep["invoice"] = "validation"
    undone(company, sync=sync)
    assert balances(place[0]) == {}
    assert list(Document.objects.filter(voided_at__isnull=False).values_list("kind", flat=True)) == ["payment"]
    assert list(Document.objects.filter(posting__reverses__isnull=False).values_list("kind", flat=True)) == [
        "credit_note"
    ]
    healthy(company)


def test_what_never_left_is_withdrawn_and_never_will(place: Place) -> None:
    company = a_shop(place)
    place[1].refuse[FIRST_DAY.isoformat()] = "validation"
    sell(company, an_order(1))
    sync = synced(company)
    assert ways(plan_undo(company=company, sync=sync)) == ["withdraw"]
    undo = undone(company, sync=sync)
    assert (undo.state, PushItem.objects.count(), balances(place[0])) == ("done", 0, {})
    place[1].refuse.clear()
    assert (synced(company).code, balances(place[0])) == (2040, {})
    redone(undo)
    assert balances(place[0]) == {"1100": 1_200, "4000": -1_000, "2200": -200}
    healthy(company)


@pytest.mark.parametrize("platform", ["hostile", "hostile_void"])
def test_of_a_half_delivered_posting_the_one_half_is_withdrawn_and_the_other_taken_back(
    place: Place, platform: str
) -> None:
    company = a_shop(place, platform, mode="invoice")
    sell(company, an_order(1))
    services.request_sync(company=company)
    place[1].on_commit = lambda: place[1].refuse.update({FIRST_DAY.isoformat(): "validation"})
    worked()
    assert sorted(PushItem.objects.values_list("state", flat=True)) == ["pushed", "refused"]
    place[1].on_commit = lambda: None
    place[1].refuse.clear()
    undo = undone(company, sync=Sync.objects.get())
    assert (undo.state, balances(place[0])) == ("done", {})
    assert Document.objects.get(kind="payment").withdrawn_at is not None
    healthy(company)
    redone(undo)
    assert balances(place[0])["4000"] == -1_000
    healthy(company)


@pytest.mark.parametrize("state", ["unknown", "sending", "refused"])
def test_a_document_whose_outcome_is_not_known_is_found_out_first(place: Place, state: str) -> None:
    company = a_shop(place)
    place[1].refuse[FIRST_DAY.isoformat()] = "validation"
    sell(company, an_order(1))
    sync = synced(company)
    at = datetime.now(UTC)
    PushItem.objects.update(state="prepared")
    PushItem.objects.update(state=state, failure_code="unknown_outcome", claimed_at=at, deadline_at=at)
    plan = plan_undo(company=company, sync=sync)
    assert (ways(plan), plan.blocked) == (["wait"], True)
    assert "not known yet" in plan.sentences[0]
    with pytest.raises(CannotUndo):
        request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    assert (Undo.objects.count(), PushItem.objects.get().state) == (0, state)
    retry_documents(company=company, actor="amy")
    place[1].refuse.clear()
    synced(company)
    undone(company, sync=sync)
    assert balances(place[0]) == {}


def test_a_platform_that_cannot_be_asked_blocks_the_plan_and_says_so() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    sync = synced(company)
    Connection.objects.filter(kind="accounting").update(status="Unlinked")
    plan = plan_undo(company=company, sync=sync)
    assert (plan.blocked, "No accounting software is connected" in plan.sentences[0]) == (True, True)
    assert "not connected any more" in plan.sentences[1]


@pytest.mark.parametrize("fault", ["lose_after", "drop_before", "err500_after", "truncate_after", "html_200"])
def test_a_lost_answer_to_a_void_is_asked_for_again(place: Place, fault: str) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    undo = request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    place[0].fail(fault)
    worked()
    undo.refresh_from_db()
    assert (undo.state, balances(place[0]), undo.failure_code) == ("done", {}, "")
    healthy(company)


def test_an_undo_that_cannot_be_finished_now_is_gone_on_with_by_the_next_sync(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    undo = request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    place[0].fail("e401", times=4)
    worked()
    undo.refresh_from_db()
    assert (undo.state, undo.run.code, standing(company)) == ("running", 4220, ["SET_ASIDE"])
    assert AuditEntry.objects.filter(code="sync.undo_failed").count() == 1
    with pytest.raises(services.AlreadyRunning):
        request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    with pytest.raises(CannotRedo):
        request_redo(undo=undo, actor="amy")
    place[0].faults.clear()
    hostile_books.connect(books_of(company), place[0])
    Connection.objects.filter(kind="accounting").update(status="Linked")
    sell(company, an_order(2, day=NEXT_DAY))
    assert synced(company).code == 2000
    undo.refresh_from_db()
    assert undo.state == "done"
    assert balances(place[0]) == {"1100": 1_200, "4000": -1_000, "2200": -200}
    healthy(company)


def test_what_is_at_a_platform_that_was_left_meanwhile_is_not_reversed_at_the_new_one(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    undo = request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    place[0].fail("e401", times=4)
    worked()
    place[0].faults.clear()
    former = books_of(company)
    Connection.objects.filter(pk=former.pk).update(status="Unlinked")
    new = connect_accounting(company=company, platform="hostile", actor="test")
    hostile_books.connect(new, place[0])
    assert synced(company).code == 5130
    undo.refresh_from_db()
    assert (undo.state, undo.failure_code, undo.failure_turn) == ("running", "void_elsewhere", "merchant")
    assert undos().level == "ok"
    Undo.objects.update(requested_at="2026-01-01T00:00Z")
    assert (undos().level, undo.failure_sentence in undos().said) == ("warning", True)
    assert not Posting.objects.filter(reverses__isnull=False).exists()
    Connection.objects.filter(pk=new.pk).update(status="Unlinked")
    Connection.objects.filter(pk=former.pk).update(status="Linked")
    assert synced(company).code == 2000
    undo.refresh_from_db()
    assert (undo.state, balances(place[0])) == ("done", {})


def test_a_later_sync_that_rests_on_it_has_to_go_first() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    first = synced(company)
    before = trial_balance(company)
    sell(company, an_order(1, amount=1_800, updated_at=LATER))
    second = synced(company)
    plan = plan_undo(company=company, sync=first)
    assert (plan.blocked, plan.undo_first) == (True, (str(second.public_id),))
    with pytest.raises(CannotUndo):
        request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=first)
    correction = undone(company, sync=second)
    assert trial_balance(company) == before
    healthy(company)
    base = undone(company, sync=first)
    assert trial_balance(company) == {}
    with pytest.raises(CannotRedo, match="another undo"):
        request_redo(undo=correction, actor="amy")
    redone(base)
    assert trial_balance(company) == {"1100": 1_800, "4000": -1_500, "2200": -300}
    healthy(company)


def test_a_late_correction_of_an_undone_day_books_nothing_by_itself() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2))
    undo = undone(company, sync=synced(company))
    sell(company, an_order(1, amount=1_800, updated_at=LATER))
    assert synced(company).code == 2040
    assert trial_balance(company) == {}
    redone(undo)
    assert trial_balance(company)["1100"] == 3_000


def test_after_a_change_of_the_mapping_a_redo_posts_under_the_book_in_force(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    undo = undone(company, sync=synced(company))
    book = default_book("GBP", DAYS)
    accounts = {role: "4100" if account == "4000" else account for role, account in book.accounts.items()}
    save_book(company=company, book=structs.replace(book, accounts=accounts), author="amy", reason="another account")
    redone(undo)
    assert balances(place[0]) == {"1100": 1_200, "2200": -200, "4100": -1_000}
    healthy(company)


def test_voiding_a_document_takes_back_the_whole_posting_and_no_other(place: Place) -> None:
    company = a_shop(place, mode="invoice")
    sell(company, an_order(1), an_order(2, day=NEXT_DAY))
    synced(company)
    payment = Document.objects.get(kind="payment", date=FIRST_DAY)
    plan = plan_undo(company=company, document=payment)
    assert sorted(each.kind for each in plan.postings[0].documents) == ["invoice", "payment"]
    undo = undone(company, document=payment)
    assert (undo.posting, undo.sync) == (payment.posting, None)
    assert balances(place[0]) == {"1100": 1_200, "4000": -1_000, "2200": -200}
    assert standing(company) == ["SET_ASIDE", "IN_BOOKS"]
    healthy(company)


def test_a_historic_sync_brings_back_what_was_undone_of_its_days_and_nothing_else() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, day=NEXT_DAY))
    undo = undone(company, sync=synced(company))
    synced(company, trigger="historic", from_day=FIRST_DAY, through=FIRST_DAY)
    undo.refresh_from_db()
    assert (trial_balance(company)["1100"], undo.redone_at) == (1_200, None)
    synced(company, trigger="historic", from_day=FIRST_DAY, through=NEXT_DAY)
    undo.refresh_from_db()
    assert (trial_balance(company)["1100"], undo.redone_by) == (2_400, "historic sync")
    healthy(company)


def test_an_undo_and_a_sync_of_one_company_never_run_together() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    services.request_sync(company=company)
    with pytest.raises(services.AlreadyRunning) as refused:
        request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    assert refused.value.code == 5080
    work.drain()
    request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    with pytest.raises(services.AlreadyRunning):
        services.request_sync(company=company)
    assert Job.objects.get().kind == "undo"
    services.note_event(company_id=company.pk)
    worked()
    assert (Undo.objects.get().state, trial_balance(company)) == ("done", {})


def test_a_plan_that_no_longer_fits_when_its_turn_comes_does_nothing() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    sync = synced(company)
    before = trial_balance(company)
    plan = plan_undo(company=company, sync=sync)
    undo = request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    Posting.objects.update(withdrawn_at=datetime.now(UTC))  # somebody else took it back meanwhile
    worked()
    undo.refresh_from_db()
    assert (undo.state, undo.failure_code, undo.run.code) == ("failed", "plan_changed", 5130)
    assert (trial_balance(company), standing(company)) == (before, ["IN_BOOKS"])


def test_late_changes_on_the_first_open_day_date_the_reversal_too(place: Place) -> None:
    company = a_shop(place, "hostile", policy=Policy(late_changes="first_open_day"))
    sell(company, an_order(1))
    undone(company, sync=synced(company))
    reversal = Document.objects.get(posting__reverses__isnull=False)
    assert reversal.date > FIRST_DAY
    assert reversal.narration == "reversal of sales of 2026-03-02"
    assert balances(place[0]) == {}


def test_what_somebody_removed_at_the_platform_is_undone_without_asking_again(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    PushItem.objects.update(state="removed")
    calls = len(place[0].log)
    undone(company, sync=sync)
    assert (len(place[0].log), PushItem.objects.get().state) == (calls, "voided")
    assert Document.objects.get().voided_at is not None


def test_what_is_not_there_any_more_counts_as_taken_back(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    place[0].documents.clear()
    undo = undone(company, sync=sync)
    assert (undo.state, PushItem.objects.get().state) == ("done", "voided")
    assert not Posting.objects.filter(reverses__isnull=False).exists()


def test_a_historic_sync_leaves_the_records_of_an_unfinished_undo_alone(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    undo = request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    place[0].fail("e401", times=4)
    worked()
    place[0].faults.clear()
    hostile_books.connect(books_of(company), place[0])
    Connection.objects.filter(kind="accounting").update(status="Linked")
    synced(company, trigger="historic", from_day=FIRST_DAY, through=NEXT_DAY)
    undo.refresh_from_db()
    assert (undo.state, undo.redone_at, balances(place[0])) == ("done", None, {})
    assert standing(company) == ["SET_ASIDE"]


def test_what_was_accepted_under_an_unusable_id_is_looked_up_and_not_sent_again(place: Place) -> None:
    company = a_shop(place)
    place[1].refuse[FIRST_DAY.isoformat()] = "validation"
    sell(company, an_order(1))
    synced(company)
    at = datetime.now(UTC)
    PushItem.objects.update(failure_code="unusable_id", claimed_at=at, deadline_at=at)
    retry_documents(company=company, actor="amy")
    assert PushItem.objects.get().state == "unknown"


def test_another_company_s_sync_or_document_is_none_of_ours() -> None:
    ours, theirs = a_merchant(), a_merchant("Bakery")
    sell(theirs, an_order(1))
    sync = services.request_sync(company=theirs)
    work.drain()
    for what in ({"sync": sync}, {"document": Document.objects.get()}, {}):
        with pytest.raises(ValueError, match=r"another company|either"):
            plan_undo(company=ours, **what)  # type: ignore[arg-type]


def test_a_retry_delivers_what_was_refused_and_posts_nothing_new(place: Place) -> None:
    company = a_shop(place)
    sell(company, an_order(1), an_order(2, day=NEXT_DAY))
    place[1].refuse |= {FIRST_DAY.isoformat(): "validation", NEXT_DAY.isoformat(): "validation"}
    sync = synced(company)
    assert sync.code == 5130
    place[1].refuse.clear()
    sell(company, an_order(3, day=date(2026, 3, 10)))
    one = Document.objects.get(date=FIRST_DAY)
    assert retry_documents(company=company, actor="amy", document=one) == 1
    worked()
    assert sorted(PushItem.objects.values_list("state", flat=True)) == ["pushed", "refused"]
    assert retry_documents(company=company, actor="amy", sync=sync) == 1
    assert retry_documents(company=company, actor="amy", sync=sync) == 0
    worked()
    assert sorted(PushItem.objects.values_list("state", flat=True)) == ["pushed", "pushed"]
    assert Sync.objects.latest("id").trigger == "retry"
    assert Standing.objects.filter(state=0).count() == 1
    assert AuditEntry.objects.filter(code="document.retried", actor="amy").count() == 2


def test_a_retry_waits_for_the_sync_that_runs(place: Place) -> None:
    company = a_shop(place)
    place[1].refuse[FIRST_DAY.isoformat()] = "validation"
    sell(company, an_order(1))
    synced(company)
    place[1].refuse.clear()
    services.request_sync(company=company)
    assert retry_documents(company=company, actor="amy") == 1
    worked()
    assert (balances(place[0])["1100"], Job.objects.count()) == (1_200, 0)


UNDO = """INSERT INTO commerce_sync_undo (public_id, company_id, sync_id, posting_id, run_id, state, plan, actor,
    requested_at, finished_at, failure_code, failure_sentence, failure_remedy, failure_turn, redone_at, redone_by)
    SELECT gen_random_uuid(), company_id, {sync}, {posting}, {run}, '{state}', '{{}}', 'x', now(), {finished}, '', '',
    '', '', {redone}, '' FROM commerce_sync_undo"""
FINE = {"sync": "sync_id", "posting": "NULL", "run": "sync_id", "state": "done", "finished": "now()", "redone": "NULL"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("undo_one_unfinished", {"state": "requested", "finished": "NULL"}),
        ("undo_finished_iff_final_state", {"state": "maybe"}),
        ("undo_finished_iff_final_state", {"finished": "NULL"}),
        ("undo_of_one_thing", {"sync": "NULL"}),
        ("undo_failed_says_why", {"state": "failed"}),
        ("undo_redone_was_done", {"state": "requested", "finished": "NULL", "redone": "now()"}),
    ],
)
def test_the_constraint_refuses(name: str, changes: dict[str, str]) -> None:
    company = a_merchant()
    sell(company, an_order(1))
    sync = synced(company)
    plan = plan_undo(company=company, sync=sync)
    request_undo(company=company, plan_digest=plan.digest, actor="amy", sync=sync)
    if name == "undo_redone_was_done":
        Undo.objects.update(state="done", finished_at=datetime.now(UTC))
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        execute(UNDO.format(**{**FINE, **changes}))
    assert raised.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def execute(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pushed", "voided"),
        ("voided", "pushed"),
        ("voided", "voiding"),
        ("voiding", "prepared"),
        ("removed", "voiding"),
    ],
)
def test_a_delivery_is_taken_back_by_way_of_its_intent_alone(before: str, after: str) -> None:
    company = a_merchant()
    sell(company, an_order(1))
    synced(company)
    if before in ("voiding", "voided"):
        request_voids(document_ids=[Document.objects.get().pk])
    PushItem.objects.update(state=before)
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        PushItem.objects.update(state=after)
    assert raised.value.__cause__.diag.constraint_name == "push_item_moves"  # type: ignore[union-attr]
