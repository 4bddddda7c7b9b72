"""PostgreSQL's own programs for backups, on the database that the settings name; no secret is on a command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from commerce_sync.embedded_programs import EmbeddedServerError, binaries

LONGEST_SECONDS: Final = 6 * 3_600
SAID_CHARACTERS: Final = 1_500


class ProgramFailed(Exception):
    """One of the programs is not there, too old, or ended with an error; the message is what it said."""


def dump(place: Mapping[str, Any], into: Path, snapshot: str, server_major: int) -> None:
    """Write the whole database as ``snapshot`` (an exported one, whose transaction is open) sees it."""
    options = ("--format=custom", f"--snapshot={snapshot}", "--no-owner", "--no-privileges")
    _run("pg_dump", place, (*options, f"--file={into}"), server_major)


def load(place: Mapping[str, Any], dump_file: Path, server_major: int) -> None:
    """Bring a dump into an empty database, all of it or nothing."""
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(
        "pg_restore", place, (*options, f"--dbname={place['NAME']}", str(dump_file)), server_major, names_database=False
    )


def _run(
    program: str, place: Mapping[str, Any], options: tuple[str, ...], server_major: int, *, names_database: bool = True
) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGCONNECT_TIMEOUT": "15"}
    settings = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    environment |= {ours: str(place[theirs]) for ours, theirs in settings.items() if place.get(theirs)}
    if names_database:
        environment["PGDATABASE"] = str(place["NAME"])
    if mode := place.get("OPTIONS", {}).get("sslmode"):
        environment["PGSSLMODE"] = str(mode)
    command = [str(_found(program, server_major)), "--no-password", *options]
    try:
        done = subprocess.run(  # noqa: S603  (PostgreSQL's own)
            command, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramFailed(f"{program} could not be run: {error}") from error
    if done.returncode != 0:
        raise ProgramFailed(f"{program}: {done.stderr.strip()[:SAID_CHARACTERS] or 'it said nothing'}")


def _found(program: str, server_major: int) -> Path:
    """The program of this host when it is not older than the server, else that of the embedded one."""
    on_path = shutil.which(program)
    candidates = [Path(on_path)] if on_path else []
    try:
        candidates.append(binaries(Path("/nonexistent")) / program)
    except EmbeddedServerError:
        candidates += ()
    for each in candidates:
        if each.exists() and _major(each) >= server_major:
            return each
    raise ProgramFailed(
        f"there is no {program} of version {server_major} or newer here: install PostgreSQL's client programs"
    )


def _major(program: Path) -> int:
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"(\d+)", said.stdout)
    return int(found.group(1)) if found else 0
