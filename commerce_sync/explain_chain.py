"""The chain from raw payload to binding, as values: raw → versions → standings → legs → documents → delivery.

Amounts are minor units of the currency beside them, debits positive.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from commerce_sync.explain_documents import DocumentChain, documents_of_posting
from commerce_sync.raw_rows import RawPage, raw_page
from ledger import sql
from ledger.book import Book, decode_book
from ledger.commerce import Record, decode
from ledger.models import Standing
from ledger.problems import Problem
from ledger.rules import expand

_STATES: Final = {state.value: state.label.lower() for state in Standing.State}


class RawRow(Struct):
    """Where a version came from. ``payload`` is the row as it was sent; "" with ``absent`` saying why."""

    page: int | None
    row: int | None
    dataset: str = ""
    received_at: datetime | None = None
    payload: msgspec.Raw = msgspec.Raw(b"null")
    absent: str = ""


class LegLine(Struct):
    """One leg on its account ("" where the book maps none)."""

    day: date
    about: str
    role: str
    account: str
    amount: int
    tax: str = ""

    @property
    def credit(self) -> int:
        """The amount, if it is a credit, as a positive number."""
        return max(-self.amount, 0)


class Stand(Struct):
    """One standing of a version. ``documents`` are the references of its posting's documents."""

    round: int
    state: str
    posting_id: int | None = None
    posted: str = ""
    book_version: int | None = None
    left_by: str = ""


class Version(Struct):
    """One stored version of the record, with its way into the books."""

    number: int
    revision: int
    is_current: bool
    is_deleted: bool
    updated_at: datetime
    received_at: datetime
    digest: str
    raw: RawRow
    canonical: msgspec.Raw
    standings: list[Stand]
    legs: list[LegLine]
    legs_under: str
    problems: list[str]
    erased_at: datetime | None = None


class RecordChain(Struct):
    """A record with all its versions, and the documents that hold it."""

    kind: str
    external_id: str
    company_id: int
    company: str
    source: str
    currency: str
    total: int
    versions: list[Version]
    documents: list[DocumentChain]


def record_chain(record_id: int) -> RecordChain:
    """The chain of a record, by the number of any of its versions. Raises ``LookupError`` for an unknown number."""
    found = sql.rows(
        """SELECT record.source_id, record.kind, record.external_id, company.id, company.name, source.label
           FROM ledger_record record JOIN ledger_source source ON source.id = record.source_id
           JOIN ledger_company company ON company.id = source.company_id WHERE record.id = %s""",
        (record_id,),
    )
    if not found:
        raise LookupError(f"there is no record #{record_id}")
    source_id, kind, external_id, company_id, company, source = found[0]
    books = _books(company_id)
    rows = sql.rows(
        """SELECT id, revision, superseded, deleted, updated_at, received_at, digest, page, page_row, body, currency,
               total, erased_at
           FROM ledger_record WHERE source_id = %s AND kind = %s AND external_id = %s ORDER BY revision""",
        (source_id, kind, external_id),
    )
    versions = [_version(kind, row, books) for row in rows]
    postings = {stand.posting_id for each in versions for stand in each.standings if stand.posting_id}
    # Of versions that never got into the books nothing is in a document.
    posted = [leg for each in versions for leg in each.legs if any(stand.posting_id for stand in each.standings)]
    accounts, days = {leg.account for leg in posted}, list({leg.day for leg in posted})
    chains = {
        chain.id: chain
        for posting_id in sorted(postings)
        for chain in documents_of_posting(posting_id, days)
        if accounts & chain.accounts
    }
    documents = list(chains.values())
    currency, total = rows[-1][10], rows[-1][11]
    return RecordChain(kind, external_id, company_id, company, source, currency, total, versions, documents)


def _version(kind: str, row: tuple[Any, ...], books: dict[int, Book]) -> Version:
    number, revision, superseded, deleted, updated_at, received_at, digest, page, page_row, body, *_ = row
    record = decode(kind, bytes(body), deleted=deleted)  # type: ignore[arg-type]
    standings = _standings(number)
    under = next((stand.book_version for stand in reversed(standings) if stand.book_version), None)
    legs: list[LegLine] = []
    if books:
        legs = legs_of(record, books[under if under is not None else max(books)])
    words = f"book version {under}" if under else f"book version {max(books)}, not posted" if books else "no book yet"
    return Version(
        number=number,
        revision=revision,
        is_current=not superseded,
        is_deleted=bool(deleted),
        updated_at=updated_at,
        received_at=received_at,
        digest=bytes(digest).hex(),
        raw=raw_row(page, page_row),
        canonical=msgspec.Raw(bytes(body)),
        standings=standings,
        legs=legs,
        legs_under=words,
        problems=_problems(number),
        erased_at=row[12],
    )


def raw_row(page_id: int | None, place: int | None) -> RawRow:
    """The raw row at ``place`` of a page."""
    return row_of(None if page_id is None else raw_page(page_id), page_id, place)


def row_of(page: RawPage | None, page_id: int | None, place: int | None) -> RawRow:
    """The row at ``place`` of a page that was read already: None when there is no such page."""
    if page_id is None or place is None:
        return RawRow(page_id, place, absent="this version came without a page")
    if page is None:
        return RawRow(page_id, place, absent="the page is gone")
    where = RawRow(page_id, place, page.dataset, page.received_at)
    if page.rows is None:
        where.absent = "the page was purged; the record and the books are untouched by that"
    elif place >= len(page.rows):
        where.absent = f"the page has {len(page.rows)} rows"
    else:
        where.payload = msgspec.Raw(page.rows[place])
    return where


def _books(company_id: int) -> dict[int, Book]:
    """Number → book of every version."""
    found = sql.rows("SELECT number, body FROM ledger_bookversion WHERE company_id = %s", (company_id,))
    return {number: decode_book(bytes(body)) for number, body in found}


def _standings(number: int) -> list[Stand]:
    found = sql.rows(
        """SELECT standing.round, standing.state, posting.id, posting.day, posting.currency, posting.label,
               posting.revision, version.number, gone.day, gone.label, gone.revision
           FROM ledger_standing standing
           LEFT JOIN ledger_posting posting ON posting.id = standing.posting_id
           LEFT JOIN ledger_bookversion version ON version.id = posting.book_version_id
           LEFT JOIN ledger_posting gone ON gone.id = standing.left_by_id
           WHERE standing.record_id = %s ORDER BY standing.round""",
        (number,),
    )
    return [
        Stand(
            round=row[0],
            state=_STATES[row[1]],
            posting_id=row[2],
            posted=f"{row[3]} {row[4]}{_label(row[5])}, revision {row[6]}" if row[2] else "",
            book_version=row[7],
            left_by=f"{row[8]}{_label(row[9])}, revision {row[10]}" if row[8] else "",
        )
        for row in found
    ]


def _label(label: str) -> str:
    return f" {label}" if label else ""


def legs_of(record: Record, book: Book) -> list[LegLine]:
    """The legs of a record on their accounts."""
    return [
        LegLine(
            leg.day,
            leg.about,
            leg.role,
            book.account(leg.role, record.currency) or book.suspense,
            leg.amount,
            leg.tax,
        )
        for leg in expand(record, book)
        if leg.amount
    ]


def _problems(number: int) -> list[str]:
    found = sql.rows(
        "SELECT code, path, detail::text FROM ledger_problem WHERE record_id = %s AND resolved_at IS NULL ORDER BY id",
        (number,),
    )
    return [Problem(code, path=path, detail=msgspec.json.decode(detail)).sentence for code, path, detail in found]
