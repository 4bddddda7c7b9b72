"""What a database holds, in figures that are equal only if the books are: counted and hashed in one snapshot.

Of each table its rows and the sum of their hashes, which no order changes; of each guard (constraint, trigger, index)
its definition; of the books the trial balances; and what must hold in them. Taken on any psycopg connection, so that
two databases can be compared without being each other's default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, LiteralString

import msgspec
import psycopg
from msgspec import Struct
from psycopg import sql

# Rows are hashed as text, so how text is made must not hang on the session.
_SESSION: Final[LiteralString] = """
    SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL lock_timeout = '60s'
"""
_TABLES: Final[LiteralString] = """
    SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename
"""
_GUARDS: Final[LiteralString] = """
    SELECT 'constraint ' || conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace AND conrelid <> 0
    UNION ALL
    SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(trigger.oid) || ' ' || tgenabled::text
    FROM pg_trigger trigger JOIN pg_class class ON class.oid = tgrelid
    WHERE NOT tgisinternal AND class.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
    UNION ALL
    SELECT 'function ' || proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    ORDER BY 1
"""
_BALANCES: Final[LiteralString] = """
    SELECT company.public_id::text || ' ' || entry.currency || ' ' || account.code,
        sum(line.debit - line.credit)::bigint
    FROM books_line line JOIN books_entry entry ON entry.id = line.entry_id
    JOIN books_account account ON account.id = line.account_id
    JOIN connectors_connection connection ON connection.id = entry.connection_id
    JOIN ledger_company company ON company.id = connection.company_id
    GROUP BY 1
    UNION ALL
    SELECT company.public_id::text || ' ' || document.currency || ' documents ' || line.account,
        sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint
    FROM ledger_documentline line JOIN ledger_document document ON document.id = line.document_id
    JOIN ledger_company company ON company.id = document.company_id
    GROUP BY 1 ORDER BY 1
"""
# What must be empty in any books: documents that do not balance, what is delivered and bound to nothing, and the other
# way round, entries of the built-in books that are not what they announce.
_WRONG: Final[LiteralString] = """
    SELECT 'document ' || document.reference || ' does not balance' FROM ledger_document document
    LEFT JOIN ledger_documentline line ON line.document_id = document.id GROUP BY document.id
    HAVING coalesce(sum(line.debit), 0) <> coalesce(sum(line.credit), 0) OR coalesce(sum(line.debit), 0) = 0
    UNION ALL
    SELECT 'document ' || reference || ' is delivered and not bound, or the other way round'
    FROM ledger_document document
    WHERE (pushed_at IS NOT NULL) <> EXISTS (
        SELECT FROM connectors_binding binding WHERE binding.document_id = document.id)
    UNION ALL
    SELECT 'entry ' || entry.reference || ' does not balance' FROM books_entry entry
    LEFT JOIN books_line line ON line.entry_id = entry.id GROUP BY entry.id
    HAVING coalesce(sum(line.debit), 0) <> entry.total OR coalesce(sum(line.credit), 0) <> entry.total
        OR count(line.id) <> entry.line_count
    LIMIT 20
"""
MOST_TOLD: Final = 20
# A definition that was read from a dump is told with other casts and parentheses than one that was written by hand.
_CASTS: Final = re.compile(r"::(?:character varying|[a-z]+)(?:\(\d+\))?(?:\[\])?|[()\s]")


class Table(Struct, frozen=True):
    """One table: how many rows, and the sum of the 64-bit hashes of all of them (text, for it is longer)."""

    rows: int
    hash: str


class Figures(Struct, frozen=True):
    """All that two equal databases have in common. ``balances`` are in minor units of the currency that they name;
    ``wrong`` is empty in books that are whole."""

    taken_at: str
    tables: dict[str, Table]
    guards: dict[str, str]
    balances: dict[str, int]
    wrong: list[str]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables.values())

    def encoded(self) -> bytes:
        """As it is kept beside a backup."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


def decode_figures(body: bytes) -> Figures:
    """Figures that were kept beside a backup; raises ``msgspec.MsgspecError``."""
    return msgspec.json.decode(body, type=Figures)


def take(connection: psycopg.Connection[Any]) -> Figures:
    """The figures of the database, in the connection's open transaction, which must be REPEATABLE READ while others
    write."""
    connection.execute(_SESSION)
    # Functions that make definitions leave out a schema that is in the path, in both databases alike.
    guards = {name: _CASTS.sub("", said) for name, said in connection.execute(_GUARDS).fetchall()}
    tables = {name: _table(connection, name) for (name,) in connection.execute(_TABLES).fetchall()}
    return Figures(
        connection.execute("SELECT to_char(now(), 'YYYY-MM-DD HH24:MI:SS \"UTC\"')").fetchall()[0][0],
        tables,
        guards,
        dict(connection.execute(_BALANCES).fetchall()),
        [sentence for (sentence,) in connection.execute(_WRONG).fetchall()],
    )


def _table(connection: psycopg.Connection[Any], name: str) -> Table:
    asked = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(each::text, 0)::numeric), 0)::text FROM {} each")
    return Table(*connection.execute(asked.format(sql.Identifier(name))).fetchall()[0])


def differences(before: Figures, after: Figures) -> list[str]:
    """In what ``after`` is not ``before``, a sentence each, at most `MOST_TOLD`; [] when they are equal."""
    found = []
    for name in sorted(before.tables.keys() | after.tables.keys()):
        was, now = before.tables.get(name), after.tables.get(name)
        if was is None or now is None:
            found.append(f"the table {name} is {'new' if was is None else 'missing'}")
        elif was.rows != now.rows:
            found.append(f"{name} has {now.rows:,} rows, not {was.rows:,}")
        elif was != now:
            found.append(f"{name} has other contents in as many rows")
    found += [f"the {each} is not what it was" for each in _changed(before.guards, after.guards)]
    found += [f"the balance {each} is not what it was" for each in _changed(before.balances, after.balances)]
    return found[:MOST_TOLD]


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [each for each in sorted(before.keys() | after.keys()) if before.get(each) != after.get(each)]
