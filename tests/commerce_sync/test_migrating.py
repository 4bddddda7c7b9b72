"""Migrations that run while the site serves: they wait for nobody for long, and take nothing from the code before."""

from __future__ import annotations

from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from commerce_sync.management.commands import migrate
from tests.commerce_sync.database_place import place

OURS = {"ledger", "connectors", "commerce_sync", "health"}
# Old code runs beside the new tables until it is restarted: what it reads and writes is taken away in a release of its
# own, once nothing uses it any more. "app.migration: operation" → which release stopped using it.
TAKEN_AWAY: dict[str, str] = {}
# These built their indexes under a lock, when nobody had much in the tables. Later ones use AddIndexConcurrently.
BEFORE_CONCURRENTLY = {
    *("commerce_sync.0008_console_indexes", "commerce_sync.0009_console_lists", "connectors.0008_console_lists"),
    *("health.0005_working", "health.0008_console_lists", "ledger.0004_undo", "ledger.0005_listing"),
    *("ledger.0006_explaining", "ledger.0007_console_lists", "connectors.0009_ledger_facts"),
}
_TAKES_AWAY = {"RemoveField", "RenameField", "DeleteModel", "RenameModel", "AlterModelTable"}


def column() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'django_session'::regclass AND attname = 'late_at'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("H14")
def test_a_migration_gives_up_waiting_for_a_table_in_words_and_is_repeated(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATION_MODULES = {"sessions": "tests.commerce_sync.late_migrations"}
    monkeypatch.setattr(migrate, "LONGEST_WAIT_MS", 100)
    with psycopg.connect(**place()) as reader:
        reader.execute("SELECT count(*) FROM django_session")  # and has not ended its transaction
        with pytest.raises(CommandError, match=r"Somebody held a table .* Nothing of this migration was done"):
            call_command("migrate", "sessions", verbosity=0)
        assert not column()
        assert comment() is None  # what it did before it had to wait is undone
        reader.rollback()
    call_command("migrate", "sessions", verbosity=0)
    try:
        assert (column(), comment()) == (True, "first")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
            assert cursor.fetchone() == ("5s", "10min")
    finally:
        call_command("migrate", "sessions", "0001", verbosity=0)
    assert (column(), comment()) == (False, None)


def comment() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('django_session'::regclass)")
        found: str | None = cursor.fetchone()[0]
        return found


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "HOST", "/nowhere")
        with pytest.raises(CommandError, match=r"^The database does not answer at the moment\. The server cannot be"):
            call_command("migrate", verbosity=0, stdout=StringIO())
        connection.close()


def operations() -> list[tuple[str, Any, set[str]]]:
    """Each operation of our migrations, flat, with the models that its own migration makes."""
    found = []
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        made = {each.name.lower() for each in migration.operations if type(each).__name__ == "CreateModel"}
        found += [(f"{app}.{name}", each, made) for each in migration.operations if app in OURS]
    return found


@pytest.mark.case("H14")
def test_no_migration_takes_away_what_the_code_before_it_uses() -> None:
    taken = {f"{name}: {each.describe()}" for name, each, _ in operations() if type(each).__name__ in _TAKES_AWAY}
    assert taken == set(TAKEN_AWAY)


@pytest.mark.case("H14")
def test_no_new_migration_builds_an_index_while_everybody_waits() -> None:
    blocking = {
        name
        for name, each, made in operations()
        if type(each).__name__ == "AddIndex" and each.model_name.lower() not in made
    }
    assert blocking - BEFORE_CONCURRENTLY == set()
