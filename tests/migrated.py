"""A database with all migrations in it, made once for each state of the code: test processes copy it.

To run the migrations takes some eight seconds of a processor, in every run of tests and in each of its processes; to
copy what has them takes a quarter of one. A copy is migrated as well, so nothing can be missing in it.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

PROJECT = Path(__file__).parents[1]
APPS = ("ledger", "connectors", "commerce_sync", "health")


def digest() -> str:
    """The state of everything that makes up the migrated database."""
    found = hashlib.sha256()
    for app in APPS:
        for path in sorted((PROJECT / app / "migrations").rglob("*")):
            if path.suffix in {".py", ".sql"}:
                found.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    for library in ("django", "django-q2", "django-otp"):
        found.update(f"{library} {metadata.version(library)}\n".encode())
    return found.hexdigest()[:12]


def migrated(database: dict[str, Any]) -> str:
    """The name of the migrated database, made when it is not there. One process at a time; the caller sees to that."""
    stem = f"{database['NAME']}_migrated_"
    name = stem + digest()
    with connection._nodb_cursor() as server:
        server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [stem])
        there = [old for (old,) in server.fetchall()]
        if name in there:
            return name
        for old in there:  # of another state of the code, or left by a process that died
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
        unfinished = f"{stem}unfinished"
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        _migrate(unfinished)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        server.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def _migrate(name: str) -> None:
    former = settings.DATABASES["default"]["NAME"]
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = former
