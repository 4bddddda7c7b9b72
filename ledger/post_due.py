"""Posting, the shell: due records are read in bounded windows, tallied by the pure core, and written set by set.

Each window of whole business days is one transaction: its documents, and the standing of every record in it, commit
together or not at all. A crash loses nothing and a second run finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime
from typing import ClassVar, LiteralString, NamedTuple
from uuid import UUID

from msgspec import Struct
from psycopg.rows import TupleRow

from ledger import faultpoints, sql
from ledger.book import Book, decode_book
from ledger.closing import Context, close
from ledger.collector import no_collector
from ledger.commerce import decode
from ledger.post_rows import Batch, BookInForce, Run, earlier, write
from ledger.posting import Change, Tally
from ledger.settling import complete_refunds, settlements_of

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
KEPT_BOOKS = 2_000
WINDOW_RECORDS = 50_000  # a window closes at the end of the day in which it passes this


# One posting of a company at a time, and no delivery to its sources while a window is posted: a version that is
# overtaken between being read and being written would be in the documents and, for all that its row says, not in the
# books. A delivery waits for one window at most.
_HOLD: LiteralString = """
    SELECT EXISTS (SELECT FROM ledger_record record
                   WHERE record.source_id = source.id AND record.incomplete AND NOT record.superseded)
    FROM ledger_source source
    WHERE company_id = (SELECT id FROM ledger_company WHERE id = %s FOR NO KEY UPDATE)
    ORDER BY id FOR NO KEY UPDATE
"""


class NoBook(Exception):
    """The company has not said yet how its sales are to be kept."""


class PostingResult(Struct, frozen=True):
    """What a run of posting did. ``documents`` counts new documents, ``held`` and ``refused`` records kept out."""

    records: int = 0
    documents: int = 0
    held: int = 0
    refused: int = 0


def post_due(
    *, company_id: int, through: date, act: UUID, locked_through: date | None = None, since: date | None = None
) -> PostingResult:
    """Bring into the books everything that happened through business day ``through``. Safe to run again.

    ``act`` is the caller's id for this run; ``locked_through`` the last day closed at the accounting platform. What
    happened before ``since`` (or before the books begin) is left for another run.
    Raises `NoBook`.
    """
    total = PostingResult()
    floor: datetime | None = None
    while True:
        with sql.unit_of_work():
            held = sql.rows(_HOLD, (company_id,), keep_plan=True)
            faultpoints.reached("after_lock_day")
            books = _Books(company_id)
            book = books.in_force.book
            if floor is None:
                if any(has_incomplete for (has_incomplete,) in held):
                    complete_refunds(company_id)
                first = max(filter(None, (book.start_on, since)), default=None)
                floor = book.calendar.bounds(first)[0] if first else LONG_AGO
            end = book.calendar.bounds(through)[1]
            window = _window(company_id, book, floor, end)
            if window is None:
                return total
            total = _sum(total, _post_window(company_id, books, window, Run(through, act, locked_through)))
            faultpoints.reached("after_doc_row")
            floor = window.end
        if floor >= end:
            return total


class _Window(NamedTuple):
    """Whole business days, as instants [start, end)."""

    start: datetime
    end: datetime


class _Books:
    """The books that a posting meets: the one in force, and those under which records were posted before."""

    _known: ClassVar[dict[int, Book]] = {}  # versions are immutable, so a process may keep them

    def __init__(self, company_id: int) -> None:
        if len(self._known) >= KEPT_BOOKS:
            self._known.clear()
        found = sql.rows(
            """SELECT version.id, version.number, company.public_id, version.body FROM ledger_bookversion version
               JOIN ledger_company company ON company.id = version.company_id
               WHERE version.company_id = %s ORDER BY number DESC LIMIT 1""",
            (company_id,),
            keep_plan=True,
        )
        if not found:
            raise NoBook(f"company {company_id} has no book")
        version_id, number, company, body = found[0]
        self.in_force = BookInForce(version_id, company.hex, self._decoded(version_id, body))
        if number > 1:
            query = "SELECT id, body FROM ledger_bookversion WHERE company_id = %s AND id <> ALL(%s)"
            for former_id, former_body in sql.rows(query, (company_id, list(self._known))):
                self._decoded(former_id, former_body)

    def version(self, version_id: int) -> Book:
        """The book of a version. (All of the company's are here: the connection is busy when this is asked.)"""
        return self._known[version_id]

    def _decoded(self, version_id: int, body: bytes) -> Book:
        known = self._known.get(version_id)
        if known is None:
            known = self._known[version_id] = decode_book(bytes(body))
        return known


def _window(company_id: int, book: Book, floor: datetime, end: datetime) -> _Window | None:
    """The next window of whole business days with pending records, None when there are none.

    ``floor`` is the start of the books, then the end of the window before: what stayed pending below it was held or
    refused, and is not met again.
    """
    found = sql.rows(
        """(SELECT happened_at FROM ledger_standing
            WHERE company_id = %s AND state = 0 AND happened_at >= %s AND happened_at < %s
            ORDER BY happened_at LIMIT 1)
           UNION ALL
           (SELECT happened_at FROM ledger_standing
            WHERE company_id = %s AND state = 0 AND happened_at >= %s AND happened_at < %s
            ORDER BY happened_at OFFSET %s LIMIT 1)""",
        (company_id, floor, end, company_id, floor, end, WINDOW_RECORDS),
        keep_plan=True,
    )
    if not found:
        return None
    if len(found) == 1:
        return _Window(floor, end)
    return _Window(floor, min(end, book.calendar.bounds(book.calendar.day_of(found[1][0]))[1]))


# Of each pending version what it says, and what is in the books of it so far; parameters: company, from, before.
PENDING: LiteralString = """
    SELECT standing.record_id, record.kind, record.deleted, record.body,
        former.record_id, former.round, former.deleted, former.body, former.book_version_id
    FROM ledger_standing standing
    JOIN ledger_record record ON record.id = standing.record_id
    LEFT JOIN LATERAL (
        SELECT entered.record_id, entered.round, version.deleted, version.body, posting.book_version_id
        FROM ledger_record version
        JOIN ledger_standing entered ON entered.record_id = version.id AND entered.state = 1
        JOIN ledger_posting posting ON posting.id = entered.posting_id
        WHERE record.revision > 1 AND version.superseded AND version.source_id = record.source_id
            AND version.external_id = record.external_id AND version.kind = record.kind
        UNION ALL
        SELECT entered.record_id, entered.round, record.deleted, record.body, posting.book_version_id
        FROM ledger_standing entered
        JOIN ledger_posting posting ON posting.id = entered.posting_id
        WHERE standing.round > 0 AND entered.record_id = standing.record_id AND entered.state = 1
    ) former ON true
    WHERE standing.company_id = %s AND standing.state = 0
        AND standing.happened_at >= %s AND standing.happened_at < %s
    ORDER BY standing.happened_at
"""


def _post_window(company_id: int, books: _Books, window: _Window, run: Run) -> PostingResult:
    """Tally, close and write one window."""
    book = books.in_force.book
    tally = Tally(book, settlements_of(company_id, book) if book.mode == "per_payout" else None)
    # Closed here: a stream that an error leaves half read holds the connection, and the rollback would wait for ever.
    with no_collector(), closing(sql.stream(PENDING, (company_id, window.start, window.end))) as pending:
        batch = _tallied(tally, books, pending)
    context = Context(books.in_force.company, run.through, run.locked_through, *earlier(company_id, tally.sums.keys()))
    posted = close(tally, context)
    documents = write(company_id=company_id, version=books.in_force, posted=posted, batch=batch, run=run)
    return PostingResult(batch.count, documents, len(posted.held), len(posted.refused))


def _tallied(tally: Tally, books: _Books, pending: Iterable[TupleRow]) -> Batch:
    """Add all that is pending to ``tally``; what was read."""
    batch = Batch()
    for record_id, kind, deleted, body, former_id, former_round, former_deleted, former_body, former_version in pending:
        after = decode(kind, body, deleted=deleted)
        if former_id is None:
            tally.add(record_id, Change(after))
        else:
            before = decode(kind, former_body, deleted=former_deleted)
            batch.formers[record_id] = (former_id, former_round)
            tally.add(record_id, Change(after, before, books.version(former_version)))
        batch.count += 1
    return batch


def _sum(left: PostingResult, right: PostingResult) -> PostingResult:
    return PostingResult(
        left.records + right.records,
        left.documents + right.documents,
        left.held + right.held,
        left.refused + right.refused,
    )
