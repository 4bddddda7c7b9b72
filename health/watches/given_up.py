"""Work that was given up, and undos that hang half-way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, LiteralString

from health.doctor_books import UNKNOWN_WARNING_SECONDS
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.wording import instant, last_line, short, steady
from ledger import sql

# Over as soon as the same was done well afterwards, or the job was taken away.
_DEAD: Final[LiteralString] = """
    SELECT job.company_id, job.id, job.kind, job.attempts, job.last_error, sync.public_id::text
    FROM commerce_sync_job job LEFT JOIN commerce_sync_sync sync ON sync.id = job.sync_id
    WHERE job.company_id = ANY(%s) AND job.state = 'dead'
        AND NOT EXISTS (SELECT FROM commerce_sync_sync later WHERE later.company_id = job.company_id
            AND later.id > coalesce(job.sync_id, 0) AND later.code IN (2000, 2040)
            AND later.finished_at > coalesce(sync.finished_at, job.next_at) AND job.kind <> 'fetch')
        AND NOT EXISTS (SELECT FROM commerce_sync_fetch later WHERE later.company_id = job.company_id
            AND later.state = 'done' AND later.ended_at > job.next_at AND job.kind = 'fetch')
    ORDER BY job.company_id, job.id
"""
_HANGING: Final[LiteralString] = """
    SELECT undo.company_id, undo.public_id::text, undo.requested_at, undo.failure_sentence, undo.failure_turn,
        run.public_id::text
    FROM commerce_sync_undo undo JOIN commerce_sync_sync run ON run.id = undo.run_id
    WHERE undo.company_id = ANY(%s) AND undo.finished_at IS NULL AND undo.requested_at < %s ORDER BY undo.company_id
"""


def look(scope: Scope) -> Looked:
    """Dead jobs and unfinished undos of these companies."""
    return Looked([*_dead(scope), *_hanging(scope)])


def _dead(scope: Scope) -> Iterator[Seen]:
    for company_id, job, kind, attempts, error, sync in sql.rows(_DEAD, (list(scope.company_ids),)):
        said = steady(last_line(error))
        causes = (Cause("sync", sync, f"{kind}, given up after {attempts} attempts"),) if sync else ()
        facts = {"count": attempts, "said": said}
        yield Seen("job_dead", company_id, f"job {job}", facts, root=short(f"given up: {said}"), causes=causes)


def _hanging(scope: Scope) -> Iterator[Seen]:
    before = scope.at - timedelta(seconds=UNKNOWN_WARNING_SECONDS)
    for company_id, undo, since, sentence, turn, run in sql.rows(_HANGING, (list(scope.company_ids), before)):
        yield Seen(
            "undo_stuck",
            company_id,
            undo,
            {"since": instant(since), "said": steady(sentence) or "it has not begun."},
            causes=(Cause("sync", run, "the run of the undo"),),
            turn=turn if turn in ("merchant", "partner") else "",
        )


WATCHES: Final = (Watch("given up", frozenset({"job_dead", "undo_stuck"}), look),)
