"""The machines of the run: two queue clusters and a site on one PostgreSQL, killed, paused, restarted and looked after
as an installation's supervisor does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil

from commerce_sync import embedded, embedded_programs

# Two queues, and beside them the loop that needs no bell: what waits a second for a platform is not left to the tick.
PROGRAMS: Final = ("qcluster", "qcluster", "run_worker", "run_worker")
SITE: Final = "site"
SILENT_SECONDS: Final = 12  # of no heartbeat while work is due: the watchdog restarts a cluster (docs/runbook.md)
PAUSED_SECONDS: Final = 2


class Machines:
    """The processes. ``kills`` counts SIGKILLs by what was killed, ``pauses`` SIGSTOPs that were ended."""

    def __init__(self, said: dict[str, Any], environment: dict[str, str], data: Path, seed: int) -> None:
        self._said, self._data = {**said, "marks": str(data / "marks")}, data
        self._random = Random(seed + 2)  # noqa: S311 (chance that repeats is the point)
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.process", str(data)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, **environment},
        )  # fmt: skip
        self.running: dict[int, psutil.Process] = {}
        self.kills: Counter[str] = Counter()
        self.pauses = self.restarts = self.watchdog = 0
        self.hands = 2 + 2 * int(environment["COMMERCE_SYNC_WORKERS"])
        self._stopped_since: dict[int, float] = {}

    def start(self) -> None:
        """Everything."""
        for place in range(len(PROGRAMS) + 1):
            self._begin(place)

    def _begin(self, place: int) -> None:
        what = (*PROGRAMS, SITE)[place]
        log = str(self._data / f"{what}.log")
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        while True:
            self._keeper.stdin.write(json.dumps({"what": what, "said": self._said, "log": log}) + "\n")
            self._keeper.stdin.flush()
            with contextlib.suppress(psutil.NoSuchProcess):  # it may be dead already
                self.running[place] = psutil.Process(int(self._keeper.stdout.readline()))
                return

    def kill_all(self) -> None:
        """SIGKILL for every worker at once; from now on processes are started without the chance to die."""
        self._said |= {"kill": 0, "pause": 0}
        for process in self.running.values():
            _end(process)
        self.kills["everybody"] += 1

    def look_after(self) -> None:
        """Start what has died, and wake what has been stopped for a while."""
        for place, process in self.running.items():
            if not process.is_running():
                self._replace(place)
        self._wake()

    def silent(self) -> None:
        """No worker has been seen though work is due: the watchdog restarts every cluster."""
        for place in range(len(PROGRAMS)):
            self.watchdog += 1
            self._replace(place)

    def _replace(self, place: int) -> None:
        _end(self.running[place])  # what is left of it: the service manager kills the whole control group
        self._begin(place)

    def _wake(self) -> None:
        for process in self._all():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_STOPPED:
                    since = self._stopped_since.setdefault(process.pid, time.monotonic())
                    if time.monotonic() - since > PAUSED_SECONDS:
                        process.send_signal(signal.SIGCONT)
                        del self._stopped_since[process.pid]
                        self.pauses += 1

    def _all(self) -> list[psutil.Process]:
        found = []
        for process in self.running.values():
            with contextlib.suppress(psutil.Error):
                found += [process, *process.children(recursive=True)]
        return found

    def kill_somebody(self) -> None:
        """SIGKILL one process of the clusters, or now and then a whole one, or the site."""
        drawn = self._random.random()
        if drawn < 0.08:
            _end(self.running[len(PROGRAMS)])
            self.kills["site"] += 1
        elif drawn < 0.25:
            _end(self.running[self._random.randrange(len(PROGRAMS))])
            self.kills["cluster"] += 1
        elif processes := self._all():
            with contextlib.suppress(psutil.Error):
                self._random.choice(processes).kill()
                self.kills["process"] += 1

    def pause_somebody(self) -> None:
        """SIGSTOP one process; `look_after` wakes it."""
        if processes := self._all():
            with contextlib.suppress(psutil.Error):
                self._random.choice(processes).suspend()

    def restart_database(self) -> None:
        """PostgreSQL ends at once, as in a crash, and comes back."""
        server = self._data / "postgres"
        with contextlib.suppress(subprocess.CalledProcessError, embedded_programs.EmbeddedServerError):
            embedded_programs.run(server, "pg_ctl", "-D", str(server), "-m", "immediate", "-w", "stop")
        embedded.ensure_running(self._data)
        self.restarts += 1

    def steps(self, fate: str) -> Counter[str]:
        """How often a process met its ``fate`` (kill, stop) at which named step."""
        marks = Path(self._said["marks"])
        words = marks.read_text().split() if marks.exists() else []
        return Counter(word.removeprefix(f"{fate}:") for word in words if word.startswith(f"{fate}:"))

    @property
    def killed(self) -> int:
        """All that were killed, from outside or at a step."""
        return sum(self.kills.values()) + sum(self.steps("kill").values())

    def end(self) -> None:
        """Leave nothing running."""
        for process in self.running.values():
            _end(process)
        self._keeper.communicate(timeout=60)


def settings_of_processes(data: Path, port: int, workers: int) -> dict[str, str]:
    """What the environment of all processes says."""
    keys = ("fault_till", "fault_keyed", "fault_unique", "fault_search")
    return {
        "COMMERCE_SYNC_DATA_DIR": str(data),
        "COMMERCE_SYNC_LOG_LEVEL": "ERROR",
        "COMMERCE_SYNC_WORKERS": str(workers),
        "COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS": f"127.0.0.1:{port}",
        "COMMERCE_SYNC_API_CALLS_A_MINUTE": "0",
        "COMMERCE_SYNC_OAUTH_CLIENTS": json.dumps({key: {"client_id": "run", "client_secret": "run"} for key in keys}),
    }


def _end(process: psutil.Process) -> None:
    """SIGKILL for it and its children, and for what is left of its session."""
    with contextlib.suppress(psutil.Error):
        for child in process.children(recursive=True):
            child.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
