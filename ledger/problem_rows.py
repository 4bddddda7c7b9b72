"""Opening and resolving problem rows, in bulk and once each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from ledger import sql
from ledger.problems import Problem


class Subject(NamedTuple):
    """Whom a problem concerns. ``name`` makes it unique while it is open ("order 1001", "row 3 of page 17")."""

    name: str
    problem: Problem
    source_id: int | None = None
    record_id: int | None = None
    page_id: int | None = None
    page_row: int | None = None


def of_record(record_id: int, problem: Problem, source_id: int | None = None, page_id: int | None = None) -> Subject:
    """What concerns one version of a record. The version's number is in the name: two shops of a company may both
    have an order 1, and intake and posting find the same fault and must report it once."""
    name = f"{problem.record_kind} {problem.record_id} #{record_id}"
    return Subject(name, problem, source_id, record_id, page_id)


def open_problems(company_id: int, subjects: Sequence[Subject], at: datetime) -> None:
    """Open a row for each subject, or bring the one that is open already up to date."""
    if not subjects:
        return
    unique = {(subject.name[:300], subject.problem.code): subject for subject in subjects}
    columns = list(
        zip(
            *(
                (
                    name,
                    code,
                    s.source_id,
                    s.record_id,
                    s.page_id,
                    s.page_row,
                    s.problem.path[:500],
                    s.problem.detail,
                )
                for (name, code), s in unique.items()
            ),
            strict=True,
        )
    )
    *plain, details = [list(column) for column in columns]
    sql.execute(
        """INSERT INTO ledger_problem (company_id, opened_at, subject, code, source_id, record_id, page, page_row, path,
               detail)
           SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[],
               %s::text[], %s::jsonb[])
           ON CONFLICT (company_id, subject, code) WHERE resolved_at IS NULL
           DO UPDATE SET detail = excluded.detail, path = excluded.path, record_id = excluded.record_id,
               source_id = coalesce(excluded.source_id, ledger_problem.source_id),
               page = coalesce(excluded.page, ledger_problem.page),
               page_row = coalesce(excluded.page_row, ledger_problem.page_row)""",
        (company_id, at, *plain, [Jsonb(detail) for detail in details]),
    )


def resolve_problems(company_id: int, record_ids: Sequence[int], names: Sequence[str], at: datetime) -> None:
    """Close what is open about these versions, and the notices about records of these names ("order 1001")."""
    sql.execute(
        """UPDATE ledger_problem SET resolved_at = %s
           WHERE company_id = %s AND resolved_at IS NULL AND (record_id = ANY(%s) OR (record_id IS NULL
               AND CASE WHEN path = '' THEN subject ELSE left(subject, -1 - length(path)) END = ANY(%s)))""",
        (at, company_id, list(record_ids), list(names)),
    )


def resolve_subjects(company_id: int, source_id: int, names: Sequence[str], at: datetime) -> None:
    """Close what is open about rows that had become no record, now that they have."""
    if names:
        sql.execute(
            """UPDATE ledger_problem SET resolved_at = %s
               WHERE company_id = %s AND source_id = %s AND subject = ANY(%s) AND record_id IS NULL
                   AND resolved_at IS NULL""",
            (at, company_id, source_id, list(names)),
        )
