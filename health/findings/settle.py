"""From what a watch saw to findings: new ones are opened, changed ones changed, those whose cause is gone are closed.

Set-based: a handful of statements whatever the number of companies. Safe to run again: what is seen again is the same
finding. Joins the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, LiteralString
from uuid import uuid4

import msgspec
from msgspec import Struct
from xxhash import xxh3_128_digest

from health.findings.kinds import KINDS
from health.findings.seen import MOST_CAUSES, Looked, Scope, Seen
from ledger import sql

GONE: Final = "the watch"  # who closes a finding whose cause is not there any more

# What a person ignored comes back when its facts are others than those that were ignored; its history says so. A
# statement sees the rows as they were before it, so the former state is still there to be read.
_UPSERT: Final[LiteralString] = """
    WITH settled AS (
    INSERT INTO health_finding AS finding (public_id, company_id, partner_id, code, subject, root, severity, turn,
        state, day, currency, amount, count, params, causes, digest, opened_at, changed_at, seen_at, resolved_by,
        reason)
    SELECT fresh.public_id, fresh.company_id, coalesce(fresh.partner_id, company.partner_id), fresh.code, fresh.subject,
        fresh.root, fresh.severity, fresh.turn, 'open', fresh.day, fresh.currency, fresh.amount, fresh.count,
        fresh.params::jsonb, fresh.causes::jsonb, fresh.digest, %(at)s, %(at)s, %(at)s, '', ''
    FROM unnest(%(ids)s::uuid[], %(companies)s::bigint[], %(partners)s::bigint[], %(codes)s::text[],
        %(subjects)s::text[], %(roots)s::text[], %(severities)s::text[], %(turns)s::text[], %(days)s::date[],
        %(currencies)s::text[], %(amounts)s::bigint[], %(counts)s::int[], %(params)s::text[], %(causes)s::text[],
        %(digests)s::bytea[])
        AS fresh(public_id, company_id, partner_id, code, subject, root, severity, turn, day, currency, amount, count,
            params, causes, digest)
    LEFT JOIN ledger_company company ON company.id = fresh.company_id
    ORDER BY fresh.company_id, fresh.code, fresh.subject
    ON CONFLICT (company_id, partner_id, code, subject) WHERE resolved_at IS NULL DO UPDATE SET
        root = excluded.root, severity = excluded.severity, turn = excluded.turn, day = excluded.day,
        currency = excluded.currency, amount = excluded.amount, count = excluded.count, params = excluded.params,
        causes = excluded.causes, digest = excluded.digest, seen_at = excluded.seen_at,
        changed_at = CASE WHEN finding.digest = excluded.digest THEN finding.changed_at ELSE excluded.seen_at END,
        state = CASE WHEN finding.state = 'ignored' AND finding.digest <> excluded.digest THEN 'open'
            ELSE finding.state END,
        reason = CASE WHEN finding.state = 'ignored' AND finding.digest <> excluded.digest THEN ''
            ELSE finding.reason END,
        ignored_until = CASE WHEN finding.digest = excluded.digest THEN finding.ignored_until END
    RETURNING id, xmax = 0 AS is_new, changed_at = %(at)s AND xmax <> 0 AS is_other, state
    ), back AS (
        INSERT INTO health_findingevent (finding_id, what, actor, words, at)
        SELECT settled.id, 'reopened', %(watch)s, 'Its facts are other than those that were ignored.', %(at)s
        FROM settled JOIN health_finding former ON former.id = settled.id
        WHERE settled.state = 'open' AND former.state = 'ignored'
    )
    SELECT id, is_new, is_other FROM settled
"""
_GONE: Final[LiteralString] = """
    UPDATE health_finding finding SET state = 'resolved', resolved_at = %s, resolved_by = %s, changed_at = %s,
        ignored_until = NULL
    WHERE finding.resolved_at IS NULL AND finding.code = ANY(%s) AND finding.id <> ALL(%s)
        AND CASE WHEN %s THEN finding.company_id IS NULL ELSE finding.company_id = ANY(%s) END
        AND (%s OR EXISTS (SELECT FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS looked(company_id, first, last)
            WHERE looked.company_id = finding.company_id AND finding.day BETWEEN looked.first AND looked.last))
"""


class Settled(Struct):
    """What came of a look."""

    opened: int = 0
    changed: int = 0
    closed: int = 0


def settle(codes: Collection[str], scope: Scope | None, looked: Looked, at: Any = None) -> Settled:
    """Make the findings of ``codes`` what was seen. ``scope`` None: the findings that are of no company, at ``at``.

    Raises ValueError when something was seen of another code or outside the scope: a watch speaks for its own.
    """
    moment = scope.at if scope else at
    companies = frozenset(scope.company_ids) if scope else frozenset()
    for seen in looked.seen:
        if seen.code not in codes or (seen.company_id not in companies if scope else seen.company_id is not None):
            raise ValueError(f"a watch of {sorted(codes)} cannot speak of {seen.code} at company {seen.company_id}")
    settled, touched = Settled(), list[int]()
    for batch in sql.batches(list(_once(looked.seen)), 1_000):
        rows = sql.rows_named(_UPSERT, {"at": moment, "watch": GONE, **_columns(batch)})
        touched += [row[0] for row in rows]
        settled.opened += sum(row[1] for row in rows)
        settled.changed += sum(row[2] for row in rows)
    days = looked.days or {}
    settled.closed = sql.execute(
        _GONE,
        (
            *(moment, GONE, moment, list(codes), touched),
            *(scope is None, list(companies)),
            *(
                looked.days is None,
                list(days),
                [first for first, _ in days.values()],
                [last for _, last in days.values()],
            ),
        ),
    )
    return settled


def _once(seen: Iterable[Seen]) -> Iterable[Seen]:
    """Each thing once: of two that say the same the later holds."""
    return {(each.company_id, each.partner_id, each.code, each.subject): each for each in seen}.values()


def _columns(batch: Sequence[Seen]) -> dict[str, list[Any]]:
    kinds = [KINDS[each.code] for each in batch]
    params = [msgspec.json.encode(each.params, order="deterministic") for each in batch]
    causes = [msgspec.json.encode(list(each.causes[:MOST_CAUSES])) for each in batch]
    return {
        "ids": [uuid4() for _ in batch],
        "companies": [each.company_id for each in batch],
        "partners": [each.partner_id for each in batch],
        "codes": [each.code for each in batch],
        "subjects": [each.subject[:200] for each in batch],
        "roots": [(each.root or f"{each.code} {each.company_id} {each.subject}")[:200] for each in batch],
        "severities": [each.severity or kind.severity for each, kind in zip(batch, kinds, strict=True)],
        "turns": [each.turn or kind.turn for each, kind in zip(batch, kinds, strict=True)],
        "days": [each.day for each in batch],
        "currencies": [each.currency for each in batch],
        "amounts": [each.amount for each in batch],
        "counts": [each.count for each in batch],
        "params": [text.decode() for text in params],
        "causes": [text.decode() for text in causes],
        "digests": [_digest(each, text) for each, text in zip(batch, params, strict=True)],
    }


def _digest(seen: Seen, params: bytes) -> bytes:
    """Of what makes it another thing to a person: its facts, not its causes' order."""
    return xxh3_128_digest(b"%d|%d|%s" % (seen.amount or 0, seen.count, params))
