"""A database of the benchmarks' own, in the server that the settings name; made, refilled and dropped here.

A migrated template is made once; every round starts from a fresh copy of it, so that no round finds the tables that
another one filled, and nothing here ever touches the rows of a demo.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import django
import psycopg
from psycopg import sql

_rounds = count(1)
_IDS = ("ledger_company", "ledger_bookversion", "ledger_source", "connectors_connection")


class BenchmarkDatabase:
    """The database that Django works in while `benchmark_database` is open."""

    def __init__(self, parameters: dict[str, object]) -> None:
        self._parameters = parameters
        self.name = f"commerce_sync_benchmark_{os.getpid()}"
        self.template = f"{self.name}_template"

    def fresh(self) -> None:
        """Start over from a migrated and empty database."""
        self._recreate(self.name, self.template)
        use(self.name)
        # Processes keep books and names by id: no round may meet the ids of another one.
        start = next(_rounds) * 10_000_000
        with self.connect() as connection:
            for table in _IDS:
                connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, start))

    def connect(self) -> psycopg.Connection:
        """A plain connection, not in autocommit."""
        return psycopg.connect(**{**self._parameters, "dbname": self.name})  # type: ignore[arg-type]

    def make_template(self) -> None:
        """Migrate an empty database."""
        from django.core.management import call_command

        self._recreate(self.template, "template1")
        use(self.template)
        call_command("migrate", verbosity=0)

    def drop(self) -> None:
        """Leave nothing behind."""
        from django.db import connection

        connection.close()
        for name in (self.name, self.template):
            self._drop(name)

    def _recreate(self, name: str, template: str) -> None:
        from django.db import connection

        connection.close()
        self._drop(name)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._maintain(create.format(sql.Identifier(name), sql.Identifier(template)))

    def _drop(self, name: str) -> None:
        """Without force where that will do: force may not end the vacuuming of a table, and a plain DROP may."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
        try:
            self._maintain(statement)
        except psycopg.errors.ObjectInUse:
            self._maintain(statement + sql.SQL(" WITH (FORCE)"))

    def _maintain(self, statement: sql.Composed) -> None:
        with psycopg.connect(**self._parameters, autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute(statement)


def use(name: str) -> None:
    """Point Django at the database of this name."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


@contextmanager
def benchmark_database() -> Iterator[BenchmarkDatabase]:
    """Set Django up, make the template, and drop everything at the end, however it ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    django.setup()
    from django.db import connection

    settings = connection.settings_dict
    parameters = {
        "dbname": settings["NAME"], "user": settings["USER"], "password": settings["PASSWORD"],
        "host": settings["HOST"], "port": settings["PORT"],
    }  # fmt: skip
    database = BenchmarkDatabase({key: value for key, value in parameters.items() if value})
    try:
        database.make_template()
        yield database
    finally:
        database.drop()
        connection.settings_dict["NAME"] = parameters["dbname"]
