"""Delivery where others have taken over, platforms forget or lag, and where they are away for hours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import OperationalError
from django.db import connection as database

from connectors import push_send, registry
from connectors.http import open_door
from connectors.limits import Limits
from connectors.models import Binding, PushItem
from connectors.push import Delivery, deliver, held, prepare
from connectors.push_result import PushResult
from connectors.push_send import AGAIN_SECONDS
from connectors.push_support import retry_items
from connectors.session import Pushed, Session
from connectors.wire import Request
from ledger.models import AuditEntry, Company, Document
from ledger.post_due import post_due
from tests.commerce_sync.cast import allow_truncate, an_order, books_of, sell
from tests.commerce_sync.test_kill import connection_parameters
from tests.connectors.server import PlatformServer
from tests.connectors.test_push import a_shop, age, delivered, states
from tests.connectors.test_push import place as place
from tests.platforms import hostile_books
from tests.platforms.hostile_books import Rules, writes

Place = tuple[PlatformServer, Rules]
in_one_transaction = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)


def at(step: str, does: Callable[[], object]) -> Callable[[str], None]:
    """What is told of steps: the first time at this one, something else happens."""
    left = [does]

    def reached(name: str) -> None:
        if name == step and left:
            left.pop()()

    return reached


def live(place: Place) -> list[str]:
    """The ids that stand in the platform's books."""
    return [str(each["id"]) for each in place[0].documents if "voided" not in each]


@pytest.fixture
def meanwhile(place: Place) -> Iterator[Place]:
    """A place whose writes are committed as they are made."""
    allow_truncate()
    yield place
    allow_truncate()


@in_one_transaction
@pytest.mark.parametrize(("platform", "can_take_back"), [("hostile_void", True), ("hostile_search", False)])
@pytest.mark.case("A28")
def test_of_two_that_were_made_the_later_one_is_taken_back_or_told(
    place: Place, platform: str, can_take_back: bool
) -> None:
    company = a_shop(place, platform, days=1)

    def others_take_over() -> None:
        delivered(company)
        age(company)
        assert delivered(company).written == (0 if can_take_back else 1)

    delivered(company, step=at("before_send", others_take_over))
    assert states(company) == ["pushed"]
    bound = Binding.objects.get().remote_id
    assert (bound, len(place[0].documents)) == ("D1", 2)
    assert live(place) == (["D1"] if can_take_back else ["D1", "D2"])
    (told,) = AuditEntry.objects.filter(code="document.doubled", company=company)
    assert (told.subject, told.detail["bound"], told.detail["second"]) == (Document.objects.get().reference, "D1", "D2")
    assert told.detail["taken_back"] == can_take_back
    assert bool(told.detail["why"]) != can_take_back


@in_one_transaction
@pytest.mark.case("A28")
def test_what_was_put_back_while_its_answer_was_on_the_way_is_bound_when_it_comes(place: Place) -> None:
    company = a_shop(place, days=1)
    delivered(company, step=at("after_response", lambda: PushItem.objects.update(state="prepared")))
    assert states(company) == ["pushed"]
    assert delivered(company) == PushResult()
    assert live(place) == ["D1"]


@committing
@pytest.mark.case("A28")
def test_who_finds_its_sessions_cut_takes_back_what_others_have_made_meanwhile(meanwhile: Place) -> None:
    company = a_shop(meanwhile, "hostile_void", days=1)
    server = meanwhile[0]

    def restarted() -> None:
        """PostgreSQL lets all go; another worker looks, finds nothing yet, and sends."""
        with psycopg.connect(**connection_parameters(), autocommit=True) as other:
            other.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
            )
        reference, server.documents[0]["reference"] = server.documents[0]["reference"], "not found yet"
        elsewhere(lambda: delivered(company))
        server.documents[0]["reference"] = reference

    with pytest.raises((psycopg.OperationalError, OperationalError)):  # its locks are gone: it goes no further
        delivered(company, step=at("after_response", restarted))
    database.close()
    assert (Binding.objects.get().remote_id, live(meanwhile)) == ("D2", ["D2"])
    assert AuditEntry.objects.get(code="document.doubled").detail["taken_back"] is True
    assert delivered(company) == PushResult()


@committing
@pytest.mark.case("A28")
def test_who_finds_its_session_cut_and_was_the_only_one_writes_down_what_it_did(meanwhile: Place) -> None:
    company = a_shop(meanwhile, days=1)

    def cut() -> None:
        database.connection.close()

    with pytest.raises((psycopg.OperationalError, psycopg.InterfaceError, OperationalError)):
        delivered(company, step=at("after_response", cut))
    database.close()
    assert states(company) == ["pushed"]
    assert (Binding.objects.get().remote_id, writes(meanwhile[0])) == ("D1", 1)


def elsewhere(does: Callable[[], object]) -> None:
    """In another thread, which has a database session of its own."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            allow_truncate()
            does()
        except BaseException as error:
            caught.append(error)
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not caught, caught


@committing
@pytest.mark.case("A23")
def test_what_one_worker_is_writing_to_no_other_one_writes_to(meanwhile: Place) -> None:
    company = a_shop(meanwhile, days=1)
    seen: list[PushResult] = []
    with held(books_of(company).pk) as is_held:
        assert is_held
        elsewhere(lambda: seen.append(delivered(company)))
    assert (seen[0].written, seen[0].next_seconds, writes(meanwhile[0])) == (0, AGAIN_SECONDS, 0)
    assert delivered(company).written == 1


@in_one_transaction
@pytest.mark.case("A09")
def test_a_key_that_comes_again_with_another_body_is_a_matter_for_people(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = a_shop(place, "hostile_keyed", days=1)
    place[1].refuses_other_bodies = True
    place[0].fail("lose_after")
    delivered(company)
    monkeypatch.setattr(hostile_books.Hostile, "push", pushed_on_another_day)
    assert delivered(company).refused == 1
    refused = PushItem.objects.get()
    assert (refused.failure_code, refused.failure_turn) == ("validation", "support")
    sent = [seen.headers["idempotency-key"] for seen in place[0].log if seen.path == "/documents"]
    delivered(company)
    assert len(sent) == writes(place[0]) == 2
    assert len(set(sent)) == 1
    assert live(place) == ["D1"]


def pushed_on_another_day(self: Any, session: Session, document: Any) -> Pushed:
    """A platform file that does not send the same document in the same words."""
    header = document.header
    body = {"reference": header.reference, "date": "2026-12-24", "entries": document.entries(), "key": header.key}
    request = Request("POST", "/documents").with_json({**body, "settles": "", "settles_id": ""})
    made = session.send(request.with_headers(("Idempotency-Key", self.key_for(document)))).decode(hostile_books.Made)
    return hostile_books.answered(made, header.reference)


@in_one_transaction
@pytest.mark.case("A14")
def test_what_a_search_does_not_find_yet_is_adopted_when_it_does(place: Place) -> None:
    company = a_shop(place, "hostile_search", days=1)
    place[0].fail("lose_after")
    delivered(company)
    search = place[0].routes["/search"]
    place[0].routes["/search"] = lambda seen: {"ids": []}
    PushItem.objects.update(waits_until=None)
    assert (delivered(company).unknown, writes(place[0])) == (1, 1)
    place[0].routes["/search"] = search
    age(company)
    assert (delivered(company).written, writes(place[0])) == (1, 1)


@in_one_transaction
@pytest.mark.case("A16")
def test_one_that_was_found_twice_is_adopted_once_a_person_took_the_other_away(place: Place) -> None:
    company = a_shop(place, "hostile_search", days=1)
    place[0].fail("lose_after")
    delivered(company)
    place[0].documents.append(dict(place[0].documents[0], id="D2"))
    age(company)
    assert delivered(company).refused == 1
    assert delivered(company) == PushResult(refused=1)
    del place[0].documents[0]
    retry_items(connection_id=books_of(company).pk, actor="support")
    assert delivered(company).written == 1
    assert (Binding.objects.get().remote_id, writes(place[0])) == ("D2", 1)


@in_one_transaction
@pytest.mark.case("A13")
def test_a_delivery_that_is_lost_in_mid_way_is_looked_up_one_by_one(place: Place) -> None:
    company = a_shop(place, days=3)
    for fault in ("lose_after", "drop_before", "err500_after"):
        place[0].fail(fault)
    assert delivered(company).unknown == 3
    assert delivered(company).written == 3
    references = [each["reference"] for each in place[0].documents]
    assert sorted(references) == sorted(Document.objects.values_list("reference", flat=True))
    assert writes(place[0]) == 4  # of the three only the one that had not arrived


@in_one_transaction
@pytest.mark.case("A26")
def test_hours_of_maintenance_cost_few_calls_and_nothing_is_doubled_or_lost(place: Place) -> None:
    company = many_days(place)
    place[0].fail("unavailable", times=10_000)
    for _ in range(6):
        before = len(place[0].log)
        assert patiently(company).written == 0
        assert len(place[0].log) - before <= push_send.BREAKER
        age(company)
    place[0].faults.clear()
    before = len(place[0].log)
    assert patiently(company).written == 12
    lookups_and_reading_back = 2 * 12
    assert len(place[0].log) - before <= 12 + lookups_and_reading_back
    assert sorted(each["reference"] for each in place[0].documents) == sorted(
        Document.objects.values_list("reference", flat=True)
    )


@in_one_transaction
@pytest.mark.case("A26")
def test_the_longer_a_platform_does_not_answer_the_longer_it_is_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_send, "AGAIN_SECONDS", AGAIN_SECONDS)
    company = a_shop(place, days=1)
    place[0].fail("lose_after")
    delivered(company)
    place[0].fail("unavailable", times=100)
    pauses = []
    for _ in range(2):
        pauses.append(patiently(company).next_seconds or 0)
        age(company)
    assert 0 < pauses[0] <= AGAIN_SECONDS
    assert 50 * AGAIN_SECONDS < pauses[1] <= 60 * AGAIN_SECONDS


def many_days(place: Place) -> Company:
    company = a_shop(place, days=3)
    sell(company, *(an_order(20 + n, day=date(2026, 3, 10) + timedelta(days=n)) for n in range(9)))
    post_due(company_id=company.pk, through=date(2026, 3, 31), act=uuid4())
    return company


def patiently(company: Company) -> PushResult:
    """A round in which no call is repeated at once."""
    link = books_of(company)
    platform = registry.accounting(link.platform)
    limits = Limits(connect_seconds=1, read_seconds=1, total_seconds=1, retries=0)
    prepare(company_id=company.pk, connection_id=link.pk)
    with open_door(link, platform) as door:
        door._limits = limits
        return deliver(Delivery(platform, Session(link.pk, company.pk, link.settings, door), limits))


@in_one_transaction
@pytest.mark.case("A07")
def test_what_a_platform_does_not_tell_keeps_nothing_else_from_being_read_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = a_shop(place, days=3)
    monkeypatch.setattr("connectors.push_verify.BINDINGS_AT_ONCE", 2)
    read_back = hostile_books.Hostile.read_back
    asked: list[str] = []

    def silent(self: Any, session: Session, remote_id: str, kind: str) -> Any:
        asked.append(remote_id)
        return read_back(self, session, remote_id, kind) if remote_id == "D3" else None

    monkeypatch.setattr(hostile_books.Hostile, "read_back", silent)
    for _ in range(3):
        delivered(company)
    assert asked == ["D1", "D2", "D3"]
    assert list(Binding.objects.order_by("id").values_list("agrees", flat=True)) == [None, None, True]
