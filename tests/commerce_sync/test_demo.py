"""`manage.py demo`: from nothing to reconciled books through the real engine, and a second time without a change."""

from __future__ import annotations

import re
import socket
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import override_settings

from commerce_sync import demo_set_up
from commerce_sync.api_keys import recognize
from commerce_sync.management.commands import demo
from commerce_sync.models import ApiKey, Schedule, Sync
from connectors.models import BooksEntry, Page
from ledger.models import Company, Document, Partner, RecordRow


def run(**options: Any) -> str:
    out = StringIO()
    call_command("demo", stdout=out, stderr=StringIO(), **{"no_serve": True, "days": 3, **options})
    return out.getvalue()


def counts() -> tuple[int, ...]:
    models = (Partner, Company, RecordRow, Document, BooksEntry, Page, Schedule)
    return tuple(model._default_manager.count() for model in models)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_runs_show_the_same_books_and_each_has_a_key_and_password_of_its_own() -> None:
    first = run()
    assert first.count("days is reconciled to the unit") == 3
    assert "made by this run" in first
    assert first.count("Trial balance") == 3
    assert (
        first.count("a difference of") == 6
    )  # of each merchant one sale does not add up: told when pushed, and at the end
    assert "NOT RECONCILED" not in first
    after_first = counts()
    key, password = access(first)
    assert recognize(key) is not None

    second = run(days=30)  # the days are those of the first run
    assert "unchanged by this run" in second
    assert second.count("Sync 2040") == 3
    assert counts() == after_first
    assert recognize(key) is None
    fresh_key, fresh_password = access(second)
    assert recognize(fresh_key) is not None
    assert authenticate(username=demo_set_up.ADMIN, password=password) is None
    assert authenticate(username=demo_set_up.ADMIN, password=fresh_password) is not None
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    assert tables(first) == tables(second)


def access(told: str) -> tuple[str, str]:
    """(key, password) as printed."""
    key, password = re.search(r"(cs_\S+)", told), re.search(r"password +(\S+)", told)
    assert key
    assert password
    return key[1], password[1]


def tables(told: str) -> list[str]:
    """The lines of figures in what is told of the merchants."""
    return [
        line for line in told[told.index("═") :].splitlines() if re.search(r"\d[.,]\d", line) and "seconds" not in line
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    original = demo.work.drain

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo.work, "drain", interrupted)
    err = StringIO()
    call_command("demo", no_serve=True, days=1, stdout=StringIO(), stderr=err)
    assert "run it again" in err.getvalue()
    assert Sync.objects.filter(finished_at=None).count() == 3
    monkeypatch.setattr(demo.work, "drain", original)
    assert run(days=1).count("days is reconciled to the unit") == 3
    assert Sync.objects.count() == 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_serves_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    original = demo.call_command

    def serving(name: str, *args: Any, **options: Any) -> Any:
        return served.append((name, *args)) if name == "runserver" else original(name, *args, **options)

    class Process:
        """Notes what is started and ended: a worker of its own would work on another database than this test's."""

        def __init__(self, command: list[str], **_: Any) -> None:
            served.append(tuple(command[-1:]))

        def terminate(self) -> None:
            served.append(("terminated",))

        def wait(self, timeout: float) -> None: ...

    monkeypatch.setattr(demo, "call_command", serving)
    monkeypatch.setattr(demo.subprocess, "Popen", Process)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = run(no_serve=False, port=port, days=1)
    assert served == [("run_worker",), ("runserver", f"127.0.0.1:{port}"), ("terminated",)]
    assert f"http://127.0.0.1:{port}/admin/" in told


@pytest.mark.django_db
def test_a_taken_port_is_found_out_before_the_work() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandError, match="choose another with --port"):
            run(no_serve=False, port=taken.getsockname()[1])
    assert not Partner.objects.exists()


@pytest.mark.django_db
def test_it_leaves_a_production_set_up_alone() -> None:
    with override_settings(PRODUCTION=True), pytest.raises(CommandError, match="production"):
        run()
    with pytest.raises(CommandError, match="--days"):
        run(days=0)
    assert not Partner.objects.exists()
