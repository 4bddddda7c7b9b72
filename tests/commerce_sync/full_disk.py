"""A disk without room, as the kernel itself says it: ENOSPC from every write to the file of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from django.db import connection

from tests.commerce_sync.database_place import superuser


def emptied(*tables: str) -> Callable[[str], AbstractContextManager[None]]:
    """Empty ``tables``, and say for which of them there is no room meanwhile, each once, before it is written to.

    The server must run on this machine.
    """
    files: dict[str, Path] = {}
    with superuser() as session:
        session.execute("SET commerce_sync.allow_truncate = 'on'")
        session.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        session.execute("CHECKPOINT")  # nothing of the files is left to be written, by whomever
        for table in tables:
            found = session.execute("SELECT current_setting('data_directory'), pg_relation_filepath(%s)", [table])
            files[table] = Path(*(found.fetchone() or ()))
    return lambda table: _full(files[table])


@contextmanager
def _full(file: Path) -> Iterator[None]:
    """Meanwhile the file is /dev/full: it reads as empty, and takes nothing. A session keeps its files open, so those
    of this process are ended before and after."""
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
