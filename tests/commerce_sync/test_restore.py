"""A backup that is restored: proven equal, held until somebody says so, and nothing delivered twice afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from commerce_sync import errands, services, work
from commerce_sync.backup import making
from commerce_sync.backup.figures import Figures, Table, differences
from connectors import push_send
from connectors.general_ledger.chart import default_book
from connectors.models import Binding, PushItem
from connectors.otherwise_dated import otherwise_dated
from health.doctor_machine import home as home_check
from ledger import sql
from ledger.book import Policy
from ledger.home import come_home, doubt, elsewhere
from ledger.models import AuditEntry, Company, Document, Home
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, books_of, sell, trial_balance
from tests.connectors.server import PlatformServer
from tests.platforms import hostile_books
from tests.platforms.hostile_books import Rules, writes

Place = tuple[PlatformServer, Rules]


@pytest.fixture
def place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        monkeypatch.setattr(push_send, "AGAIN_SECONDS", 0)
        yield server, rules


def synced(company: Company) -> None:
    services.request_sync(company=company)
    work.drain()


def back_to(moment: str) -> None:
    """The database is as it was, and somewhere else; the world outside is as it is."""
    transaction.savepoint_rollback(moment)
    Home.objects.create(place="another server", noticed_at="2026-01-01T00:00Z", opened_at="2026-01-01T00:00Z")


def settle() -> None:
    """The time passes in which something late could still come."""
    sql.execute("UPDATE connectors_pushitem SET deadline_at = deadline_at - interval '1 hour', waits_until = NULL")
    sql.execute("UPDATE commerce_sync_job SET next_at = now()")
    sql.execute("UPDATE commerce_sync_companyqueue SET next_at = now()")
    work.drain()


@pytest.mark.django_db
@pytest.mark.case("H09")
@pytest.mark.parametrize("platform", ["hostile_search", "hostile_keyed", "hostile"])
def test_what_was_delivered_after_the_backup_is_adopted_and_not_sent_again(place: Place, platform: str) -> None:
    place[1].unique_ref, place[1].keyed = platform == "hostile", platform == "hostile_keyed"
    company = a_merchant(platform=platform, book=default_book("GBP", DAYS))
    hostile_books.connect(books_of(company), place[0])
    sales = [an_order(n, day=FIRST_DAY + timedelta(days=n)) for n in range(3)]
    sell(company, sales[0])
    synced(company)
    backup = transaction.savepoint()
    sell(company, sales[1])
    synced(company)
    assert len(place[0].documents) == 2
    back_to(backup)
    sell(company, *sales[1:])  # the partner sends everything again, and there is a new sale
    services.request_sync(company=company)
    assert work.drain() == work.Drained()
    assert Binding.objects.count() == 1
    assert home_check().level == "failure"
    come_home(actor="operator", reason="restored")
    work.drain()
    settle()
    assert [len(place[0].documents), Binding.objects.count()] == [3, 3]
    assert {item.state for item in PushItem.objects.all()} == {"pushed"}
    assert Document.objects.filter(pushed_at=None).count() == 0
    assert home_check().level == "ok"
    if platform == "hostile_search":
        assert writes(place[0]) == 3


@pytest.mark.django_db
def test_an_adjustment_that_another_day_dated_is_found_all_the_same(place: Place) -> None:
    place[1].unique_ref = False
    book = default_book("GBP", DAYS, policy=Policy(late_changes="first_open_day"))
    company = a_merchant(platform="hostile_search", book=book)
    hostile_books.connect(books_of(company), place[0])
    sell(company, an_order(1), an_order(2, day=FIRST_DAY + timedelta(days=1)))
    synced(company)
    backup = transaction.savepoint()
    late = an_order(1, amount=1_800, updated_at=an_order(1).updated_at + timedelta(days=9))
    sell(company, late)
    synced(company)
    delivered = dict(place[0].documents[-1])
    back_to(backup)
    elsewhere()
    come_home(actor="operator", reason="restored")
    sell(company, late)
    former = doubt()
    assert former is not None
    services.request_sync(company=company, through=former.since)  # dated by another day
    work.drain()
    settle()
    newest = Document.objects.latest("id")
    assert newest.reference != delivered["reference"]
    assert delivered["reference"] in {other.header.reference for other in otherwise_dated(newest.document, former)}
    assert [len(place[0].documents), Binding.objects.latest("id").remote_id] == [3, delivered["id"]]


@pytest.mark.django_db
@pytest.mark.case("H09")
def test_the_built_in_books_are_in_the_same_backup_and_post_once() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    synced(company)
    backup = transaction.savepoint()
    sell(company, an_order(2))
    synced(company)
    after = trial_balance(company)
    back_to(backup)
    elsewhere()
    come_home(actor="operator", reason="restored")
    sell(company, an_order(2))
    synced(company)
    assert trial_balance(company) == after


@pytest.mark.django_db
def test_what_no_former_history_can_have_sent_is_sent_without_a_look(place: Place) -> None:
    place[1].unique_ref = False
    company = a_merchant(platform="hostile_search", book=default_book("GBP", DAYS))
    hostile_books.connect(books_of(company), place[0])
    elsewhere()
    long_ago = "2025-01-01T00:00Z"
    Home.objects.create(place=Home.objects.get().place, noticed_at=long_ago, behind_at=long_ago, opened_at=long_ago)
    sell(company, an_order(1))
    synced(company)
    assert [seen.path for seen in place[0].log if seen.path.startswith("/search")] == []
    assert len(place[0].documents) == 1


@pytest.mark.django_db
def test_what_calls_the_outside_rests_in_a_copy(settings: Any) -> None:
    ran: list[str] = []
    settings.COMMERCE_SYNC_ERRANDS = [f"{__name__}.outside", f"{__name__}.inside"]
    settings.COMMERCE_SYNC_ERRANDS_OUTSIDE = frozenset({f"{__name__}.outside"})
    globals().update(outside=lambda seconds: ran.append("outside"), inside=lambda seconds: ran.append("inside"))
    errands.run_errands()
    Home.objects.create(place="x", noticed_at="2026-01-01T00:00Z", opened_at="2026-01-01T00:00Z")
    errands.run_errands()
    assert ran == ["outside", "inside", "inside"]


@pytest.mark.django_db
def test_data_wait_once_and_go_on_on_a_persons_word_with_a_reason() -> None:
    with pytest.raises(CommandError, match="nothing to resume"):
        call_command("resume_after_restore", "--why", "x")
    call_command("resume_after_restore", "--hold")
    assert elsewhere() == elsewhere() is not None
    assert Home.objects.filter(opened_at=None).count() == 1
    with pytest.raises(CommandError, match="Say why"):
        call_command("resume_after_restore")
    call_command("resume_after_restore", "--why", "the copy is the original now", "--by", "kim")
    assert elsewhere() is None
    told = AuditEntry.objects.get(code="home.opened")
    assert (told.actor, told.detail) == ("kim", {"reason": "the copy is the original now"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("home_is_awaited_once", "INSERT INTO ledger_home (place, noticed_at) VALUES ('x', now()), ('x', now())"),
        ("home_has_place", "INSERT INTO ledger_home (place, noticed_at) VALUES ('', now())"),
        (
            "home_is_opened_after",
            "INSERT INTO ledger_home (place, noticed_at, opened_at) VALUES ('x', now(), now() - interval '1 day')",
        ),
        ("append-only", "UPDATE ledger_home SET place = 'y'"),
        ("append-only", "DELETE FROM ledger_home"),
    ],
)
def test_postgresql_refuses_a_home_that_cannot_be(name: str, statement: str) -> None:
    """What was noted stays (home_stays)."""
    elsewhere()
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        sql.execute(statement)


def test_figures_name_each_difference() -> None:
    before = Figures("", {"a": Table(1, "7"), "b": Table(2, "8")}, {"trigger t": "x"}, {"company GBP 1100": 5}, [])
    assert differences(before, before) == []
    after = Figures("", {"a": Table(1, "9"), "c": Table(0, "0")}, {}, {"company GBP 1100": 6}, [])
    assert differences(before, after) == [
        "a has other contents in as many rows", "the table b is missing", "the table c is new",
        "the trigger t is not what it was", "the balance company GBP 1100 is not what it was",
    ]  # fmt: skip
    fewer = Figures("", {"a": Table(0, "0"), "b": Table(2, "8")}, before.guards, before.balances, [])
    assert differences(before, fewer) == ["a has 0 rows, not 1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("H09", "H10")
def test_a_backup_is_restored_and_proven_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    company = a_merchant()
    sell(company, an_order(1))
    synced(company)
    backup = tmp_path / "today.dump"
    call_command("backup", str(backup))
    with pytest.raises(CommandError, match="never replaces"):
        call_command("backup", str(backup))
    with pytest.raises(CommandError, match="has tables"):
        call_command("restore", str(backup))
    sell(company, an_order(2))  # goes on while the backup is rehearsed
    synced(company)
    call_command("rehearse_restore", "--file", str(backup))
    assert "Equal: the restored books are the books" in capsys.readouterr().out
    beside = tmp_path / f"today.dump{making.FIGURES_SUFFIX}"
    beside.write_text(
        beside.read_text().replace('"ledger_record": {\n   "rows": 1', '"ledger_record": {\n   "rows": 2')
    )
    with another_database(), pytest.raises(CommandError, match="ledger_record has 1 rows, not 2"):
        call_command("restore", str(backup))
    assert {path.stat().st_mode & 0o77 for path in tmp_path.iterdir()} == {0}
    assert not sql.rows("SELECT datname FROM pg_database WHERE datname LIKE '%%rehearsal%%'")


@contextmanager
def another_database() -> Iterator[None]:
    """The settings name an empty database; what is restored there waits, and does no work."""
    own = connection.settings_dict["NAME"]
    name = f"{own}_restored"
    with making._session() as session:
        session.execute(f"DROP DATABASE IF EXISTS {name}")
        session.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield
            assert trial_balance(Company.objects.get()) == {"1100": 1_200, "4000": -1_000, "2200": -200}
            assert elsewhere() is not None
            services.request_sync(company=Company.objects.get())
            assert work.drain() == work.Drained()
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")
