"""Making a backup, bringing one back, and rehearsing it: each proven by figures taken in the snapshot of the backup."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import psycopg
from django.db import connection
from msgspec import Struct
from psycopg import sql

from commerce_sync.backup import programs
from commerce_sync.backup.figures import Figures, decode_figures, differences, take
from ledger.home import is_known_here, leave_home

FIGURES_SUFFIX: Final = ".figures.json"


class NotEmpty(Exception):
    """The database that a backup was to be brought into has tables."""


class Rehearsed(Struct, frozen=True):
    """What a rehearsal came to. ``differences`` are sentences, none in a backup that is good; ``waits`` is whether the
    restored database would do no work before a person says so."""

    before: Figures
    after: Figures
    differences: list[str]
    waits: bool
    dump_bytes: int
    dump_seconds: float
    restore_seconds: float

    @property
    def is_good(self) -> bool:
        """Whether the restored books are the books."""
        return not self.differences and not self.after.wrong and self.waits


def make(into: Path) -> Figures:
    """Write a backup of this database to ``into``, readable by its owner alone, with its figures beside it.

    All of one moment, while others go on writing. The file appears when it is whole. Raises `programs.ProgramFailed`
    and what the disk says.
    """
    part = into.with_name(f"{into.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with _session(isolated=True) as session:
            snapshot = session.execute("SELECT pg_export_snapshot()").fetchall()[0][0]
            figures = take(session)
            programs.dump(connection.settings_dict, part, snapshot, _major())
        with part.open("rb") as written:
            os.fsync(written.fileno())
        beside = into.with_name(into.name + FIGURES_SUFFIX)
        beside.write_bytes(figures.encoded())
        beside.chmod(0o600)
        part.rename(into)
    finally:
        part.unlink(missing_ok=True)
    return figures


def bring_back(dump: Path) -> tuple[Figures, list[str]]:
    """Restore ``dump`` into this database, which must be empty; its figures now, and how they differ from those kept
    beside the backup (none kept: no differences are known). No work is done on it before a person says so.

    Raises `NotEmpty` and `programs.ProgramFailed`.
    """
    with _session() as session:
        if session.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").fetchall()[0][0]:
            raise NotEmpty(f"the database {connection.settings_dict['NAME']} has tables: restore into an empty one")
    programs.load(connection.settings_dict, dump, _major())
    with _session(isolated=True) as session:
        after = take(session)
    kept = _kept(dump)
    leave_home()
    return after, differences(kept, after) if kept else []


def rehearse(dump: Path | None = None) -> Rehearsed:
    """Restore a backup (a new one, without ``dump``) into a database of its own, compare, and drop that database.

    Raises `programs.ProgramFailed`, ``ValueError`` for a ``dump`` without its figures, and ``psycopg.Error`` where no
    database may be created.
    """
    with TemporaryDirectory(prefix="commerce-sync-rehearsal-") as folder:
        began = time.monotonic()
        file = dump or Path(folder) / "backup.dump"
        before = _kept(file) if dump else make(file)
        if before is None:
            raise ValueError(f"{file}{FIGURES_SUFFIX} is missing: there is nothing to compare with")
        dumped = time.monotonic()
        with _second_database() as name:
            programs.load({**connection.settings_dict, "NAME": name}, file, _major())
            restored = time.monotonic()
            with _session(name, isolated=True) as session:
                after = take(session)
                waits = not session.execute(is_known_here()).fetchall()[0][0]
        size = file.stat().st_size
    return Rehearsed(before, after, differences(before, after), waits, size, dumped - began, restored - dumped)


def _kept(dump: Path) -> Figures | None:
    try:
        return decode_figures(dump.with_name(dump.name + FIGURES_SUFFIX).read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


@contextmanager
def _session(name: str = "", *, isolated: bool = False) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own to this database or the one called ``name``; ``isolated``: one snapshot, read only."""
    parameters = connection.get_connection_params()
    given = {key: parameters[key] for key in ("host", "port", "user", "password", "sslmode") if parameters.get(key)}
    with psycopg.connect(dbname=name or parameters["dbname"], **given, autocommit=not isolated) as opened:
        if isolated:
            opened.isolation_level, opened.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
            # It waits for the program that writes the backup, which takes its time.
            opened.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield opened


@contextmanager
def _second_database() -> Iterator[str]:
    name = f"{connection.settings_dict['NAME'][:40]}_rehearsal_{os.getpid()}"
    with _session() as session:
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _major() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000
