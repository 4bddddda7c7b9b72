"""The rows of a posting: postings, documents with their lines, and where each record now stands, set by set."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct, field

from ledger import sql
from ledger.book import Book
from ledger.closing import Posted, PostedGroup
from ledger.documents import Document, encode_document
from ledger.legs import Group
from ledger.problem_rows import Subject, of_record, open_problems, resolve_problems
from ledger.problems import Problem
from ledger.services import now

# Nothing is wrong with them: their payout has not come, or the books start later.
MAY_STILL_BE_POSTED = frozenset({"awaiting_payout", "before_start"})


class BookInForce(NamedTuple):
    """The version of the book that a posting is made under, and the company's public id for its documents' keys."""

    version_id: int
    company: str
    book: Book


class Run(NamedTuple):
    """What the caller says of a whole run of posting: the last business day, its own id, the target's lock date."""

    through: date
    act: UUID
    locked_through: date | None


class MovedMeanwhile(Exception):
    """Records changed their standing between reading and writing, in spite of the locks: the run is rolled back."""


class Batch(Struct):
    """What was read for one posting. ``formers``: record id → (record id, round) of the version in the books so far."""

    count: int = 0
    formers: dict[int, tuple[int, int]] = field(default_factory=dict)


class Earlier(NamedTuple):
    """Per group: how often it has been posted before, and how often of these with documents that stand."""

    revisions: dict[Group, int]
    adjustments: dict[Group, int]


def earlier(company_id: int, groups: Collection[Group]) -> Earlier:
    """What was posted before of these groups."""
    found = sql.rows(
        """SELECT day, currency, label, max(revision) + 1, count(*) FILTER (WHERE EXISTS (
               SELECT FROM ledger_document document
               WHERE document.posting_id = posting.id AND document.withdrawn_at IS NULL
                   AND document.voided_at IS NULL))
           FROM ledger_posting posting WHERE company_id = %s AND day = ANY(%s) GROUP BY day, currency, label""",
        (company_id, list({group.day for group in groups})),
        keep_plan=True,
    )
    if not found:
        return Earlier({}, {})
    known = {(day, currency, label): counts for day, currency, label, *counts in found}
    counted = {group: known.get((group.day, group.currency, group.label), (0, 0)) for group in groups}
    return Earlier(
        {group: revision for group, (revision, _) in counted.items()},
        {group: standing for group, (_, standing) in counted.items()},
    )


def write(*, company_id: int, version: BookInForce, posted: Posted, batch: Batch, run: Run) -> int:
    """Write ``posted`` in the caller's transaction; the number of documents. What is refused or held gets a problem."""
    book = version.book
    at = now()
    still_held = {problem.detail.get("day") for problem in posted.held.values()}
    cured = list({str(group.group.day) for group in posted.groups} - still_held)
    posting_ids = _insert_postings(company_id, version.version_id, posted.groups, run.act, at, cured)
    documents = [
        (posting_id, document)
        for posting_id, group in zip(posting_ids, posted.groups, strict=True)
        for document in group.documents
    ]
    for slice_ in sql.batches(documents):
        insert_documents(company_id, slice_, at)
    _enter_books(company_id, posting_ids, posted.groups, batch)
    if book.policy.record_tolerance:  # intake has reported what this book tolerates
        resolve_problems(company_id, [handle for group in posted.groups for handle in group.handles], [], at)
    _report(company_id, posted, at, stays_pending=book.policy.on_problem == "hold")
    return len(documents)


def _insert_postings(
    company_id: int, book_version_id: int, groups: Iterable[PostedGroup], act: UUID, at: datetime, cured: list[str]
) -> list[int]:
    """The ids of new postings, in order. What had held back the days ``cured`` is resolved on the same trip."""
    ids: list[int] = []
    for batch in sql.batches(list(groups)):
        keys = [(g.group.day, g.group.currency, g.group.label, g.revision) for g in batch]
        columns = [list(column) for column in zip(*keys, strict=True)]
        found = sql.rows(
            """WITH cured AS (
                   UPDATE ledger_problem SET resolved_at = %s
                   WHERE company_id = %s AND resolved_at IS NULL AND record_id IS NULL AND subject = ANY(%s)
                       AND code IN ('held_by_neighbor', 'rounding_over_cap', 'no_tax_code'))
               INSERT INTO ledger_posting (company_id, act, book_version_id, created_at, day, currency, label, revision)
               SELECT %s, %s, %s, %s, day, currency, label, revision
               FROM unnest(%s::date[], %s::text[], %s::text[], %s::int[]) WITH ORDINALITY
                   AS t(day, currency, label, revision, number)
               ORDER BY number RETURNING id, day, currency, label""",
            (at, company_id, cured, company_id, act, book_version_id, at, *columns),
            keep_plan=True,
        )
        by_key = {(day, currency, label): posting_id for posting_id, day, currency, label in found}
        ids += [by_key[key[:3]] for key in keys]
    return ids


_INSERT_DOCUMENTS = """
    WITH incoming AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::date[], %s::text[],
            %s::bigint[], %s::text[], %s::bytea[])
            AS t(id, posting_id, key, reference, kind, date, currency, total, narration, body)
    ), documents AS (
        INSERT INTO ledger_document (company_id, created_at, id, posting_id, key, reference, kind, date, currency,
            total, narration, body)
        SELECT %s, %s, * FROM incoming
    )
    INSERT INTO ledger_documentline (document_id, position, account, debit, credit)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::bigint[], %s::bigint[])
"""


def insert_documents(company_id: int, documents: Iterable[tuple[int, Document]], at: datetime) -> None:
    """Write (posting id, document) pairs with their lines, in the caller's transaction."""
    numbered = list(documents)
    found = sql.rows(
        "SELECT nextval('ledger_document_id_seq') FROM generate_series(1, %s)", (len(numbered),), keep_plan=True
    )
    rows: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for (document_id,), (posting_id, document) in zip(found, numbered, strict=True):
        header = document.header
        rows.append(
            (
                *(
                    document_id,
                    posting_id,
                    header.key,
                    header.reference,
                    document.kind,
                    header.date,
                    header.currency,
                ),
                *(document.total, header.narration, encode_document(document)),
            )
        )
        for position, line in enumerate(document.entries()):
            lines.append((document_id, position, line.account, line.debit or None, line.credit or None))
    columns = [list(column) for column in zip(*rows, strict=True)]
    line_columns = [list(column) for column in zip(*lines, strict=True)]
    sql.execute(_INSERT_DOCUMENTS, (*columns, company_id, at, *line_columns), keep_plan=True)


def _enter_books(company_id: int, posting_ids: list[int], groups: Iterable[PostedGroup], batch: Batch) -> None:
    """The former versions leave before the new ones enter: never are two of them in the books at once."""
    entering = [
        (handle, posting_id) for posting_id, group in zip(posting_ids, groups, strict=True) for handle in group.handles
    ]
    leaving = [(*batch.formers[handle], posting) for handle, posting in entering if handle in batch.formers]
    for left in sql.batches(leaving):
        moved = sql.execute(
            """UPDATE ledger_standing standing SET state = 2, left_by_id = moved.posting_id
               FROM unnest(%s::bigint[], %s::int[], %s::bigint[]) AS moved(record_id, round, posting_id)
               WHERE standing.record_id = moved.record_id AND standing.round = moved.round AND standing.state = 1""",
            [list(column) for column in zip(*left, strict=True)],
        )
        _insist(moved, len(left))
    for entered in sql.batches(entering, 20_000):
        moved = sql.execute(
            """UPDATE ledger_standing standing SET state = 1, posting_id = moved.posting_id
               FROM unnest(%s::bigint[], %s::bigint[]) AS moved(record_id, posting_id)
               WHERE standing.record_id = moved.record_id AND standing.state = 0 AND standing.company_id = %s""",
            [*(sql.bigints(column) for column in zip(*entered, strict=True)), company_id],
        )
        _insist(moved, len(entered))


def _insist(moved: int, expected: int) -> None:
    """Every record whose amounts are in the documents must have moved, else nothing may be written at all."""
    if moved != expected:
        raise MovedMeanwhile(f"{expected - moved} of {expected} records moved while they were being posted")


def _report(company_id: int, posted: Posted, at: datetime, *, stays_pending: bool) -> None:
    """Problems and notices as rows. What a whole group shares is reported once, not once per record.

    ``stays_pending``: what is wrong holds its group back, run after run, until a newer version cures it.
    """
    wrong = {handle: problem for handle, problem in posted.refused.items() if problem.code not in MAY_STILL_BE_POSTED}
    if wrong and not stays_pending:
        sql.execute("UPDATE ledger_standing SET state = 3 WHERE record_id = ANY(%s) AND state = 0", (list(wrong),))
    subjects = [of_record(handle, problem) for handle, problem in wrong.items()]
    shared = [*posted.held.values(), *posted.notices]
    subjects += [Subject(_name(problem), problem) for problem in shared]
    open_problems(company_id, subjects, at)


def _name(problem: Problem) -> str:
    """What an open problem is unique by: the record, the role, or the day that it is about."""
    if problem.record_id:
        return f"{problem.record_kind} {problem.record_id} {problem.path}".strip()
    about = problem.detail.get("role") or problem.detail.get("day") or problem.detail.get("currency")
    return str(about or "posting")
