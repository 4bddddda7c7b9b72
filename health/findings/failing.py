"""Which watches could not look: a watch that fails finds nothing, and nothing found looks like all well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from connectors.redact import redact
from ledger import sql

MOST_CHARACTERS: Final = 500
KEPT_FOR: Final = timedelta(hours=1)


def note_looks(looked: Sequence[str], failed: Mapping[str, Exception], at: datetime) -> None:
    """Those of ``looked`` that are not in ``failed`` can look again, unless one failed within the hour: it may fail
    for some companies only. One statement when none of them failed."""
    well = [name for name in looked if name not in failed]
    sql.execute("DELETE FROM health_watchfailure WHERE watch = ANY(%s) AND last_at < %s", (well, at - KEPT_FOR))
    for name, error in failed.items():
        said = redact(f"{type(error).__name__}: {error}")[:MOST_CHARACTERS]
        sql.execute(
            """INSERT INTO health_watchfailure AS known (watch, since, last_at, failures, error)
               VALUES (%s, %s, %s, 1, %s)
               ON CONFLICT (watch) DO UPDATE SET last_at = excluded.last_at, error = excluded.error,
                   failures = known.failures + 1""",
            (name, at, at, said),
        )
