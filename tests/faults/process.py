"""A process of the run: ``python -m tests.faults.process qcluster|run_worker|site``; FAULT_RUN has what it must know.

It is the ordinary program, with the platforms of the run known to it, short limits, and a chance to die or to stop at
each named step.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from typing import Any

import django


def main(what: str) -> None:
    """Be that process until it ends."""
    said: dict[str, Any] = json.loads(os.environ["FAULT_RUN"])
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    django.setup()
    _prepare(said)
    if what in ("qcluster", "run_worker"):
        from django.core.management import call_command

        call_command(what)
    else:
        _serve(said["site_port"])


def _prepare(said: dict[str, Any]) -> None:
    from commerce_sync import engine, faultpoints
    from connectors import push_send
    from connectors.limits import Limits
    from tests.faults import platforms, sabotage

    platforms.register()
    patience = said["patience"]
    engine.LIMITS = Limits(patience, patience, patience * 2, 1.5, retries=1)
    engine.DOWN_SECONDS = 2  # type: ignore[misc]
    push_send.MARGIN_SECONDS = 1  # type: ignore[misc]
    push_send.AGAIN_SECONDS = 1  # type: ignore[misc]
    faultpoints.reached = _fate(said["kill"], said["pause"])
    sabotage.take_out(said["sabotage"])


def _fate(kill: float, pause: float) -> Any:
    """What happens at a named step: with these chances this process dies, or stops until somebody wakes it."""
    chance = random.SystemRandom().random  # each process must have its own, and forked ones too

    def reached(name: str) -> None:
        drawn = chance()
        if drawn < kill:
            _tell(name)
            os.kill(os.getpid(), signal.SIGKILL)
        elif drawn < kill + pause:
            os.kill(os.getpid(), signal.SIGSTOP)

    return reached


def _tell(name: str) -> None:
    """Leave a mark of where this process died: one line of a few bytes is written whole."""
    handle = os.open(os.environ["FAULT_DEATHS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{name}\n".encode())
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
    main(sys.argv[1])
