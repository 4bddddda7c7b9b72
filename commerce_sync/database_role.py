"""The role that the application logs in to PostgreSQL with: it reads and writes rows, and owns nothing.

Whoever owns a table may switch its triggers off. The owner therefore is another role, which migrates and does nothing
else; this one gets what the code uses, so what the triggers refuse is refused to it a second time, by privileges that
it cannot give itself. What may be changed or deleted is read from the triggers, so that there is no second list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import connection
from psycopg import sql as composing

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_DELETE, _UPDATE = 8, 16  # bits of pg_trigger.tgtype
_TABLES: Final = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
    ORDER BY relname
"""
_KEEPING: Final = """
    SELECT t.tgrelid::regclass::text, p.proname, t.tgtype::int, encode(t.tgargs, 'escape')
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgqual IS NULL AND c.relnamespace = current_schema()::regnamespace
        AND p.proname ~ '_(refuse_change|is_kept|stays)$'
"""


class NoSuchRole(ValueError):
    """What was named is no name of a role, or is the role that owns the tables."""


class Rights(NamedTuple):
    """What may be done to one table besides reading and adding; ``columns``: only these may be changed, if any."""

    table: str
    may_delete: bool
    may_update: bool
    columns: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As GRANT has them."""
        update = f"UPDATE ({', '.join(self.columns)})" if self.columns else "UPDATE"
        return ", ".join(
            ["SELECT", "INSERT", *([update] if self.may_update else []), *(["DELETE"] if self.may_delete else [])]
        )


def rights() -> list[Rights]:
    """What the application may do to each table, by what the triggers of the table keep."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEPING)
        keeping = cursor.fetchall()
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
    return [_of(table, [each[1:] for each in keeping if each[0] == table]) for table in tables]


def _of(table: str, keeping: list[tuple[str, int, str]]) -> Rights:
    may_delete = not any(bits & _DELETE for _, bits, _ in keeping)
    frozen = [columns for name, bits, columns in keeping if bits & _UPDATE and not name.endswith("_stays")]
    columns = tuple(name for name in "".join(frozen).split("\\000") if name)
    return Rights(table, may_delete, not frozen or bool(columns), columns)


def statements(role: str) -> Iterator[str]:
    """What gives ``role`` its rights and no other, in order. Raises `NoSuchRole`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database(), current_schema()")
        owner, database, schema = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role])
        is_there = cursor.fetchone()[0]
    if not _NAME.fullmatch(role) or role == owner:
        raise NoSuchRole(f"{role!r} must be a plain name, other than {owner!r}, who owns the tables")
    who, where, what = (composing.Identifier(name).as_string(None) for name in (role, schema, database))
    if not is_there:
        yield f"CREATE ROLE {who} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {where} FROM {who}"
    yield f"REVOKE CREATE ON SCHEMA {where} FROM PUBLIC"
    yield f"GRANT CONNECT, TEMPORARY ON DATABASE {what} TO {who}"
    yield f"GRANT USAGE ON SCHEMA {where} TO {who}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {where} TO {who}"
    for each in rights():
        words = "SELECT" if each.table == "django_migrations" else each.words
        yield f"GRANT {words} ON {composing.Identifier(each.table).as_string(None)} TO {who}"
