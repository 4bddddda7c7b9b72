"""The session whose advisory locks say that a worker lives."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

SLOT_LOCK: Final = 43  # first keys of advisory locks
JOB_LOCK: Final = 42
SLOTS: Final = 64  # drains at work at once, on all hosts together


class Hold:
    """The session whose advisory locks say that this worker lives: a connection of its own, so that no transaction,
    time-out or reconnection of the work itself lets them go."""

    def __init__(self) -> None:
        self._side: BaseDatabaseWrapper = connection.copy()
        self._jobs: set[int] = set()

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *_: object) -> None:
        self._side.close()

    def take_slot(self) -> str | None:
        """The name of a free slot; None when all are at work."""
        for slot in range(SLOTS):
            if self._ask("SELECT pg_try_advisory_lock(%s, %s)", (SLOT_LOCK, slot))[0][0]:
                return f"{socket.gethostname()}/{slot}"[:60]
        return None

    def take_jobs(self, job_ids: Sequence[int]) -> set[int]:
        """Those of `job_ids` whose lock is ours now."""
        if not job_ids:
            return set()
        found = self._ask(
            "SELECT id, pg_try_advisory_lock(%s, (id & 2147483647)::int) FROM unnest(%s::bigint[]) AS t(id)",
            (JOB_LOCK, list(job_ids)),
        )
        taken = {job_id for job_id, is_ours in found if is_ours}
        self._jobs |= taken
        return taken

    def release_jobs(self) -> None:
        """Let all jobs go; the slot stays."""
        if self._jobs:
            self._ask(
                "SELECT pg_advisory_unlock(%s, (id & 2147483647)::int) FROM unnest(%s::bigint[]) AS t(id)",
                (JOB_LOCK, list(self._jobs)),
            )
            self._jobs.clear()

    def _ask(self, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._side.cursor() as cursor:
            cursor.execute(query, parameters)
            return list(cursor.fetchall())
