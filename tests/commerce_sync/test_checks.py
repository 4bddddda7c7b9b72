"""What must hold before a process of ours may start: system checks and settings."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import admin
from django.core.checks import run_checks
from django.db import connection
from django_q.models import OrmQ, Schedule

from commerce_sync.checks import check_postgresql_version, check_times, queue_problems, time_problems, version_problems
from commerce_sync.environment import generated_secrets

PROJECT = Path(__file__).parents[2]
DEPLOYMENT = {
    "COMMERCE_SYNC_PRODUCTION": "1",
    "SECRET_KEY": "".join(chr(33 + n) for n in range(80)),
    "COMMERCE_SYNC_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgresql://user:password@database.invalid/commerce_sync",
    "ALLOWED_HOSTS": "books.example.com",
}
SHOW = "from commerce_sync import settings as s; print(s.DATABASES['default'], s.Q_CLUSTER, s.DEBUG)"


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project with just these variables of ours set."""
    ours = {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"}
    kept = {name: value for name, value in os.environ.items() if name not in ours and "COMMERCE_SYNC" not in name}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def refusal(**variables: str) -> str:
    """The last line that a start with these variables says; empty when it starts."""
    done = python("-c", SHOW, **variables)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def test_our_own_queue_settings_are_safe() -> None:
    assert list(queue_problems(settings.Q_CLUSTER)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"workers": None}, "E001"),
        ({"queue_limit": None}, "E001"),
        ({"timeout": None}, "E002"),
        ({"retry": 539}, "E003"),
        ({"queue_limit": 28}, "E003"),
        ({"ack_failures": False}, "E004"),
        ({"max_attempts": 0}, "E005"),
        ({"max_attempts": 2}, "E005"),
    ],
)
def test_each_unsafe_queue_setting_is_named(change: dict[str, object], code: str) -> None:
    found = list(queue_problems({**settings.Q_CLUSTER, **change}))
    assert [problem.id for problem in found] == [f"commerce_sync.{code}"]


def test_the_shortest_safe_retry_is_accepted() -> None:
    assert list(queue_problems({**settings.Q_CLUSTER, "retry": 540})) == []


@pytest.mark.case("F08")
def test_whoever_waits_for_an_answer_to_the_last_moment_still_ends_in_time() -> None:
    assert check_times(None) == []
    late = {problem.id for problem in time_problems(60, 40, 120)}
    assert late == {"commerce_sync.E009"}
    assert {problem.id for problem in time_problems(900, 101, 120)} == {"commerce_sync.E010"}


@pytest.mark.case("G10", "G13")
def test_the_queue_makes_up_for_no_bell_and_renews_its_workers() -> None:
    assert settings.Q_CLUSTER["catch_up"] is False
    assert 0 < settings.Q_CLUSTER["recycle"] <= 1_000
    assert 0 < settings.Q_CLUSTER["max_rss"] <= 1_000_000


@pytest.mark.case("S26")
def test_the_queue_has_no_pages_in_the_admin() -> None:
    assert not admin.site.is_registered(Schedule)
    assert not admin.site.is_registered(OrmQ)


@pytest.mark.case("S26")
def test_a_queue_model_put_back_into_the_admin_is_an_error() -> None:
    admin.site.register(Schedule)
    try:
        assert "commerce_sync.E006" in {message.id for message in run_checks()}
    finally:
        admin.site.unregister(Schedule)
    assert "commerce_sync.E006" not in {message.id for message in run_checks()}


@pytest.mark.django_db
def test_the_database_of_the_tests_is_new_enough() -> None:
    assert check_postgresql_version(databases=["default"]) == []


def test_a_server_older_than_15_is_refused_with_its_version() -> None:
    (problem,) = version_problems("default", 14)
    assert "PostgreSQL 14" in problem.msg
    assert version_problems("default", 15) == []


@pytest.mark.django_db
@pytest.mark.case("H06")
def test_a_connection_carries_its_limits_and_utc() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),"
            " current_setting('statement_timeout'), current_setting('TimeZone')"
        )
        assert cursor.fetchone() == ("5s", "1min", "10min", "UTC")


@pytest.mark.case("S30")
def test_a_complete_deployment_passes_every_check_of_a_deployment() -> None:
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **DEPLOYMENT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.case("S30")
@pytest.mark.parametrize("missing", sorted(DEPLOYMENT.keys() - {"COMMERCE_SYNC_PRODUCTION"}))
def test_production_demands_what_development_generates(missing: str) -> None:
    assert missing in refusal(**{name: value for name, value in DEPLOYMENT.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("COMMERCE_SYNC_DEBUG", "perhaps", "must be 1 or 0"),
        ("COMMERCE_SYNC_DEBUG", "1", "cannot both be set"),
        ("COMMERCE_SYNC_WORKERS", "0", "from 1 to 64"),
        ("COMMERCE_SYNC_WORKERS", "many", "from 1 to 64"),
        ("COMMERCE_SYNC_LOG_LEVEL", "LOUD", "must be one of"),
        ("COMMERCE_SYNC_LOCK_TIMEOUT_MS", "5s", "whole number"),
        ("COMMERCE_SYNC_WORKER", "3", "did you mean COMMERCE_SYNC_WORKERS?"),
        ("COMMERCE_SYNC_OAUTH_CLIENTS", '{"square": {"client_secret": "hidden"}}', "a JSON object like"),
        ("COMMERCE_SYNC_OAUTH_CLIENTS", '{"square": {"client_id": "a", "secret": "hidden"}}', "a JSON object like"),
        ("COMMERCE_SYNC_OAUTH_CLIENTS", "square=hidden", "a JSON object like"),
        ("DATABASE_URL", "mysql://u:hidden@h/d", "postgresql://"),
        ("DATABASE_URL", "nonsense", "postgresql://"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(name: str, value: str, said: str) -> None:
    message = refusal(**{**DEPLOYMENT, name: value})
    assert name in message
    assert said in message
    assert "hidden" not in message


def test_a_bad_encryption_key_is_refused_by_its_place_without_showing_it() -> None:
    keys = f"{DEPLOYMENT['COMMERCE_SYNC_ENCRYPTION_KEYS']},not-a-key"
    message = refusal(**{**DEPLOYMENT, "COMMERCE_SYNC_ENCRYPTION_KEYS": keys})
    assert "key 2" in message
    assert "not-a-key" not in message


def test_the_redis_broker_replaces_the_database_broker() -> None:
    url = "redis://127.0.0.1:6379/0"
    shown = python("-c", SHOW, **DEPLOYMENT, COMMERCE_SYNC_REDIS_URL=url).stdout
    assert f"'redis': '{url}'" in shown
    assert "'orm'" not in shown


def test_a_database_on_a_unix_socket_keeps_its_own_options() -> None:
    url = "postgresql://u@/books?host=/run/pg&options=-c%20work_mem%3D8MB"
    shown = python("-c", SHOW, **{**DEPLOYMENT, "DATABASE_URL": url}).stdout
    assert "'host': '/run/pg'" in shown
    assert "-c statement_timeout=600000 -c work_mem=8MB" in shown


def test_generated_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.env"
    first = generated_secrets(path)
    assert generated_secrets(path) == first
    assert set(first) == {"SECRET_KEY", "COMMERCE_SYNC_ENCRYPTION_KEYS"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secrets.env"]
