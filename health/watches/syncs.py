"""Syncs that fail, do not begin or do not end, and companies that are not synced any more.

One cause, one finding: what a lost connection, an archived choice, refused documents, a dead job or an unmapped role
brings about is told of as that, and not as a failing sync besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, LiteralString

from commerce_sync import status
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.choices import gone
from health.watches.wording import instant, short, steady
from ledger import sql

OVERDUE_AFTER: Final = timedelta(hours=6)  # the wave of all merchants of a night has been worked off by then
STUCK_AFTER: Final = timedelta(hours=3)  # a sync waits for platforms an hour at most
IMPORT_STUCK_AFTER: Final = timedelta(hours=24)  # a historic one reads years
PAUSED_FOR_LONG: Final = timedelta(days=31)  # a pause by a person's own wish is not forgotten for longer
PASSING_FOR: Final = timedelta(days=2)  # a platform that is down comes back, mostly
LAST_SYNCS: Final = 200  # how far back the first failure in a row is looked for
ENGINE: Final = "engine"

# Runs that only deliver or take back say nothing about whether sales come in, nor do those that met another run.
_ENDED: Final[LiteralString] = """
    SELECT last.company_id, last.public_id::text, last.code, last.failure_code, last.failure_sentence,
        last.failure_remedy, last.failure_turn, last.finished_at, coalesce(failing.since, last.finished_at), called.*
    FROM unnest(%(companies)s::bigint[]) AS asked(company_id)
    JOIN LATERAL (SELECT * FROM commerce_sync_sync sync WHERE sync.company_id = asked.company_id
                  AND sync.finished_at IS NOT NULL AND sync.trigger NOT IN ('retry', 'undo') AND sync.code <> 5080
                  ORDER BY sync.id DESC LIMIT 1) last ON last.code NOT IN (2000, 2040, 5130)
    LEFT JOIN LATERAL (
        SELECT min(recent.finished_at) FILTER (WHERE NOT recent.is_before) AS since FROM (
            SELECT sync.finished_at, bool_or(sync.code IN (2000, 2040)) OVER (ORDER BY sync.id DESC) AS is_before
            FROM commerce_sync_sync sync WHERE sync.company_id = asked.company_id AND sync.finished_at IS NOT NULL
                AND sync.trigger NOT IN ('retry', 'undo') AND sync.code <> 5080
            ORDER BY sync.id DESC LIMIT %(most)s) recent) failing ON true
    LEFT JOIN LATERAL (SELECT call.platform, link.public_id::text, link.name FROM connectors_call call
                       LEFT JOIN connectors_connection link ON link.id = call.connection_id
                       WHERE call.correlation = last.public_id::text AND call.failure <> ''
                       ORDER BY call.id DESC LIMIT 1) called ON true
    WHERE NOT EXISTS (SELECT FROM commerce_sync_schedule schedule
                      WHERE schedule.company_id = asked.company_id AND schedule.paused_at IS NOT NULL)
        AND NOT (last.code = 4220 AND EXISTS (SELECT FROM connectors_connection link
            WHERE link.company_id = asked.company_id AND (link.status = 'Deauthorized' OR link.status = 'PendingAuth'
                AND link.linked_at IS NOT NULL OR link.status = 'Linked' AND link.linked_at > last.finished_at)))
        AND NOT (last.code = 4260 AND EXISTS (SELECT FROM connectors_pushitem item
            WHERE item.company_id = asked.company_id AND item.state = 'refused'))
        AND last.failure_code <> 'unmapped_role'
        AND NOT (last.failure_code IN ('no_book', 'choice_unavailable') AND EXISTS (SELECT FROM ledger_bookversion book
            WHERE book.company_id = asked.company_id AND book.created_at > last.finished_at))
        AND NOT (last.failure_code = 'no_accounting' AND EXISTS (SELECT FROM connectors_connection link
            WHERE link.company_id = asked.company_id AND link.kind = 'accounting' AND link.status = 'Linked'))
        AND NOT (last.code = 5000 AND EXISTS (SELECT FROM commerce_sync_job job
            WHERE job.sync_id = last.id AND job.state = 'dead'))
    ORDER BY last.company_id
"""
_CHOICES: Final = "choice_unavailable"  # as long as it is so, the choices themselves are told of

_PAUSED: Final[LiteralString] = """
    SELECT schedule.company_id, schedule.paused_at, schedule.pause_reason, coalesce(told.actor, ''),
        coalesce(last.failure_sentence, '')
    FROM commerce_sync_schedule schedule
    LEFT JOIN LATERAL (SELECT entry.actor FROM ledger_auditentry entry WHERE entry.company_id = schedule.company_id
                       AND entry.code = 'sync.paused' ORDER BY entry.id DESC LIMIT 1) told ON true
    LEFT JOIN LATERAL (SELECT sync.failure_sentence FROM commerce_sync_sync sync
                       WHERE sync.company_id = schedule.company_id AND sync.finished_at IS NOT NULL
                       ORDER BY sync.id DESC LIMIT 1) last ON true
    WHERE schedule.company_id = ANY(%s) AND schedule.paused_at IS NOT NULL AND schedule.enabled
    ORDER BY schedule.company_id
"""
_OVERDUE: Final[LiteralString] = """
    SELECT company_id, min(since) FROM (
        SELECT company_id, next_due_at AS since FROM commerce_sync_schedule
        WHERE company_id = ANY(%(companies)s) AND enabled AND paused_at IS NULL AND next_due_at < %(before)s
        UNION ALL
        SELECT company_id, next_at FROM commerce_sync_job
        WHERE company_id = ANY(%(companies)s) AND state = 'ready' AND kind = 'sync' AND attempts = 0 AND lane = 0
            AND next_at < %(before)s AND NOT EXISTS (SELECT FROM commerce_sync_sync sync
                WHERE sync.company_id = commerce_sync_job.company_id AND sync.finished_at IS NULL
                    AND sync.id IS DISTINCT FROM commerce_sync_job.sync_id)) late
    GROUP BY company_id ORDER BY company_id
"""
_STUCK: Final[LiteralString] = """
    SELECT sync.company_id, sync.public_id::text, sync.started_at, sync.stage FROM commerce_sync_sync sync
    WHERE sync.company_id = ANY(%s) AND sync.finished_at IS NULL AND sync.trigger <> 'undo'
        AND sync.started_at < CASE sync.trigger WHEN 'historic' THEN %s::timestamptz ELSE %s::timestamptz END
        AND NOT EXISTS (SELECT FROM commerce_sync_job job WHERE job.sync_id = sync.id
                        AND job.state = 'ready' AND job.attempts = 0 AND sync.stage = 'queued')
    ORDER BY sync.company_id
"""


def look(scope: Scope) -> Looked:
    """How the syncs of these companies go."""
    return Looked([*_failing(scope), *_paused(scope), *_overdue(scope), *_stuck(scope)])


def _failing(scope: Scope) -> Iterator[Seen]:
    rows = sql.rows_named(_ENDED, {"companies": list(scope.company_ids), "most": LAST_SYNCS})
    unavailable = _unavailable({row[0] for row in rows if row[3] == _CHOICES}, scope)
    for row in rows:
        if row[0] not in unavailable:
            yield _failed(row, scope)


def _unavailable(company_ids: set[int], scope: Scope) -> set[int]:
    """Those of which the watch of choices has something to tell."""
    if not company_ids:
        return set()
    found = gone(sorted(company_ids), (scope.at - timedelta(days=1)).date())
    return {each.company_id for each in found}


def _failed(row: Any, scope: Scope) -> Seen:
    company_id, sync, code, failure, sentence, remedy, turn, finished_at, since, platform, link, name = row
    said = steady(sentence or status.CODES[code])
    causes = [Cause("sync", sync, f"sync of {instant(finished_at)}", sentence)]
    if link:
        causes.append(Cause("connection", link, name or platform))
    root = short(f"{platform}: {failure}") if platform and failure in _OF_PLATFORMS else ""
    passing = turn == "nobody" and since > scope.at - PASSING_FOR
    return Seen(
        "sync_failing",
        company_id,
        "syncs",
        {"since": instant(since), "said": said, "remedy": remedy or _REMEDY},
        root=root,
        causes=causes,
        severity="warning" if passing else "",
        turn=turn if turn in ("merchant", "partner") else "",
    )


_OF_PLATFORMS: Final = frozenset({"PlatformDown", "Waiting", "BadAnswer", "CutAnswer", "MisconfiguredPlatform"})
_REMEDY: Final = "Look at the sync and its calls, then sync again."


def _paused(scope: Scope) -> Iterator[Seen]:
    for company_id, since, reason, actor, sentence in sql.rows(_PAUSED, (list(scope.company_ids),)):
        by_engine = actor == ENGINE
        if by_engine or since < scope.at - PAUSED_FOR_LONG:
            said = f"{reason} {steady(sentence)}".strip() if by_engine else reason
            facts = {"since": instant(since), "said": said}
            yield Seen("company_paused", company_id, "schedule", facts, severity="" if by_engine else "notice")


def _overdue(scope: Scope) -> Iterator[Seen]:
    parameters = {"companies": list(scope.company_ids), "before": scope.at - OVERDUE_AFTER}
    for company_id, since in sql.rows_named(_OVERDUE, parameters):
        yield Seen("sync_overdue", company_id, "schedule", {"since": instant(since)}, root="syncs do not begin")


def _stuck(scope: Scope) -> Iterator[Seen]:
    parameters = (list(scope.company_ids), scope.at - IMPORT_STUCK_AFTER, scope.at - STUCK_AFTER)
    for company_id, sync, since, stage in sql.rows(_STUCK, parameters):
        facts = {"since": instant(since), "stage": stage}
        causes = (Cause("sync", sync, f"sync of {instant(since)}"),)
        yield Seen("sync_stuck", company_id, sync, facts, causes=causes)


WATCHES: Final = (Watch("syncs", frozenset({"sync_failing", "company_paused", "sync_overdue", "sync_stuck"}), look),)
