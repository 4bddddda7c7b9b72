"""Reconciliation: what the sales systems state, what the documents hold, what the books say when they are read back.

Per company, business day and currency. The sums are made in SQL from the stored records and documents alone; no line of
the posting's own code is used, so that what is wrong there shows here. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec import Struct

from commerce_sync.reconcile_sql import DELIVERED, STATED, delivered_parameters, stated_parameters
from ledger import sql
from ledger.book import MONEY_ROLES, Book, decode_book

TOPICS: Final = ("sales", "refunds", "fees", "payouts", "disputes", "gift cards", "cash")


class Amounts(Struct):
    """One topic of one day: what the records state, and what the documents hold of it."""

    stated: int = 0
    documents: int = 0

    @property
    def difference(self) -> int:
        """Documents less stated."""
        return self.documents - self.stated


class DayTotals(Struct):
    """One company, business day and currency. ``day`` None: all days together, for books that post per payout, where
    the day of a record is that of its payout.

    ``records`` are in the books; ``debits`` is the sum of the debits of the day's documents, ``read_back`` the same of
    what the accounting platform answered (None: not everything has been read back); ``undelivered`` documents are not
    there yet. ``incomparable`` names topics that cannot be told apart in the documents of this book.
    """

    company_id: int
    day: date | None
    currency: str
    records: int = 0
    topics: dict[str, Amounts] = {}
    documents: int = 0
    debits: int = 0
    read_back: int | None = None
    disagreeing: int = 0
    undelivered: int = 0
    incomparable: frozenset[str] = frozenset()

    @property
    def differences(self) -> dict[str, Amounts]:
        """The topics whose amounts differ."""
        return {
            topic: amounts
            for topic, amounts in self.topics.items()
            if amounts.difference and topic not in self.incomparable
        }

    @property
    def off(self) -> int:
        """By how much the day is off in all: between records and documents, and between documents and books."""
        between = sum(abs(amounts.difference) for amounts in self.differences.values())
        return between + (abs(self.debits - self.read_back) if self.read_back is not None else 0)

    @property
    def is_reconciled(self) -> bool:
        """Everything that is in the books is there to the unit, and reads back the same."""
        return not self.off and not self.disagreeing


def reconcile(company_id: int | None = None, *, first: date | None = None, last: date | None = None) -> list[DayTotals]:
    """The days of a company, or of all (None), by company, day and currency; a day without a posting has none.

    Reads all that is in the books: cost grows with the records of the companies asked for. Of one company also only
    the business days from ``first`` through ``last``, at the cost of the runs that posted them; books that post per
    payout have no days to choose from and are read whole.
    """
    if first is not None and (company_id is None or last is None):
        raise ValueError("a range is of one company and has two ends")
    books = _books(company_id)
    if any(book.mode == "per_payout" for _, book in books):
        first = last = None
    days: dict[tuple[int, date | None, str], DayTotals] = {}
    incomparable = _incomparable(books)

    def totals(company: int, day: date | None, currency: str) -> DayTotals:
        key = (company, day, currency)
        if key not in days:
            hidden = incomparable.get(company, frozenset())
            days[key] = DayTotals(company, day, currency, incomparable=hidden)
        return days[key]

    for company, day, currency, topic, records, stated, held in sql.rows(
        STATED, stated_parameters(company_id, first, last)
    ):
        found = totals(company, day, currency)
        found.records += records
        if topic:
            found.topics[topic] = Amounts(stated, held)
    for company, day, currency, documents, debits, read_back, unread, disagreeing, undelivered in sql.rows(
        DELIVERED, delivered_parameters(company_id, first, last)
    ):
        found = totals(company, day, currency)
        found.documents, found.debits, found.disagreeing, found.undelivered = (
            documents,
            debits,
            disagreeing,
            undelivered,
        )
        found.read_back = None if unread else read_back
    return sorted(days.values(), key=lambda each: (each.company_id, each.day or date.min, each.currency))


def _books(company_id: int | None) -> list[tuple[int, Book]]:
    """(company, book) of every version."""
    found = sql.rows(
        "SELECT company_id, body FROM ledger_bookversion WHERE %s::bigint IS NULL OR company_id = %s",
        (company_id, company_id),
    )
    return [(company, decode_book(bytes(body))) for company, body in found]


def _incomparable(books: Iterable[tuple[int, Book]]) -> dict[int, frozenset[str]]:
    """Company → topics that its books mix with others. A journal has one line per money account: where payouts and
    takings share one, only their sum is left. A single-purpose voucher pays part of the tax, which is then no sale."""
    found: dict[int, frozenset[str]] = {}
    for company, book in books:
        hidden = frozenset(mixed_topics(book))
        if hidden:
            found[company] = found.get(company, frozenset()) | hidden
    return found


def mixed_topics(book: Book) -> Iterable[str]:
    """Topics that a book mixes with others in its documents."""
    money = {name: account for name, account in book.accounts.items() if _head(name) in MONEY_ROLES}
    banks = {account for name, account in money.items() if _head(name) == "bank"}
    others = {account for name, account in money.items() if _head(name) != "bank"} | {book.suspense}
    if not banks or banks & others:
        yield "payouts"
    if book.policy.voucher == "single_purpose":
        yield from ("sales", "refunds")


def _head(role: str) -> str:
    return role.partition("@")[0].partition(":")[0]
