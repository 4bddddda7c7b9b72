"""What every test stands on: its own database in the embedded PostgreSQL, and no network but this machine."""

from __future__ import annotations

import fcntl
import gc
import socket
from collections.abc import Generator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# The machines are small and shared: how long one example takes says nothing.
hypothesis_settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("project")

# Most of what a test process holds is never garbage (code, models, specifications): it is looked through less often.
gc.set_threshold(100_000, 20, 20)
# Else each client of a test looks at every static file anew, a seventh of the time of tests of pages and of the API.
settings.WHITENOISE_AUTOREFRESH = True
# As elsewhere, but with one round instead of a million.
settings.PASSWORD_HASHERS = ["tests.quick_passwords.QuickHasher", *settings.PASSWORD_HASHERS]

DATABASE_SLOTS = 32
TESTS = Path(__file__).parent
OF_THE_MODELS = {"auth_permission", "django_content_type"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cover-everything", action="store_true", help="with --cov: count what all tests run")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage counts what the tests of the ledger run, and of those not what chance has found.

    The accounting core has to be covered wholly, by tests that are the same each time. To count in all others as well
    takes a third of their time and proves nothing more.
    """
    plugin: Any = item.config.pluginmanager.getplugin("_cov")
    counting = plugin.cov_controller if plugin is not None else None
    if counting is None or not counting.started or item.config.getoption("--cover-everything") or _counts(item):
        return (yield)
    counting.pause()
    try:
        return (yield)
    finally:
        counting.resume()


def _counts(item: pytest.Item) -> bool:
    return item.path.is_relative_to(TESTS / "ledger") and item.get_closest_marker("hypothesis") is None


@pytest.fixture(scope="session")
def database_slot() -> Iterator[int]:
    """A number that no other test process here has now; the kernel frees it when this process dies.

    From a small range and not the process id: what a killed run leaves is overwritten by the next one.
    """
    folder = Path(settings.COMMERCE_SYNC_DATA_DIR)
    for slot in range(DATABASE_SLOTS):
        with (folder / f"tests-{slot}.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield slot
            return
    pytest.exit(f"{DATABASE_SLOTS} test processes are running already")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_slot: int, django_db_blocker: Any) -> None:
    """Gives each test process its own database, also when two test runs are under way at once."""
    from tests.migrated import migrated

    with (Path(settings.COMMERCE_SYNC_DATA_DIR) / "tests-migrated.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with django_db_blocker.unblock():
            template = migrated(settings.DATABASES["default"])
    for database in settings.DATABASES.values():
        database.setdefault("TEST", {})["NAME"] = f"test_{database['NAME']}_{database_slot}"
        database["TEST"]["TEMPLATE"] = template
        # Tests that commit are cleaned up by TRUNCATE, which the ledger's guards refuse everywhere else.
        database["OPTIONS"]["options"] += " -c commerce_sync.allow_truncate=on"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Keeps what `migrate` has said of the models: Django would have it forgotten and said anew after each test that
    commits, and nothing else of the migrations is there in such a test.
    """
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db import connection
    from django.db.models.signals import post_migrate

    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    emptied = connection.ops.sql_flush

    def sql_flush(style: Any, tables: list[str], **how: Any) -> list[str]:
        return emptied(style, [table for table in tables if table not in OF_THE_MODELS], **how)

    connection.ops.sql_flush = sql_flush  # type: ignore[method-assign,assignment]


def _is_here(address: Any) -> bool:
    """Whether a socket address is a Unix socket or on loopback."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}


@pytest.fixture(autouse=True)
def _no_network_but_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would call the outside fails with the address it wanted."""
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:
            if not _is_here(address):
                self.close()
                raise AssertionError(f"a test tried to connect to {address}")
            return original(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)
