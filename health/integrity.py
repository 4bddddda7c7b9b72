"""What must hold in the books whoever wrote them, asked of the rows themselves: for the doctor, of all companies and
all time, and for the watch, of some companies and the days that may have changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString, NamedTuple

from ledger import sql

# Constants once they are bound, so that the plan is that of the companies and days that are asked for.
_WITHIN: Final[LiteralString] = """(%(all)s OR {0}.company_id = ANY(%(companies)s) AND {0}.{1} >= %(since)s)"""


class Unbalanced(NamedTuple):
    """A document whose debits are not its credits, in minor units, or that has none."""

    company_id: int
    document_id: int
    reference: str
    day: date
    currency: str
    debits: int
    credits: int


class Twice(NamedTuple):
    """A record that is in the books more than once, the first time for ``day``."""

    company_id: int
    record_id: int
    kind: str
    external_id: str
    day: date
    times: int


class Unbound(NamedTuple):
    """A document that is said to be delivered and is bound to nothing, or (not ``is_pushed``) the other way round."""

    company_id: int
    document_id: int
    reference: str
    day: date
    is_pushed: bool


_UNBALANCED: Final[LiteralString] = (
    """
    SELECT document.company_id, document.id, document.reference, document.date, document.currency,
        coalesce(sum(line.debit), 0)::bigint, coalesce(sum(line.credit), 0)::bigint
    FROM ledger_document document LEFT JOIN ledger_documentline line ON line.document_id = document.id
    WHERE """  # noqa: S608
    + _WITHIN.replace("{0}", "document").replace("{1}", "date")
    + """ GROUP BY document.id
    HAVING coalesce(sum(line.debit), 0) <> coalesce(sum(line.credit), 0) OR coalesce(sum(line.debit), 0) = 0
    ORDER BY document.id"""
)
# A version and its successor both, or one version in two rounds. Former versions are few and have an index.
_TWICE: Final[LiteralString] = (
    """
    WITH doubled AS (
        SELECT former.source_id, former.kind, former.external_id FROM ledger_source source
        JOIN ledger_record former ON former.source_id = source.id AND former.superseded
        JOIN ledger_standing standing ON standing.record_id = former.id AND standing.state = 1
        WHERE %(all)s OR source.company_id = ANY(%(companies)s)
        UNION
        SELECT record.source_id, record.kind, record.external_id FROM (
            SELECT standing.record_id FROM ledger_posting posting
            JOIN ledger_standing standing ON standing.posting_id = posting.id AND standing.state = 1
            WHERE """  # noqa: S608
    + _WITHIN.replace("{0}", "posting").replace("{1}", "day")
    + """ GROUP BY standing.record_id HAVING count(*) > 1) rounds
        JOIN ledger_record record ON record.id = rounds.record_id
    )
    SELECT min(standing.company_id), max(record.id), record.kind, record.external_id, min(posting.day), count(*)::int
    FROM doubled JOIN ledger_record record USING (source_id, kind, external_id)
    JOIN ledger_standing standing ON standing.record_id = record.id AND standing.state = 1
    JOIN ledger_posting posting ON posting.id = standing.posting_id
    GROUP BY record.source_id, record.kind, record.external_id HAVING count(*) > 1
    ORDER BY record.source_id, record.external_id"""
)
_UNBOUND: Final[LiteralString] = (
    """
    SELECT document.company_id, document.id, document.reference, document.date, document.pushed_at IS NOT NULL
    FROM ledger_document document
    WHERE """  # noqa: S608
    + _WITHIN.replace("{0}", "document").replace("{1}", "date")
    + """ AND (document.pushed_at IS NOT NULL) <> EXISTS (
        SELECT FROM connectors_binding binding WHERE binding.document_id = document.id)
    ORDER BY document.id"""
)


def unbalanced(company_ids: Sequence[int] | None = None, since: date = date.min) -> list[Unbalanced]:
    """Documents dated ``since`` or later that do not balance; of all companies for None."""
    return [Unbalanced(*row) for row in sql.rows_named(_UNBALANCED, _scope(company_ids, since))]


def twice(company_ids: Sequence[int] | None = None, since: date = date.min) -> list[Twice]:
    """Records that are in the books twice; twice in the same version, if posted for ``since`` or later."""
    return [Twice(*row) for row in sql.rows_named(_TWICE, _scope(company_ids, since))]


def unbound(company_ids: Sequence[int] | None = None, since: date = date.min) -> list[Unbound]:
    """Documents dated ``since`` or later that are delivered and not bound, or bound and not delivered."""
    return [Unbound(*row) for row in sql.rows_named(_UNBOUND, _scope(company_ids, since))]


def _scope(company_ids: Sequence[int] | None, since: date) -> dict[str, Any]:
    return {"all": company_ids is None, "companies": list(company_ids or ()), "since": since}
