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
from django.core.management import call_command
from django.db import connection as database
from django.test import Client

from commerce_sync import outage, services, work
from commerce_sync.models import Job, Sync
from ledger.models import RecordRow
from tests.api.cast import Api, make_partner, ready_company, shop_of
from tests.api.cast import an_order as a_row
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, allow_truncate, an_order, sell, trial_balance
from tests.commerce_sync.full_disk import no_room_for
from tests.commerce_sync.superuser import superuser

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


@contextmanager
def elsewhere(**place: str) -> Iterator[None]:
    """Meanwhile the database is looked for at another place."""
    former = {name: database.settings_dict[name] for name in place}
    database.close()
    database.settings_dict.update(place)
    try:
        yield
    finally:
        database.close()
        database.settings_dict.update(former)


def a_pushing_partner() -> tuple[Api, str]:
    """A client, and the address at which it pushes orders."""
    partner = make_partner()
    shop = shop_of(ready_company(partner))
    return Api(partner), f"/companies/{shop.company.public_id}/connections/{shop.public_id}/data/commerce-orders"


@COMMITS
@pytest.mark.case("H08", "D10")
def test_without_the_database_everybody_is_told_to_come_again_and_nobody_sees_our_insides() -> None:
    api, orders = a_pushing_partner()
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = "somebody"
    with elsewhere(HOST="/nowhere"):
        page, console = browser.get("/flow/"), browser.get("/admin/")
        rung = browser.post(f"/webhooks/square/{uuid4()}", b"{}", content_type="application/json")
        pushed = api.put(orders, [a_row(1)])
        listed = api.get("/companies")
        assert browser.get("/healthz/ready").json()["database"] == "does not answer"
    assert "It is not your fault, and nothing that was saved is lost." in page.content.decode()
    assert console.content.startswith(b"The database does not answer at the moment. Nothing that was saved is lost.")
    for answer in (page, console, rung, pushed, listed):
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
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
def test_a_push_onto_a_full_disk_is_refused_whole_and_taken_once_there_is_room() -> None:
    api, orders = a_pushing_partner()
    allow_truncate()
    with no_room_for("connectors_page"):
        answer = api.put(orders, [a_row(1)])
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert answer.json()["error"].startswith("There is no room to store anything at the moment.")
    assert RecordRow.objects.count() == 0
    assert api.put(orders, [a_row(1)]).status_code == 200
    assert RecordRow.objects.count() == 1


@COMMITS
@pytest.mark.case("H04")
@pytest.mark.parametrize("table", ["ledger_posting", "ledger_documentline", "books_line"])
def test_a_sync_that_meets_a_full_disk_three_times_ends_with_everything_once(table: str) -> None:
    allow_truncate()
    company = a_merchant()
    sell(company, *(an_order(number, day=FIRST_DAY + timedelta(days=number % 3)) for number in range(12)))
    services.request_sync(company=company)
    with no_room_for(table):
        for _ in range(3):
            assert (work.drain(5).failed, Job.objects.get().attempts) == (1, 0)
            soon()
    work.drain(5)
    assert trial_balance(company) == {"1100": 14_400, "4000": -12_000, "2200": -2_400}
    assert Sync.objects.get().code == 2000
    assert not Job.objects.exists()


def soon() -> None:
    """What waits has waited."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE commerce_sync_job SET next_at = now(); UPDATE commerce_sync_companyqueue SET next_at = now()"
        )


@COMMITS
@pytest.mark.case("H04")
def test_a_worker_without_room_says_so_and_what_to_do() -> None:
    allow_truncate()
    with no_room_for("commerce_sync_heartbeat"):
        said = worker_says()
    assert said.startswith("There is no room to store anything at the moment. The disk of the database is full")
    assert "No space left on device" in said
    call_command("run_worker", "--once")
