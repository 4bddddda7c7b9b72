"""Real worker processes, to be killed. Each is a fork of one process that has everything imported already.

To start Python and to import the project takes longer than what a worker then does in a test. The nursery does it once
for each process of tests; a worker is a process of its own none the less, with sessions of its own, and dies alone.
As a program this is the nursery: it reads a line of JSON for each worker to start or to wait for, and ends with its
parent.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
import traceback
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]


class WorkerProcess:
    """A started worker, with as much of `subprocess.Popen` as tests need."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(9)

    def wait(self, seconds: float) -> int:
        """How it ended: its exit code, or minus the signal. Raises TimeoutError when it has not."""
        ended = _asked(wait=self.pid, seconds=seconds)["ended"]
        if ended is None:
            self.kill()
            raise TimeoutError(f"the worker did not end within {seconds} s")
        return int(ended)


def start_worker(database: str, place: str, fault: str, *, for_ever: bool = False) -> WorkerProcess:
    """A worker on this database that may call `place` and meets `fault`; `for_ever` as `manage.py run_worker` does."""
    return WorkerProcess(_asked(database=database, place=place, fault=fault, for_ever=for_ever)["pid"])


def _asked(**words: Any) -> Any:
    nursery = _nursery()
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(json.dumps(words) + "\n")
    nursery.stdin.flush()
    return json.loads(nursery.stdout.readline())


@cache
def _nursery() -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )

    def end() -> None:
        assert started.stdin is not None
        assert started.stdout is not None
        started.stdin.close()
        started.wait(30)
        started.stdout.close()

    atexit.register(end)
    return started


def _rear() -> None:
    """The nursery: answers each line with one, until there are no more."""
    _import_all()
    living: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            answer = {"ended": _ended(asked["wait"], asked["seconds"])}
            living.discard(asked["wait"])
        else:
            pid = _born(asked)
            answer = {"pid": pid}
            living.add(pid)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in living:
        os.kill(pid, 9)  # ours and not waited for, so the number is nobody else's


def _ended(pid: int, seconds: float) -> int | None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return None


def _born(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        os.environ["FAULT_POINT"] = asked["fault"]
        _work(asked["database"], asked["place"], for_ever=asked["for_ever"])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _import_all() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    import django
    from django.conf import settings

    settings.COMMERCE_SYNC_FAULT_POINTS = True
    django.setup()
    from commerce_sync import engine
    from commerce_sync.management.commands import run_worker  # noqa: F401  # else each worker imports it
    from connectors import push_send, registry  # noqa: F401
    from connectors.limits import Limits
    from tests.platforms import hostile_books

    hostile_books.register()
    engine.LIMITS = Limits(connect_seconds=1, read_seconds=2, total_seconds=2)
    push_send.MARGIN_SECONDS = 1  # type: ignore[misc]
    push_send.AGAIN_SECONDS = 0  # type: ignore[misc]


def _work(database: str, place: str, *, for_ever: bool) -> None:
    """Work until nothing is due, or until the fault point."""
    from django.conf import settings
    from django.core.management import call_command

    from commerce_sync import work

    settings.DATABASES["default"]["NAME"] = database
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]
    if for_ever:
        call_command("run_worker")
    else:
        work.drain(8)


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT))
    _rear()
