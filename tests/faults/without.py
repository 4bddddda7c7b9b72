"""``--sabotage all``: a run without each guard in turn, which must report what is lost without it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.faults.sabotage import GUARDS


def without_each(seed: int) -> bool:
    """Print a row of a table for each guard; whether every one was missed, or held by the one that is said to."""
    sys.stdout.write("| without | seed | syncs | reported |\n|---|---|---|---|\n")
    found = [_without(name, seed) for name in GUARDS]  # each, whatever the first say
    return all(found)


def _without(name: str, seed: int) -> bool:
    guard = GUARDS[name]
    command = [sys.executable, "-m", "tests.faults", "--seed", str(seed), "--sabotage", name, *guard.options.split()]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    said, line = run.stdout.splitlines()[:2]
    counts = dict(part.split(" ") for part in line.split(", "))
    sys.stdout.write(f"| {name} | {seed} | {json.loads(said)['syncs']} | {line} |\n")
    sys.stdout.flush()
    if not guard.losses:
        return run.returncode == 0
    return run.returncode == 1 and any(int(counts[loss]) for loss in guard.losses)
