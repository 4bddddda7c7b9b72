"""Delivery: exactly once, whatever gets lost; and a reason for everything that stays here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database

from connectors import push_rows, push_send, registry
from connectors.general_ledger.chart import default_book
from connectors.http import open_door
from connectors.limits import Limits
from connectors.models import Binding, PushItem
from connectors.options import keep_options
from connectors.push import Delivery, deliver, prepare
from connectors.push_result import PushResult
from connectors.push_support import CannotWithdraw, retry_items, withdraw_posting
from connectors.session import Option, Pushed, Session
from ledger.models import AuditEntry, Company, Document, Posting
from ledger.post_due import post_due
from tests.commerce_sync.cast import DAYS, a_merchant, an_order, books_of, sell, trial_balance
from tests.connectors.server import PlatformServer
from tests.platforms import hostile_books
from tests.platforms.hostile_books import Rules, duplicates, writes

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)
Place = tuple[PlatformServer, Rules]


@pytest.fixture
def place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        yield server, rules


def a_shop(place: Place, platform: str = "hostile", *, mode: Any = "journal", days: int = 3) -> Company:
    """A merchant with a sale on each of three days, posted and not delivered."""
    place[1].unique_ref, place[1].keyed = platform == "hostile", platform == "hostile_keyed"
    company = a_merchant(platform=platform, book=default_book("GBP", DAYS, mode))
    hostile_books.connect(books_of(company), place[0])
    sell(company, *(an_order(n, day=FIRST + timedelta(days=n)) for n in range(days)))
    post_due(company_id=company.pk, through=LAST, act=uuid4())
    return company


def delivered(company: Company, **options: Any) -> PushResult:
    """One round of delivery, prepared as the engine does it."""
    connection = books_of(company)
    platform = registry.accounting(connection.platform)
    limits = Limits(connect_seconds=1, read_seconds=1, total_seconds=1)
    prepare(company_id=company.pk, connection_id=connection.pk)
    with open_door(connection, platform) as door:
        door._limits = limits
        session = Session(connection.pk, company.pk, connection.settings, door)
        return deliver(Delivery(platform, session, limits, **options))


def states(company: Company) -> list[str]:
    return list(PushItem.objects.filter(company=company).order_by("document_id").values_list("state", flat=True))


def test_every_document_arrives_once_and_is_read_back(place: Place) -> None:
    company = a_shop(place)
    assert delivered(company).written == 3
    assert delivered(company) == PushResult()
    assert (len(place[0].documents), writes(place[0])) == (3, 3)
    assert list(Binding.objects.values_list("agrees", flat=True)) == [True] * 3
    assert Document.objects.filter(pushed_at__isnull=True).count() == 0


@pytest.mark.parametrize("platform", ["hostile", "hostile_keyed", "hostile_search"])
@pytest.mark.parametrize(
    "fault", ["lose_after", "drop_before", "err500_after", "err500_before", "truncate_after", "html_200", "slow_after"]
)
@pytest.mark.case("A01", "A02", "A03", "A04", "A05", "A06")
def test_a_lost_answer_ends_with_one_document(place: Place, platform: str, fault: str) -> None:
    company = a_shop(place, platform, days=1)
    place[0].fail(fault, seconds=1.5)
    first = delivered(company)
    assert (first.written, first.unknown) == (0, 1)
    if platform == "hostile_search":
        age(company)
    assert delivered(company).written == 1
    assert len(place[0].documents) == 1
    assert states(company) == ["pushed"]


def age(company: Company) -> None:
    """An hour passes for what is open."""
    with database.cursor() as cursor:
        cursor.execute(
            """UPDATE connectors_pushitem SET claimed_at = claimed_at - interval '1 hour',
               deadline_at = deadline_at - interval '1 hour', waits_until = waits_until - interval '1 hour'
               WHERE company_id = %s""",
            [company.pk],
        )


@pytest.mark.case("A02", "A14")
def test_not_there_is_not_believed_while_something_late_may_come(place: Place) -> None:
    company = a_shop(place, "hostile_search", days=1)
    place[0].fail("drop_before")
    delivered(company)
    PushItem.objects.update(waits_until=None)
    assert delivered(company).unknown == 1
    assert writes(place[0]) == 1


@pytest.mark.case("A03")
def test_a_slow_commit_after_our_time_out_is_found_and_not_sent_again(place: Place) -> None:
    company = a_shop(place, "hostile_search", days=1)
    place[0].fail("slow_before", seconds=1.3)
    assert delivered(company).unknown == 1
    time.sleep(0.6)
    age(company)
    assert delivered(company).written == 1
    assert (len(place[0].documents), writes(place[0])) == (1, 1)


@pytest.mark.case("A01")
def test_what_a_dead_worker_was_sending_is_looked_up_first(place: Place) -> None:
    company = a_shop(place, days=1)

    def die(name: str) -> None:
        if name == "after_response":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        delivered(company, step=die)
    assert states(company) == ["sending"]
    assert delivered(company).written == 1
    assert (len(place[0].documents), writes(place[0])) == (1, 1)


@pytest.mark.parametrize("fault", ["err500_before", "rate429", "truncate_after", "html_200", "cut_json"])
@pytest.mark.case("A15")
def test_a_look_up_that_fails_changes_nothing(place: Place, fault: str) -> None:
    company = a_shop(place, days=1)
    place[0].fail("lose_after")
    delivered(company)
    place[0].fail(fault, times=4, header="60")
    assert (delivered(company).unknown, writes(place[0])) == (1, 1)
    age(company)
    place[0].faults.clear()
    assert delivered(company).written == 1
    assert len(place[0].documents) == 1


@pytest.mark.case("A16")
def test_found_twice_is_refused_with_an_alarm(place: Place) -> None:
    company = a_shop(place, "hostile_search", days=1)
    place[0].fail("lose_after")
    delivered(company)
    place[0].documents.append(dict(place[0].documents[0], id="D2"))
    age(company)
    assert delivered(company).refused == 1
    assert AuditEntry.objects.filter(code="document.ambiguous", company=company).count() == 1


@pytest.mark.case("A12")
def test_a_refused_document_leaves_its_neighbors_alone_and_says_whose_turn_it_is(place: Place) -> None:
    company = a_shop(place)
    place[1].refuse["2026-03-03"] = "period_locked"
    assert delivered(company).written == 2
    refused = PushItem.objects.get(state="refused")
    assert (refused.failure_code, refused.failure_turn) == ("period_locked", "merchant")
    place[1].refuse.clear()
    assert delivered(company).written == 0  # not before somebody says so
    assert retry_items(connection_id=books_of(company).pk, actor="support") == 1
    assert delivered(company).written == 1


@pytest.mark.case("A21")
def test_a_number_that_is_taken_by_our_own_document_is_adopted(place: Place) -> None:
    company = a_shop(place, days=1)
    document = Document.objects.get().document
    place[0].documents.append({"id": "D9", "reference": document.header.reference, "entries": document.entries()})
    assert delivered(company).written == 1
    assert Binding.objects.get().remote_id == "D9"


@pytest.mark.case("A08")
def test_an_id_that_is_bound_to_another_document_is_never_bound_again(place: Place) -> None:
    company = a_shop(place, days=2)
    place[1].on_commit = lambda: place[0].documents[-1].update(id="D1")
    assert delivered(company) == PushResult(1, refused=1)
    assert AuditEntry.objects.filter(code="document.ambiguous", company=company).count() == 1
    other = Document.objects.get(pushed_at__isnull=True)
    with refuses("binding_remote_id_once"):
        Binding.objects.create(
            connection=books_of(company), document=other, kind="journal", remote_id="D1", bound_at=datetime.now(UTC)
        )


@pytest.mark.parametrize("remote_id", ["", "x" * 201, "D\x001"])
def test_an_id_that_cannot_be_one_is_a_matter_for_people(place: Place, remote_id: str) -> None:
    company = a_shop(place, days=2)
    place[1].on_commit = lambda: place[0].documents[-1].update(id=remote_id)
    assert delivered(company) == PushResult(refused=2)
    assert set(PushItem.objects.values_list("failure_code", flat=True)) == {"unusable_id"}


def test_what_postgresql_cannot_keep_of_an_answer_is_left_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    company = a_shop(place, days=1)
    strange = Pushed("D1", "https://x\x00", {"na\x00me": ["a\x00", {"b": "\x00"}], "n": 1})
    monkeypatch.setattr(hostile_books.Hostile, "push", lambda *_: strange)
    delivered(company)
    bound = Binding.objects.get()
    assert (bound.url, bound.answer) == ("https://x", {"name": ["a", {"b": ""}], "n": 1})


def test_a_busy_platform_is_left_alone_until_it_said(place: Place) -> None:
    company = a_shop(place)
    place[0].fail("rate429", header="120")
    result = delivered(company)
    assert (result.waiting, result.prepared) == (1, 2)
    assert result.next_seconds is not None
    assert 60 < result.next_seconds <= 120
    assert writes(place[0]) == 1


def test_a_payment_waits_for_the_invoice_that_it_settles(place: Place) -> None:
    company = a_shop(place, mode="invoice", days=1)
    assert sorted(Document.objects.values_list("kind", flat=True)) == ["invoice", "payment"]
    place[0].fail("drop_before")
    assert delivered(company).prepared == 1
    assert writes(place[0]) == 1
    assert delivered(company).written == 2


def test_a_payment_is_told_the_id_of_the_invoice_that_it_settles(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    company = a_shop(place, mode="invoice", days=1)
    looked_up_with: list[dict[str, str]] = []
    find = hostile_books.Hostile.find

    def noting(self: Any, session: Session, document: Any) -> Pushed | None:
        looked_up_with.append(dict(session.remote_ids))
        return find(self, session, document)

    monkeypatch.setattr(hostile_books.Hostile, "find", noting)
    monkeypatch.setattr(place[1], "on_commit", lambda: len(place[0].documents) == 1 and place[0].fail("lose_after"))
    delivered(company)
    delivered(company)
    invoice, payment = place[0].documents
    assert (invoice["settles_id"], payment["settles_id"]) == ("", invoice["id"])
    assert looked_up_with == [{invoice["key"]: invoice["id"]}]
    Binding.objects.filter(remote_id=invoice["id"]).update(voided_at=datetime.now(UTC))
    assert push_rows.remote_ids(books_of(company).pk, company.pk, [invoice["key"]]) == {}


def test_a_platform_is_told_what_was_kept_of_its_accounts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    company = a_shop(place, days=1)
    card = Option("account", "1100", "Card clearing", type="bank", detail={"native": "BANK"})
    keep_options(connection_id=books_of(company).pk, found=[card, Option("customer", "1100", "Daily sales")])
    told: list[dict[str, Option]] = []
    for verb in ("push", "read_back"):
        own = getattr(hostile_books.Hostile, verb)
        monkeypatch.setattr(
            hostile_books.Hostile,
            verb,
            lambda self, session, *rest, own=own: (told.append(session.accounts), own(self, session, *rest))[1],
        )
    delivered(company)
    assert told == [{"1100": card}] * 2


def test_a_platform_without_any_safety_is_never_written_to_by_itself(place: Place) -> None:
    company = a_shop(place, "hostile_bare", days=1)
    assert delivered(company).refused == 1
    assert PushItem.objects.get().failure_code == "manual_only"
    assert writes(place[0]) == 0


@pytest.mark.case("A07", "A18")
def test_what_was_changed_at_the_platform_is_told_and_not_corrected(place: Place) -> None:
    company = a_shop(place, days=2)
    place[1].on_commit = lambda: place[0].documents[-1]["entries"][0].__setitem__(1, 1)
    assert delivered(company).written == 2
    assert AuditEntry.objects.filter(code="document.mismatch").count() == 2
    assert list(Binding.objects.values_list("agrees", flat=True)) == [False, False]


@pytest.mark.case("A17")
def test_what_was_removed_at_the_platform_is_not_made_again(place: Place) -> None:
    company = a_shop(place, days=1)
    delivered(company)
    Binding.objects.update(verified_at=None, agrees=None)
    place[0].documents.clear()
    assert delivered(company).written == 0
    assert states(company) == ["removed"]
    assert writes(place[0]) == 1


@pytest.mark.case("L02")
@pytest.mark.case("A26")
def test_a_platform_that_fails_again_and_again_is_left_alone(place: Place) -> None:
    company = a_shop(place, days=3)
    sell(company, *(an_order(9 + n, day=date(2026, 3, 10 + n)) for n in range(5)))
    post_due(company_id=company.pk, through=date(2026, 3, 20), act=uuid4())
    place[0].fail("drop_before", times=8)
    delivered(company)
    assert writes(place[0]) == push_send.BREAKER


@contextmanager
def refuses(words: str) -> Iterator[None]:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        yield


@pytest.mark.case("A10")
def test_postgresql_lets_no_unknown_outcome_be_sent_again_without_a_look_up(place: Place) -> None:
    company = a_shop(place, days=1)
    place[0].fail("lose_after")
    delivered(company)
    with refuses("push_item_moves|cannot go from unknown to sending"):
        PushItem.objects.update(state="sending")
    delivered(company)
    for state in ("prepared", "sending", "unknown"):
        with refuses("cannot go from pushed"):
            PushItem.objects.update(state=state, binding=None)
    with refuses("cannot be forgotten"):
        PushItem.objects.all().delete()
    with refuses("stays as it was made"):
        Binding.objects.update(remote_id="X")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "sending"}, "push_item_sending_has_deadline"),
        ({"state": "pushed"}, "push_item_pushed_has_binding"),
        ({"state": "waiting"}, "push_item_waiting_has_time"),
        ({"state": "refused"}, "push_item_refused_says_why"),
        ({"state": "lost"}, "push_item_state_known"),
    ],
)
def test_a_state_without_what_it_means_is_refused(place: Place, values: dict[str, Any], constraint: str) -> None:
    company = a_shop(place, days=1)
    prepare(company_id=company.pk, connection_id=books_of(company).pk)
    with refuses(constraint):
        PushItem.objects.update(**values)


def test_preparing_twice_prepares_once(place: Place) -> None:
    company = a_shop(place)
    first = prepare(company_id=company.pk, connection_id=books_of(company).pk)
    assert (first, prepare(company_id=company.pk, connection_id=books_of(company).pk)) == (3, 0)


def test_a_posting_that_went_nowhere_is_withdrawn_and_posted_anew(place: Place) -> None:
    company = a_shop(place)
    prepare(company_id=company.pk, connection_id=books_of(company).pk)
    for posting in Posting.objects.all():
        withdraw_posting(posting_id=posting.pk, actor="support")
    assert states(company) == []
    assert post_due(company_id=company.pk, through=LAST, act=uuid4()).documents == 3
    assert delivered(company).written == 3
    assert duplicates(place[0]) == []


def test_a_posting_of_which_anything_may_be_at_the_platform_is_not_withdrawn(place: Place) -> None:
    company = a_shop(place, days=1)
    place[0].fail("lose_after")
    delivered(company)
    with pytest.raises(CannotWithdraw):
        withdraw_posting(posting_id=Posting.objects.get().pk, actor="support")


@pytest.mark.case("A12")
def test_local_books_take_a_batch_in_one_transaction_and_refuse_one_alone() -> None:
    from connectors.general_ledger import periods

    company = a_merchant()
    sell(company, *(an_order(n, day=FIRST + timedelta(days=n)) for n in range(3)))
    post_due(company_id=company.pk, through=LAST, act=uuid4())
    link = books_of(company)
    periods.lock_period(connection_id=link.pk, through=FIRST, author="bookkeeper")
    books = Delivery(registry.accounting("books"), Session(link.pk, company.pk))
    assert deliver(books) == PushResult(2, refused=1)
    assert deliver(books) == PushResult()
    assert trial_balance(company)["1100"] == 2_400
    assert PushItem.objects.get(state="refused").failure_code == "period_locked"
