"""Documents explained: their text, their posting, the records that add up to them, what the platform has of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, LiteralString

from msgspec import Struct
from psycopg.rows import TupleRow

from ledger import sql
from ledger.book import Book, decode_book
from ledger.commerce import decode
from ledger.documents import decode_document
from ledger.legs import Group, Slot
from ledger.posting import Change, Tally
from ledger.render import render
from ledger.settling import settlements_of


class Delivery(Struct):
    """Where the document stands at the accounting platform. ``agrees`` None: not read back."""

    state: str
    platform: str = ""
    attempts: int = 0
    remote_id: str = ""
    url: str = ""
    bound_at: datetime | None = None
    agrees: bool | None = None
    failure: str = ""
    remedy: str = ""


class SourceLine(Struct):
    """A record's part of a posting: its effect on each account, minor units, debits positive."""

    number: int
    kind: str
    external_id: str
    page: int | None
    page_row: int | None
    accounts: dict[str, int]


class DocumentChain(Struct):
    """A document with its posting and delivery. ``text`` is the document as an accountant writes it."""

    id: int
    reference: str
    key: str
    kind: str
    company_id: int
    company: str
    dated: date
    currency: str
    text: str
    posting_id: int
    day: date
    label: str
    revision: int
    book_version: int
    act: str
    is_withdrawn: bool
    delivery: Delivery
    accounts: frozenset[str] = frozenset()


class Sources(Struct):
    """The records of a posting. ``adds_up``: account by account they are what the posting's documents hold."""

    lines: list[SourceLine]
    adds_up: bool


_DOCUMENTS: Final[LiteralString] = """
    SELECT document.id, document.reference, document.key, document.kind, company.id, company.name, document.date,
        document.currency, document.body, posting.id, posting.day, posting.label, posting.revision, version.number,
        posting.act::text, document.withdrawn_at IS NOT NULL
    FROM ledger_document document
    JOIN ledger_posting posting ON posting.id = document.posting_id
    JOIN ledger_bookversion version ON version.id = posting.book_version_id
    JOIN ledger_company company ON company.id = document.company_id
"""


def document_chain(document_id: int) -> DocumentChain:
    """The chain of one document. Raises ``LookupError``."""
    found = sql.rows(_DOCUMENTS + "WHERE document.id = %s", (document_id,))
    if not found:
        raise LookupError(f"there is no document {document_id}")
    return _chain(found[0], account_names(found[0][4]))


def documents_of_posting(posting_id: int, days: Sequence[date] = ()) -> list[DocumentChain]:
    """The documents of a posting, and those of the same run on ``days``: a record that spans days has legs there."""
    where = """WHERE posting.id = %s OR (posting.day = ANY(%s) AND (posting.company_id, posting.act, posting.currency) =
        (SELECT company_id, act, currency FROM ledger_posting WHERE id = %s))
        ORDER BY posting.id <> %s, document.id LIMIT 200"""
    found = sql.rows(_DOCUMENTS + where, (posting_id, list(days), posting_id, posting_id))
    names = account_names(found[0][4]) if found else {}
    return [_chain(row, names) for row in found]


def _chain(row: tuple[Any, ...], names: Mapping[str, str]) -> DocumentChain:
    document = decode_document(bytes(row[8]))
    accounts = frozenset(entry.account for entry in document.entries())
    facts: tuple[Any, ...] = (*row[:8], render(document, names), *row[9:], _delivery(row[0]), accounts)
    return DocumentChain(*facts)


def _delivery(document_id: int) -> Delivery:
    found = sql.rows(
        """SELECT item.state, link.platform, item.attempts, coalesce(binding.remote_id, ''), coalesce(binding.url, ''),
               binding.bound_at, binding.agrees, item.failure_sentence, item.failure_remedy
           FROM connectors_pushitem item
           JOIN connectors_connection link ON link.id = item.connection_id
           LEFT JOIN connectors_binding binding ON binding.document_id = item.document_id
               AND binding.connection_id = item.connection_id
           WHERE item.document_id = %s""",
        (document_id,),
    )
    return Delivery(*found[0]) if found else Delivery("not prepared yet")


def account_names(company_id: int) -> dict[str, str]:
    """Account id → "code name", as the company's accounting connections know them."""
    found = sql.rows(
        """SELECT account.code, account.code || ' ' || account.name FROM books_account account
           JOIN connectors_connection link ON link.id = account.connection_id WHERE link.company_id = %s
           UNION SELECT option.external_id, trim(option.code || ' ' || option.name) FROM connectors_option option
           JOIN connectors_connection link ON link.id = option.connection_id
           WHERE link.company_id = %s AND option.kind = 'account'""",
        (company_id, company_id),
    )
    return dict(found)


# All records of the run that made the posting: one that spans days is filed under its first day alone.
_SOURCES: Final[LiteralString] = """
    SELECT record.id, record.kind, record.external_id, record.page, record.page_row, record.deleted, record.body,
        former.deleted, former.body, former.book
    FROM ledger_posting target
    JOIN ledger_posting posting ON posting.company_id = target.company_id AND posting.act = target.act
    JOIN ledger_standing standing ON standing.posting_id = posting.id
    JOIN ledger_record record ON record.id = standing.record_id
    LEFT JOIN LATERAL (
        SELECT version.deleted, version.body, book.body AS book
        FROM ledger_record version
        JOIN ledger_standing gone ON gone.record_id = version.id AND gone.left_by_id = posting.id
        JOIN ledger_posting entered ON entered.id = gone.posting_id
        JOIN ledger_bookversion book ON book.id = entered.book_version_id
        WHERE (record.revision > 1 OR standing.round > 0) AND version.source_id = record.source_id
            AND version.external_id = record.external_id AND version.kind = record.kind
    ) former ON true
    WHERE target.id = %s
"""


def sources_of(posting_id: int) -> Sources:
    """The records that add up to a posting's documents, by posting them again in memory one by one."""
    lines = _posted_again(posting_id, sql.rows(_SOURCES + "ORDER BY record.id", (posting_id,)))
    totals: dict[str, int] = {}
    for line in lines:
        for account, amount in line.accounts.items():
            totals[account] = totals.get(account, 0) + amount
    return Sources(lines, {a: n for a, n in totals.items() if n} == _held(posting_id))


def filed_under(posting_id: int, offset: int, limit: int) -> list[SourceLine]:
    """Some of the records that are filed under a posting; those that span days may be filed under another one."""
    found = sql.rows(
        _SOURCES + "AND posting.id = target.id ORDER BY record.id OFFSET %s LIMIT %s", (posting_id, offset, limit)
    )
    return _posted_again(posting_id, found)


def _posted_again(posting_id: int, records: Iterable[TupleRow]) -> list[SourceLine]:
    """What each of `records` adds to the posting; those that add nothing are left out."""
    company_id, day, currency, label, body = sql.rows(
        """SELECT posting.company_id, posting.day, posting.currency, posting.label, version.body
           FROM ledger_posting posting JOIN ledger_bookversion version ON version.id = posting.book_version_id
           WHERE posting.id = %s""",
        (posting_id,),
    )[0]
    book = decode_book(bytes(body))
    settlements = settlements_of(company_id, book) if book.mode == "per_payout" else None
    lines: list[SourceLine] = []
    for number, kind, external_id, page, row, deleted, body, *former in records:
        tally = Tally(book, settlements)
        before = decode(kind, bytes(former[1]), deleted=former[0]) if former[1] is not None else None
        before_book = decode_book(bytes(former[2])) if former[2] is not None else None
        tally.add(number, Change(decode(kind, bytes(body), deleted=deleted), before, before_book))
        touched = [group for group in tally.sums if (group.day, group.currency, group.label) == (day, currency, label)]
        if touched:
            lines.append(SourceLine(number, kind, external_id, page, row, _on_accounts(tally, touched)))
    return lines


def _on_accounts(tally: Tally, groups: list[Group]) -> dict[str, int]:
    found: dict[str, int] = {}
    for group in groups:
        for key, amount in tally.sums[group].items():
            slot = Slot._make(key)
            book: Book = tally.books[slot.version]
            account = book.account(slot.role, group.currency) or book.suspense
            found[account] = found.get(account, 0) + amount
    return {account: amount for account, amount in found.items() if amount}


def _held(posting_id: int) -> dict[str, int]:
    found = sql.rows(
        """SELECT line.account, sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint AS net
           FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id
           WHERE document.posting_id = %s GROUP BY line.account""",
        (posting_id,),
    )
    return {account: net for account, net in found if net}
