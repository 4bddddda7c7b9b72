"""When the database does not do what was asked: it is said clearly to whoever asked, nothing is lost and nothing
doubled, and all goes on by itself afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django import db
from django.db import connection as database

from commerce_sync import outage, services, work
from commerce_sync.models import Job, Sync
from ledger.models import Company, RecordRow
from tests.api.cast import Api, make_partner, ready_company, shop_of
from tests.api.cast import an_order as a_row
from tests.commerce_sync.cast import FIRST_DAY, allow_truncate, trial_balance
from tests.commerce_sync.database_place import elsewhere, superuser
from tests.commerce_sync.full_disk import emptied
from tests.flow.cast import a_linked_merchant, inside

STEPS = ("ledger_posting", "ledger_documentline", "books_line")  # of a sync, in their order
COMMITS = pytest.mark.django_db(transaction=True)
STATES = {
    "08006": outage.AWAY, "57P01": outage.AWAY, "57P03": outage.AWAY, "25P03": outage.AWAY, "53100": outage.FULL,
    "53200": outage.SHORT, "58030": outage.SHORT, "53300": outage.CROWDED, "25006": outage.CLOSED,
    "57014": outage.SLOW, "55P03": outage.BUSY, "40001": outage.BUSY, "40P01": outage.BUSY,
    "23505": None, "42P01": None, "XX000": None,
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_an_outage_is_told_from_a_mistake_of_ours(state: str) -> None:
    told = psycopg.errors.lookup(state)("in the server's words")
    assert outage.outage_of(told) == STATES[state]
    wrapped = db.OperationalError("in the server's words")
    wrapped.__cause__ = told
    assert outage.outage_of(wrapped) == STATES[state]


def test_what_is_no_error_of_a_database_is_no_outage() -> None:
    assert outage.outage_of(None) is None
    assert outage.outage_of(TimeoutError("a platform's")) is None
    assert outage.outage_of(db.IntegrityError("without a cause")) is None


def a_pushing_partner() -> tuple[Api, str]:
    """A client, and the address at which it pushes orders."""
    partner = make_partner()
    shop = shop_of(ready_company(partner))
    return Api(partner), f"/companies/{shop.company.public_id}/connections/{shop.public_id}/data/commerce-orders"


@COMMITS
@pytest.mark.case("H08", "D10")
def test_without_the_database_everybody_is_told_to_come_again_and_nobody_sees_our_insides() -> None:
    api, orders = a_pushing_partner()
    browser = inside(a_linked_merchant("Bell & Crumb"))
    browser.raise_request_exception = False
    with elsewhere(HOST="/nowhere"):
        page, console = browser.get("/flow/"), browser.get("/admin/")
        rung = browser.post(f"/webhooks/square/{uuid4()}", b"{}", content_type="application/json")
        pushed = api.put(orders, [a_row(1)])
        listed = api.get("/companies")
        assert browser.get("/healthz/ready").json()["database"] == "does not answer"
    assert "It is not your fault, and nothing that was saved is lost." in page.content.decode()
    assert console.content.startswith(b"The database does not answer at the moment. Nothing that was saved is lost.")
    assert int(rung["Retry-After"]) >= 10
    for answer in (page, console, pushed, listed):
        assert answer["Retry-After"] == "10"
    for answer in (page, console, rung, pushed, listed):
        assert answer.status_code == 503
        assert "nowhere" not in answer.content.decode()
        assert "OperationalError" not in answer.content.decode()
    told = pushed.json()
    assert (told["statusCode"], told["canBeRetried"]) == (503, "True")
    assert told["error"].startswith("The database does not answer at the moment. Send the same request again in 10")
    assert api.put(orders, [a_row(1)]).status_code == 200
    assert RecordRow.objects.count() == 1


@COMMITS
@pytest.mark.case("H01", "H02")
def test_a_session_that_the_server_ended_between_two_requests_is_not_noticed_by_the_second() -> None:
    """As after a restart of the server: a connection that was kept is looked at before it is used again."""
    api, orders = a_pushing_partner()
    assert api.put(orders, [a_row(1)]).status_code == 200
    for number in (2, 3):
        end_all_sessions()
        db.close_old_connections()  # as at the beginning of every request; the test client alone leaves it out
        assert api.put(orders, [a_row(number)]).status_code == 200
    assert RecordRow.objects.count() == 3


def end_all_sessions() -> None:
    """What the sessions of this process see of an immediate restart."""
    with superuser() as other:
        other.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
        )


@COMMITS
@pytest.mark.case("H08")
def test_when_all_connections_are_taken_whoever_asks_waits_and_nothing_breaks() -> None:
    api, orders = a_pushing_partner()
    role = f"crowded_out_of_{database.settings_dict['NAME']}"  # roles are the server's, which other tests use too
    with superuser() as session:
        session.execute(f"DROP ROLE IF EXISTS {role}")
        session.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
        try:
            with elsewhere(USER=role):
                answer = api.put(orders, [a_row(1)])
                said = worker_says()
        finally:
            session.execute(f"DROP ROLE {role}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"].startswith("Too many are asking at the same time.")
    assert "All connections of the database are taken" in said
    assert api.put(orders, [a_row(1)]).status_code == 200


def worker_says() -> str:
    """What one round of a worker writes to its error stream, which ends as if somebody had stopped it then."""
    from commerce_sync.management.commands.run_worker import Command

    stop = _Stopped()
    told = StringIO()
    command = Command(stderr=told)
    assert command._round(1, stop) == 0  # type: ignore[arg-type]
    return told.getvalue()


class _Stopped:
    """An event that is set while it is waited for."""

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        return True


@COMMITS
@pytest.mark.case("H04")
def test_on_a_full_disk_nothing_is_lost_and_all_goes_on_by_itself_once_there_is_room() -> None:
    allow_truncate()
    no_room_for = emptied("commerce_sync_heartbeat", "connectors_page", *STEPS)
    api, orders = a_pushing_partner()
    with no_room_for("commerce_sync_heartbeat"):
        said = worker_says()
    assert said.startswith("There is no room to store anything at the moment. The disk of the database is full")
    assert "No space left on device" in said

    rows = [a_row(number, day=FIRST_DAY + timedelta(days=number % 3)) for number in range(12)]
    with no_room_for("connectors_page"):
        answer = api.put(orders, rows)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert answer.json()["error"].startswith("There is no room to store anything at the moment.")
    assert RecordRow.objects.count() == 0
    assert api.put(orders, rows).status_code == 200
    assert RecordRow.objects.count() == 12

    company = Company.objects.get()
    services.request_sync(company=company)
    for table in STEPS:
        with no_room_for(table):
            assert work.drain(5).failed == 1
        assert (Job.objects.get().state, Job.objects.get().attempts) == ("ready", 0)  # it may last for hours
        assert "No space left on device" not in Sync.objects.get().failure_sentence
        soon()
    assert work.drain(5).ended == 1
    assert trial_balance(company) == {"1140": 14_400, "4000": -12_000, "2200": -2_400}
    assert Sync.objects.get().code == 2000
    assert not Job.objects.exists()


GIVES_WAY = """
    CREATE SEQUENCE ways_given;
    CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('ways_given') = 1 THEN RAISE EXCEPTION 'in each other''s way' USING ERRCODE = '{state}'; END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER give_way AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION give_way();
"""


@contextmanager
def giving_way_once(table: str, state: str) -> Iterator[None]:
    """Meanwhile the first statement that adds to ``table`` is the one that PostgreSQL ends for another's sake."""
    with database.cursor() as cursor:
        cursor.execute(GIVES_WAY.format(table=table, state=state))
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("DROP FUNCTION give_way CASCADE; DROP SEQUENCE ways_given")


@COMMITS
@pytest.mark.parametrize(
    "state",
    [
        pytest.param("40P01", marks=pytest.mark.case("H05")),
        pytest.param("40001", marks=pytest.mark.case("H07")),
    ],
)
def test_what_gave_way_to_another_transaction_is_done_again_whole_and_once(state: str) -> None:
    api, orders = a_pushing_partner()
    with giving_way_once("connectors_page", state):
        answer = api.put(orders, [a_row(1)])
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert api.put(orders, [a_row(1)]).status_code == 200
    services.request_sync(company=Company.objects.get())
    with giving_way_once("ledger_document", state):
        assert work.drain(5).failed == 1
        waiting = Job.objects.get()
        assert (waiting.state, waiting.attempts) == ("ready", 1)  # counted: it does not go on for ever
        soon()
        assert work.drain(5).ended == 1
    assert trial_balance(Company.objects.get()) == {"1140": 1_200, "4000": -1_000, "2200": -200}


def soon() -> None:
    """What waits has waited."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE commerce_sync_job SET next_at = now()")
        cursor.execute("UPDATE commerce_sync_companyqueue SET next_at = now()")
