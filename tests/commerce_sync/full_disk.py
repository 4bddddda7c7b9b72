"""A disk without room, as the kernel itself says it: ENOSPC from every write to the file of one table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.commerce_sync.superuser import superuser


@contextmanager
def no_room_for(table: str) -> Iterator[None]:
    """Meanwhile the file of ``table``, which is emptied first, is /dev/full: it reads as empty, and takes nothing.

    The sessions of this process are ended before and after, because a session keeps its files open. The server must
    run on this machine.
    """
    with superuser() as session:
        session.execute("SET commerce_sync.allow_truncate = 'on'")
        session.execute(f"TRUNCATE {table} CASCADE")
        session.execute("CHECKPOINT")  # nothing of the file is left to be written
        found = session.execute("SELECT current_setting('data_directory'), pg_relation_filepath(%s)", [table])
        folder, name = found.fetchone() or ("", "")
    file = Path(folder) / name
    aside = file.with_name(f"{file.name}.aside")
    connection.close()
    file.rename(aside)
    file.symlink_to("/dev/full")
    try:
        yield
    finally:
        connection.close()
        file.unlink()
        aside.rename(file)
