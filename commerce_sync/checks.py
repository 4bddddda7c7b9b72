"""System checks: what must hold before a process of ours may start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from commerce_sync import engine, work, work_rows

OLDEST_POSTGRESQL = 15
LEASE_MARGIN_SECONDS = 20


def queue_problems(cluster: Mapping[str, Any]) -> Iterable[Error]:
    """What is unsafe in a Q_CLUSTER. Times in seconds.

    The queue counts `retry` from when a task is fetched, not from when it starts, and up to `queue_limit`
    tasks and two more are in memory at once. A shorter `retry` runs tasks twice.
    """
    workers, timeout = cluster.get("workers"), cluster.get("timeout")
    queue_limit, retry = cluster.get("queue_limit"), cluster.get("retry", 60)
    if not workers or not queue_limit:
        yield Error("Q_CLUSTER must state workers and queue_limit", id="commerce_sync.E001")
    elif not timeout:
        hint = "A task that hangs would hold its worker for ever."
        yield Error("Q_CLUSTER must state a timeout", hint=hint, id="commerce_sync.E002")
    elif retry < (least := timeout * (math.ceil((queue_limit + 2) / workers) + 1)):
        hint = f"At least {least} s for timeout {timeout}, queue_limit {queue_limit} and workers {workers}."
        yield Error(f"Q_CLUSTER retry of {retry} s would run tasks twice", hint=hint, id="commerce_sync.E003")
    if cluster.get("ack_failures") is not True:
        hint = "A task that fails would be run again for ever."
        yield Error("Q_CLUSTER ack_failures must be True", hint=hint, id="commerce_sync.E004")
    if cluster.get("max_attempts") != 1:
        hint = "Attempts are counted in our own work table; 0 means without limit."
        yield Error("Q_CLUSTER max_attempts must be 1", hint=hint, id="commerce_sync.E005")


def time_problems(timeout: float | None, call_seconds: float, lease_seconds: float) -> Iterable[Error]:
    """What does not end in time, if a platform answers every call in the last moment (`call_seconds`).

    A drain begins its last run when its time is almost over; the run then pulls and pushes for their time, and waits
    for the last page, for what the platform says of the company, and for the last document.
    """
    longest = work.DRAIN_SECONDS + engine.PULL_SECONDS + engine.PUSH_SECONDS + 3 * call_seconds
    if timeout and timeout < longest:
        hint = f"At least {longest:g} s, or shorter calls (connectors.limits.Limits)."
        yield Error(f"Q_CLUSTER timeout of {timeout} s would end work in hand", hint=hint, id="commerce_sync.E009")
    if lease_seconds < call_seconds + LEASE_MARGIN_SECONDS:
        hint = "Make calls shorter (connectors.limits.Limits) or the lease longer (commerce_sync.work_rows)."
        yield Error("a call to a platform may outlast the lease on its work", hint=hint, id="commerce_sync.E010")


@register()
def check_times(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every step ends before somebody else takes it for dead."""
    call_seconds = engine.LIMITS.total_seconds
    return list(time_problems(settings.Q_CLUSTER.get("timeout"), call_seconds, work_rows.LEASE_SECONDS))


@register()
def check_queue_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The queue's settings are safe."""
    return list(queue_problems(settings.Q_CLUSTER))


@register(Tags.admin)
def check_queue_is_not_in_the_admin(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Nobody may schedule any code from the admin site."""
    return [
        Error(
            f"{model._meta.label} must not be registered in the admin",
            hint="Its rows name code to run; commerce_sync/admin.py unregisters them.",
            id="commerce_sync.E006",
        )
        for model in apps.get_app_config("django_q").get_models()
        if admin.site.is_registered(model)
    ]


@register(Tags.database)
def check_postgresql_version(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The server is PostgreSQL 15 or newer. Runs with `migrate` and `check --database default`."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            problems.append(Error(f"database {alias} is not PostgreSQL", id="commerce_sync.E007"))
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
            problems.extend(version_problems(alias, cursor.fetchone()[0]))
    return problems


def version_problems(alias: str, major: int) -> list[CheckMessage]:
    """What is wrong with a server of this major version."""
    if major >= OLDEST_POSTGRESQL:
        return []
    problem = f"database {alias} is PostgreSQL {major}; {OLDEST_POSTGRESQL} or newer is needed"
    return [Error(problem, id="commerce_sync.E008")]
