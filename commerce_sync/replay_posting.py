"""Posting again in memory: all that is in the books, summed by group and account, against what the documents hold.

Postings are differences between what is true and what was posted, so their documents sum to what the records in the
books say under the book versions by which they entered, whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, LiteralString

from ledger import sql
from ledger.book import Book, decode_book
from ledger.commerce import Record, decode
from ledger.legs import Slot
from ledger.per_payout import Settlement
from ledger.posting import Change, Tally
from ledger.settling import settlements_of

Place = tuple[date, str, str]  # day, currency, account

_IN_BOOKS: Final[LiteralString] = """
    SELECT record.id, record.kind, record.deleted, record.body, posting.book_version_id
    FROM ledger_standing standing
    JOIN ledger_record record ON record.id = standing.record_id
    JOIN ledger_posting posting ON posting.id = standing.posting_id
    WHERE standing.company_id = %s AND standing.state = 1
"""


def compare_posting(
    company_id: int, changed: Mapping[int, Record | None]
) -> tuple[int, list[tuple[date, str, str, int, int]]]:
    """How many records were posted again, and (day, currency, account, documents, now) where the sums differ.

    ``changed``: number of a version → the record that it would be today (None: none), in place of what is stored.
    """
    # All of them beforehand: the connection is taken while records stream.
    tallies = {version_id: Tally(book, _settlements(company_id, book)) for version_id, book in _books(company_id)}
    count = 0
    for number, kind, deleted, body, version_id in sql.stream(_IN_BOOKS, (company_id,)):
        count += 1
        record = changed[number] if number in changed else decode(kind, bytes(body), deleted=deleted)
        if record is not None:
            tallies[version_id].add(number, Change(record))
    now: dict[Place, int] = {}
    for tally in tallies.values():
        _add(tally, now)
    held = _held(company_id)
    places = sorted(place for place in now.keys() | held.keys() if now.get(place, 0) != held.get(place, 0))
    return count, [(*place, held.get(place, 0), now.get(place, 0)) for place in places]


def _add(tally: Tally, sums: dict[Place, int]) -> None:
    for group, slots in tally.sums.items():
        for key, amount in slots.items():
            account = tally.book.account(Slot._make(key).role, group.currency) or tally.book.suspense
            place = (group.day, group.currency, account)
            sums[place] = sums.get(place, 0) + amount


def _books(company_id: int) -> list[tuple[int, Book]]:
    found = sql.rows("SELECT id, body FROM ledger_bookversion WHERE company_id = %s", (company_id,))
    return [(version_id, decode_book(bytes(body))) for version_id, body in found]


def _settlements(company_id: int, book: Book) -> dict[str, Settlement] | None:
    return settlements_of(company_id, book) if book.mode == "per_payout" else None


def _held(company_id: int) -> dict[Place, int]:
    found = sql.rows(
        """SELECT posting.day, document.currency, line.account,
               sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint
           FROM ledger_document document
           JOIN ledger_posting posting ON posting.id = document.posting_id
           JOIN ledger_documentline line ON line.document_id = document.id
           WHERE document.company_id = %s AND document.withdrawn_at IS NULL
               AND document.voided_at IS NULL
           GROUP BY posting.day, document.currency, line.account""",
        (company_id,),
    )
    return {(day, currency, account): net for day, currency, account, net in found}
