"""What a preview reads: records of a period as they stand with the books, and nothing that takes a lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final, LiteralString, NamedTuple

from ledger import sql
from ledger.commerce import Order, Record, RecordKind, Refund, decode
from ledger.post_due import PENDING
from ledger.rules.refunds import derive


class Stored(NamedTuple):
    """One version with, where the books hold a former one, that one and the number of its book's version."""

    number: int
    kind: RecordKind
    record: Record
    former: Record | None = None
    former_book: int | None = None


class Identity(NamedTuple):
    """What a record is called: its kind, the platform's id, and when it happened."""

    kind: str
    external_id: str
    happened_at: datetime


_COUNT_PENDING: Final[LiteralString] = """
    SELECT count(*) FROM (SELECT FROM ledger_standing
        WHERE company_id = %s AND state = 0 AND happened_at >= %s AND happened_at < %s LIMIT %s) met
"""
# In the books by any run that posted a day of the period: what spans days is filed under one of them alone.
_RUNS: Final[LiteralString] = """
    SELECT array_agg(posting.id) FROM ledger_posting posting
    WHERE posting.company_id = %s AND posting.withdrawn_at IS NULL AND posting.act IN (
        SELECT DISTINCT own.act FROM ledger_posting own WHERE own.company_id = %s AND own.day BETWEEN %s AND %s)
"""
_COUNT_POSTED: Final[LiteralString] = """
    SELECT count(*) FROM (SELECT FROM ledger_standing WHERE posting_id = ANY(%s) AND state = 1 LIMIT %s) met
"""
_ALL: Final[LiteralString] = """
    SELECT record.id, record.kind, record.body
    FROM (
        SELECT record_id FROM ledger_standing WHERE posting_id = ANY(%s) AND state = 1
        UNION SELECT record_id FROM ledger_standing
            WHERE company_id = %s AND state = 0 AND happened_at >= %s AND happened_at < %s
        UNION SELECT standing.record_id FROM ledger_problem problem
            JOIN ledger_standing standing ON standing.record_id = problem.record_id AND standing.state = 3
            WHERE problem.company_id = %s AND problem.resolved_at IS NULL
                AND standing.happened_at >= %s AND standing.happened_at < %s
    ) met JOIN ledger_record record ON record.id = met.record_id
    WHERE NOT record.superseded AND NOT record.deleted ORDER BY record.id
"""


class Scope(NamedTuple):
    """A period of a company: business days, both whole, and the instants [start, end) that they are."""

    company_id: int
    first: date
    last: date
    start: datetime
    end: datetime


def count_pending(scope: Scope, most: int) -> int:
    """How many records wait to be posted, counted a little beyond `most`."""
    found = sql.rows(_COUNT_PENDING, (scope.company_id, scope.start, scope.end, most + 1))
    return int(found[0][0])


def pending(scope: Scope) -> Iterator[Stored]:
    """The records that wait to be posted, as posting would meet them. The connection is busy until the last one."""
    for number, kind, deleted, body, former, _, former_deleted, former_body, former_book in sql.stream(
        PENDING, (scope.company_id, scope.start, scope.end)
    ):
        before = None if former is None else decode(kind, former_body, deleted=former_deleted)
        yield Stored(number, kind, decode(kind, body, deleted=deleted), before, former_book)


def runs_of(scope: Scope) -> list[int]:
    """The postings of every run that posted a day of the period."""
    parameters = (scope.company_id, scope.company_id, scope.first, scope.last)
    return sql.rows(_RUNS, parameters)[0][0] or []


def postings_of(scope: Scope) -> list[int]:
    """The postings of the period's own days."""
    found = sql.rows(
        """SELECT id FROM ledger_posting
           WHERE company_id = %s AND day BETWEEN %s AND %s AND withdrawn_at IS NULL""",
        (scope.company_id, scope.first, scope.last),
    )
    return [posting_id for (posting_id,) in found]


def count_posted(posting_ids: Sequence[int], most: int) -> int:
    """How many records these postings hold, counted a little beyond `most`."""
    return int(sql.rows(_COUNT_POSTED, (list(posting_ids), most + 1))[0][0])


def all_current(scope: Scope, posting_ids: Sequence[int]) -> Iterator[Stored]:
    """Every record that is true now: in the books by these postings, waiting, or refused. As `pending` streams."""
    period = (scope.company_id, scope.start, scope.end)
    for number, kind, body in sql.stream(_ALL, (list(posting_ids), *period, *period)):
        yield Stored(number, kind, decode(kind, body))


def set_aside(scope: Scope) -> int:
    """How many records of the period an undo keeps out of the books."""
    found = sql.rows(
        """SELECT count(*) FROM ledger_standing
           WHERE company_id = %s AND state = 5 AND happened_at >= %s AND happened_at < %s""",
        (scope.company_id, scope.start, scope.end),
    )
    return int(found[0][0])


def completed_refunds(company_id: int) -> dict[int, Refund]:
    """Number of a stored version → the refund with its parts, whose order has come since: a sync completes them."""
    found = sql.rows(
        """SELECT record.id, record.body, original.body FROM ledger_source source
           JOIN ledger_record record ON record.source_id = source.id AND record.incomplete AND NOT record.superseded
           JOIN ledger_record original ON original.source_id = source.id AND original.kind = 'order'
               AND original.external_id = convert_from(record.body, 'UTF8')::json ->> 'order_id'
               AND NOT original.superseded AND NOT original.deleted
           WHERE source.company_id = %s LIMIT 10000""",
        (company_id,),
    )
    completed: dict[int, Refund] = {}
    for number, body, original in found:
        refund, order = decode("refund", bytes(body)), decode("order", bytes(original))
        if isinstance(refund, Refund) and isinstance(order, Order):
            completed[number] = derive(refund, order)
    return completed


def posted_versions(scope: Scope, numbers: Sequence[int]) -> list[Stored]:
    """Those of these versions of the period that are in the books, each as its own former one."""
    found = sql.rows(
        """SELECT record.id, record.kind, record.body, posting.book_version_id FROM ledger_standing standing
           JOIN ledger_record record ON record.id = standing.record_id
           JOIN ledger_posting posting ON posting.id = standing.posting_id
           WHERE standing.record_id = ANY(%s) AND standing.state = 1 AND NOT record.deleted
               AND standing.happened_at >= %s AND standing.happened_at < %s""",
        (list(numbers), scope.start, scope.end),
    )
    records = [(number, kind, decode(kind, bytes(body)), book) for number, kind, body, book in found]
    return [Stored(number, kind, record, record, book) for number, kind, record, book in records]


def identities(numbers: Sequence[int]) -> dict[int, Identity]:
    """What these versions are called."""
    found = sql.rows(
        "SELECT id, kind, external_id, happened_at FROM ledger_record WHERE id = ANY(%s)", (list(numbers),)
    )
    return {number: Identity(*rest) for number, *rest in found}
