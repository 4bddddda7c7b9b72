"""A short fault run as part of the tests, and that it leaves no process behind however it ends.

The long one is a command (``python -m tests.faults``); its figures are in docs/reliability.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection as database

from commerce_sync import work_rows

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PROJECT = Path(__file__).parents[2]
SHORT = "--seed 7 --syncs 20 --minutes 0.13 --rate 0.4 --merchants 6 --workers 2 --strike 1 --kill 0.01 --pause 0.003"
LONGEST = 280  # seconds, on a machine that is busy with something else


def begun(folder: Path, options: str) -> subprocess.Popen[str]:
    """The run as a command, on the database of these tests, which is migrated already and so cannot be restarted."""
    command = [sys.executable, "-m", "tests.faults", "--folder", str(folder), "--restart", "0", *options.split()]
    there = database.settings_dict
    environment = {**os.environ, "DATABASE_URL": f"postgresql://{there['USER']}@/{there['HOST']}/{there['NAME']}"}
    return subprocess.Popen(
        command, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that has the folder on its command line: the run, the keeper, and what came from it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(str(folder) in word for word in process.cmdline()):
                found.append(process)
    return found


def assert_nothing_runs(folder: Path) -> None:
    ends = time.monotonic() + 20
    while left := processes_of(folder):
        assert time.monotonic() < ends, left
        time.sleep(0.1)


def test_nothing_is_lost_or_doubled_in_a_short_storm(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = begun(folder, SHORT)
    try:
        said, complaints = run.communicate(timeout=LONGEST)
    finally:
        run.kill()
        run.communicate()
    assert said, complaints
    figures: dict[str, Any] = json.loads(said.splitlines()[0])
    assert said.splitlines()[1:] == ["lost 0, doubled 0, unbalanced 0, stuck 0, untrue 0"], said
    assert run.returncode == 0
    assert figures["syncs"] >= figures["merchants"] == 6
    assert figures["documents"] >= 6
    assert figures["faults"] >= 1
    assert figures["kills"] >= 2
    assert figures["taken up after"] < work_rows.LEASE_SECONDS + 60
    assert_nothing_runs(folder)


def test_a_run_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = begun(folder, "--syncs 1000 --minutes 1 --merchants 1 --workers 1 --kill 0")
    ends = time.monotonic() + LONGEST
    while len(processes_of(folder)) < 4:  # the run, the keeper, and children of it
        assert time.monotonic() < ends
        time.sleep(0.1)
    run.kill()
    run.communicate()
    assert_nothing_runs(folder)
