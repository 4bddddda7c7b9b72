"""The processes of the run: ``python -m tests.faults.process FOLDER`` is where they all come from, and their keeper.

It has loaded the program once and becomes, for each line that it reads, a child that is the ordinary ``qcluster``,
``run_worker`` or site, with the platforms of the run known to it, short limits, and a chance to die or to stop at each
named step. When its input ends, because the run has ended in whatever way, it kills all that came from it, wakes nobody
first, and stops the database of the folder: nothing is left.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import django
import psutil


def main(folder: Path) -> None:
    """Be the keeper until the input ends."""
    django.setup()
    from commerce_sync import embedded, tasks, wsgi  # noqa: F401  (loaded once, for all children)
    from tests.faults import platforms

    platforms.register()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begun: list[int] = []
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
        begun.append(child)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    end_sessions(begun)
    with contextlib.suppress(Exception):
        embedded.stop(folder)


def end_sessions(leaders: list[int]) -> None:
    """SIGKILL for every process of these sessions, whoever of their parents still lives, until none is found."""
    while found := [*psutil.Process().children(recursive=True), *filter(_is_of(leaders), psutil.process_iter())]:
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.05)


def _is_of(leaders: list[int]) -> Callable[[psutil.Process], bool]:
    def is_of(process: psutil.Process) -> bool:
        try:
            return os.getsid(process.pid) in leaders and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, PermissionError, psutil.Error):
            return False

    return is_of


def _become(asked: dict[str, Any]) -> NoReturn:
    """The child: a session of its own, its words in the log, and the program."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for mine, theirs in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(mine, theirs)
        _prepare(asked["said"])
        _run(asked["what"], asked["said"])
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


def _run(what: str, said: dict[str, Any]) -> None:
    if what == "site":
        _serve(said["site_port"])
        return
    from django.core.management import call_command

    call_command(what)
    for child in multiprocessing.active_children():
        child.join()  # a cluster lives as long as its sentinel


def _prepare(said: dict[str, Any]) -> None:
    from commerce_sync import engine
    from connectors import push_send
    from connectors.limits import Limits
    from ledger import faultpoints
    from tests.faults import sabotage

    patience = said["patience"]
    engine.LIMITS = Limits(patience, patience, patience * 2, 1.5, retries=1)
    engine.DOWN_SECONDS = 2  # type: ignore[misc]
    push_send.MARGIN_SECONDS = 1  # type: ignore[misc]
    push_send.AGAIN_SECONDS = 1  # type: ignore[misc]
    if said["kill"] or said["pause"]:
        faultpoints.reached = _fate(said)
        _in_flight(faultpoints.reached)
    sabotage.take_out(said["sabotage"])


def _fate(said: dict[str, Any]) -> Any:
    """What happens at a named step: with these chances this process dies, or stops until somebody wakes it."""
    chance = random.SystemRandom().random  # each process must have its own, and forked ones too
    kill, pause = said["kill"], said["pause"]

    def reached(name: str) -> None:
        drawn = chance()
        if drawn < kill:
            _tell(said["marks"], f"kill:{name}")
            os.kill(os.getpid(), signal.SIGKILL)
        elif drawn < kill + pause:
            _tell(said["marks"], f"stop:{name}")
            os.kill(os.getpid(), signal.SIGSTOP)

    return reached


def _in_flight(reached: Any) -> None:
    """One more step: the request is on the wire, and its answer is not read yet."""
    original = http.client.HTTPConnection.getresponse

    def getresponse(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        reached("in_flight")
        return original(self)

    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]


def _tell(marks: str, word: str) -> None:
    """Leave a mark of where this process met its fate: one line of a few bytes is written whole."""
    handle = os.open(marks, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{word}\n".encode())
    os.close(handle)


def _serve(port: int) -> None:
    from django.core.wsgi import get_wsgi_application
    from gunicorn.app.base import BaseApplication

    class Site(BaseApplication):  # type: ignore[misc]  # gunicorn has no types here
        def load_config(self) -> None:
            for name, value in (("bind", f"127.0.0.1:{port}"), ("workers", 2), ("loglevel", "error")):
                self.cfg.set(name, value)

        def load(self) -> Any:
            return get_wsgi_application()

    Site().run()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    main(Path(sys.argv[1]))
