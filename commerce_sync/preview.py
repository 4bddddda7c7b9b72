"""A preview: the documents that posting a period would make and what they do to each account. Nothing is written.

Two views of the same records: ``change`` is what the next sync would post, the difference to what is in the books;
``whole`` is what the period looks like under the book in force, as if nothing were in the books. A record belongs to
the period in which the last thing happened that it tells of, as in a sync, so that a change may touch earlier days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import chain
from typing import Final

from django.db import connection as database
from django.db import transaction

from commerce_sync import preview_rows
from commerce_sync.preview_result import Circumstances, Lock, Preview, View, as_preview
from commerce_sync.preview_rows import Scope, Stored
from commerce_sync.schedule import through_day
from connectors import registry
from connectors.models import Connection
from connectors.session import Session
from ledger import sql
from ledger.book import Book, decode_book
from ledger.closing import Context, close
from ledger.commerce import Refund
from ledger.models import Company
from ledger.post_due import NoBook
from ledger.post_rows import Earlier, earlier
from ledger.posting import Change, Tally
from ledger.services import now
from ledger.settling import settlements_of

MOST_RECORDS: Final = 50_000


class TooManyRecords(Exception):
    """The period holds more records than one preview reads."""


@contextmanager
def nothing_written() -> Iterator[None]:
    """A transaction, or part of the open one, in which PostgreSQL refuses every write, and which is rolled back."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            transaction.set_rollback(True)


def preview(
    company: Company,
    first: date,
    last: date,
    view: View,
    *,
    candidate: Book | None = None,
    most: int | None = None,
) -> Preview:
    """What posting the business days `first` through `last` would do, which hold at most `most` records
    (`MOST_RECORDS`).

    Under the book in force, or under a `candidate` that nobody has put in force. Raises `NoBook` and `TooManyRecords`.
    """
    most = MOST_RECORDS if most is None else most
    with nothing_written():
        version = company.book_versions.order_by("-number").first()
        book = candidate or (version.book if version else None)
        if book is None:
            raise NoBook(f"company {company.pk} has no book")
        scope = Scope(company.pk, first, last, book.calendar.bounds(first)[0], book.calendar.bounds(last)[1])
        tally = Tally(book, settlements_of(company.pk, book) if book.mode == "per_payout" else None)
        is_complete = True
        if view == "change":
            _add_changes(tally, scope, most)
            before = earlier(company.pk, tally.sums.keys())
        else:
            is_complete = _add_whole(tally, scope, most)
            before = Earlier({}, {})
        lock = _lock(company)
        through = through_day(book.calendar, "request", now())
        posted = close(tally, Context(company.public_id.hex, through, lock.through, *before))
        made = Circumstances(view, version.number if version else 0, is_complete, lock)
        return as_preview(tally, posted, scope, made)


def _add_changes(tally: Tally, scope: Scope, most: int) -> None:
    """Add what waits, minus what is in the books of it."""
    _refuse_beyond(preview_rows.count_pending(scope, most), most)
    books = _books(scope.company_id, tally.book)
    completed = preview_rows.completed_refunds(scope.company_id)
    again = preview_rows.posted_versions(scope, list(completed))
    counted = {each.number for each in again}
    waiting = (each for each in preview_rows.pending(scope) if each.number not in counted)
    _add(tally, chain(again, waiting), completed, books)


def _add_whole(tally: Tally, scope: Scope, most: int) -> bool:
    """Add all that is true now, as if nothing were in the books; whether that is all of it."""
    postings = preview_rows.runs_of(scope)
    count = preview_rows.count_posted(postings, most)
    is_complete = count <= most
    if not is_complete:
        postings = preview_rows.postings_of(scope)
        count = preview_rows.count_posted(postings, most)
    _refuse_beyond(count + preview_rows.count_pending(scope, most), most)
    completed = preview_rows.completed_refunds(scope.company_id)
    _add(tally, preview_rows.all_current(scope, postings), completed, {})
    return is_complete


def _add(tally: Tally, found: Iterable[Stored], completed: Mapping[int, Refund], books: Mapping[int, Book]) -> None:
    for each in found:
        after = completed.get(each.number, each.record)
        before_book = None if each.former_book is None else books[each.former_book]
        tally.add(each.number, Change(after, each.former, before_book))


def _refuse_beyond(count: int, most: int) -> None:
    if count > most:
        raise TooManyRecords(f"more than {most:,} records")


def _books(company_id: int, in_force: Book) -> dict[int, Book]:
    """Id → book of every version; the one in force is the very object that the tally has."""
    found = sql.rows("SELECT id, body FROM ledger_bookversion WHERE company_id = %s", (company_id,))
    books = {version_id: decode_book(bytes(body)) for version_id, body in found}
    return {version_id: in_force if book == in_force else book for version_id, book in books.items()}


def _lock(company: Company) -> Lock:
    """What is closed in the accounting software, where that can be known without calling the outside."""
    link = Connection.objects.filter(company=company, kind="accounting", status=Connection.Status.LINKED).first()
    if link is None or not registry.accounting(link.platform).local:
        return Lock(None, link is None)
    facts = registry.accounting(link.platform).facts(Session(link.pk, company.pk, link.settings))
    return Lock(facts.lock_through, True)
