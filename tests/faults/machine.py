"""The machines of the run: two queue clusters and a site on one PostgreSQL, killed, paused, restarted and looked after
as an installation's supervisor does."""

from __future__ import annotations

import contextlib
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
SILENT_SECONDS: Final = 12  # of no heartbeat while work is due: the watchdog restarts a cluster (docs/runbook.md)


class Machines:
    """The processes. ``kills`` counts SIGKILLs by what was killed, ``pauses`` SIGSTOPs that were ended."""

    def __init__(self, environment: dict[str, str], data: Path, seed: int) -> None:
        self._environment, self._data = environment, data
        self._random = Random(seed + 2)  # noqa: S311 (chance that repeats is the point)
        self._deaths = Path(environment["FAULT_DEATHS"])
        self.clusters: list[subprocess.Popen[bytes]] = []
        self.site: subprocess.Popen[bytes] | None = None
        self.kills: Counter[str] = Counter()
        self.pauses = self.restarts = self.watchdog = 0
        self._stopped_since: dict[int, float] = {}

    def start(self) -> None:
        """Everything."""
        self.clusters = [self._begin(program) for program in PROGRAMS]
        self.site = self._begin("site")

    def _begin(self, what: str) -> subprocess.Popen[bytes]:
        log = (self._data / f"{what}.log").open("ab")
        command = [sys.executable, "-m", "tests.faults.process", what]
        return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log, start_new_session=True)

    def calm(self, said: str) -> None:
        """From now on processes are started without the chance to die; those that have it end."""
        self._environment["FAULT_RUN"] = said
        for place in range(len(self.clusters)):
            self._replace(place)

    def look_after(self) -> None:
        """Start what has died, and wake what has been stopped for a while."""
        for place, cluster in enumerate(self.clusters):
            if cluster.poll() is not None:
                self._replace(place)
        if self.site is not None and self.site.poll() is not None:
            self.site = self._begin("site")
        self._wake()

    def silent(self) -> None:
        """No worker has been seen though work is due: the watchdog restarts every cluster."""
        for place in range(len(self.clusters)):
            self.watchdog += 1
            self._replace(place)

    def _replace(self, place: int) -> None:
        _end(self.clusters[place])  # what is left of it: the service manager kills the whole control group
        self.clusters[place] = self._begin(PROGRAMS[place])

    def _wake(self) -> None:
        for process in self._all():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_STOPPED:
                    since = self._stopped_since.setdefault(process.pid, time.monotonic())
                    if time.monotonic() - since > 2:
                        process.send_signal(signal.SIGCONT)
                        del self._stopped_since[process.pid]
                        self.pauses += 1

    def _all(self) -> list[psutil.Process]:
        found = []
        for cluster in self.clusters:
            with contextlib.suppress(psutil.Error):
                main = psutil.Process(cluster.pid)
                found += [main, *main.children(recursive=True)]
        return found

    def kill_somebody(self) -> None:
        """SIGKILL one process of the clusters, or now and then a whole one, or the site."""
        drawn = self._random.random()
        if drawn < 0.08 and self.site is not None:
            _end(self.site)
            self.kills["site"] += 1
        elif drawn < 0.25:
            _end(self._random.choice(self.clusters))
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

    def steps(self) -> Counter[str]:
        """How often a process killed itself at which named step."""
        return Counter(self._deaths.read_text().split()) if self._deaths.exists() else Counter()

    def end(self) -> None:
        """Leave nothing running."""
        for process in (*self.clusters, *([self.site] if self.site else [])):
            _end(process)


def environment(data: Path, said: str, port: int) -> dict[str, Any]:
    """What the processes are started with."""
    return {
        **os.environ,
        "COMMERCE_SYNC_DATA_DIR": str(data),
        "COMMERCE_SYNC_WORKERS": "3",
        "COMMERCE_SYNC_LOG_LEVEL": "ERROR",
        "COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS": f"127.0.0.1:{port}",
        "COMMERCE_SYNC_API_CALLS_A_MINUTE": "0",
        "COMMERCE_SYNC_OAUTH_CLIENTS": "{"
        + ",".join(
            f'"{key}":{{"client_id":"run","client_secret":"run"}}'
            for key in ("fault_till", "fault_keyed", "fault_unique", "fault_search")
        )
        + "}",
        "FAULT_RUN": said,
        "FAULT_DEATHS": str(data / "deaths"),
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
    process.wait(10)
