"""The four totals of business days: what the source states, what records, documents and the accounting software have.

Per company, day, currency and role. Roles are the topics of `commerce_sync.reconcile.TOPICS`, and the accounts of
taxes, of money on its way and of gift cards ("tax 2200"); all other accounts have documents and books only. Where
several rates of tax share an account, each of them is a role, too ("rate vat20"). Amounts are minor units, in the
direction in which people name them: what was sold, taxed, owed on cards is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct, field

from commerce_sync import reconcile_day_sql as statements
from commerce_sync.reconcile import mixed_topics
from commerce_sync.reconcile_parts import COMPARED, TAX, TENDER, Terms, shared_accounts
from commerce_sync.reconcile_records import Bucket, Lost, RecordSums
from ledger import sql
from ledger.book import Book, decode_book
from ledger.collector import no_collector

RATE: Final = "rate"
ACCOUNT: Final = "account"  # the head of roles that are accounts of documents and books alone


class Four(Struct, array_like=True):
    """The four totals of one role; None: it says nothing of that."""

    stated: int | None = None
    records: int | None = None
    documents: int | None = None
    books: int | None = None


class DaySums(Struct):
    """One company, business day and currency. ``day`` None: all days together, for books that post per payout.

    ``off`` is, by account, what the accounting software has beyond our documents, without what is drift of single
    documents; ``taxes`` names the rates on each tax account.
    """

    company_id: int
    day: date | None
    currency: str
    roles: dict[str, Four] = field(default_factory=dict)
    records: int = 0
    documents: int = 0
    undelivered: int = 0
    unread: int = 0
    disagreeing: int = 0
    off: dict[str, int] = field(default_factory=dict)
    lost: dict[str, list[Lost]] = field(default_factory=dict)
    taxes: dict[str, list[str]] = field(default_factory=dict)
    incomparable: list[str] = field(default_factory=list)


Asked = Sequence[tuple[int, date]]


def sum_days(asked: Asked) -> list[DaySums]:
    """The totals of (company, business day), whatever the number of companies in a constant number of statements and
    one for each forty raw pages. A day without a posting has none. Of books that post per payout all days are
    one: their companies must be asked for all of their days.

    Reads the records and raw pages of the runs that posted these days: a long history is asked for in parts.
    """
    if not asked:
        return []
    with no_collector(), sql.unit_of_work():
        summing = _Summing(asked)
        summing.add_records()
        summing.add_documents()
    return summing.found()


class _Summing:
    """The sums on their way."""

    def __init__(self, asked: Asked) -> None:
        self.parameters = {"companies": [company for company, _ in asked], "days": [day for _, day in asked]}
        self.wanted = frozenset(asked)
        self.terms: dict[int, Terms] = {}
        self.company: dict[int, int] = {}
        self.dayless: set[int] = set()
        self.incomparable: dict[int, list[str]] = {}
        self.heads: dict[tuple[int, str], str] = {}
        self.sums: dict[tuple[int, date | None, str], DaySums] = {}
        self._read_books()

    def _read_books(self) -> None:
        books: dict[int, list[tuple[int, Book]]] = {}
        companies = sorted({company for company, _ in self.wanted})
        for version, company, body in sql.rows(statements.BOOKS, (companies,)):
            books.setdefault(company, []).append((version, decode_book(bytes(body))))
        for company, own in books.items():
            shared = shared_accounts([book for _, book in own])
            for version, book in own:
                self.terms[version] = terms = Terms(book, shared)
                self.company[version] = company
                self.heads |= {(company, account): head for account, head in terms.heads.items()}
            if any(book.mode == "per_payout" for _, book in own):
                self.dayless.add(company)
            self.incomparable[company] = sorted({topic for _, book in own for topic in mixed_topics(book)})

    def _of(self, company: int, day: date | None, currency: str) -> DaySums:
        key = (company, None if company in self.dayless else day, currency)
        found = self.sums.get(key)
        if found is None:
            found = self.sums[key] = DaySums(*key, incomparable=self.incomparable.get(company, []))
        return found

    def add_records(self) -> None:
        """What records add up to, and what their raw rows state."""
        sums = RecordSums(self.terms)
        sums.add(self.parameters)
        days = sums.days()
        for (version, currency, at), bucket in sums.buckets.items():
            company, day = self.company[version], days[version, at]
            if (company, day) in self.wanted or company in self.dayless:
                _add(self._of(company, day, currency), bucket, self.terms[version])

    def add_documents(self) -> None:
        """What documents hold, and what the accounting software has of them."""
        for company, day, currency, topic, account, amount in sql.rows_named(statements.TOPICS, self.parameters):
            sums = self._of(company, day, currency)
            if account is None:
                role = topic
            elif self.heads.get((company, account)) == TAX:
                role = _rate(sums, account, topic)
            else:
                continue
            if role:
                four = _role(sums, role)
                four.documents = (four.documents or 0) + amount
        for company, day, currency, *counts in sql.rows_named(statements.DOCUMENTS, self.parameters):
            sums = self._of(company, day, currency)
            sums.documents += counts[0]
            sums.undelivered += counts[1]
            sums.unread += counts[2]
            sums.disagreeing += counts[3]
        for company, day, currency, account, _debits, ours, theirs, off in sql.rows_named(
            statements.ACCOUNTS, self.parameters
        ):
            sums = self._of(company, day, currency)
            role, sign = self._role_of(company, account)
            four = _role(sums, role)
            four.documents = (four.documents or 0) + sign * ours
            four.books = (four.books or 0) + sign * theirs
            if off:
                sums.off[account] = sums.off.get(account, 0) + off

    def _role_of(self, company: int, account: str) -> tuple[str, int]:
        """The role whose account this is, and the sign in which people name it."""
        head = self.heads.get((company, account), ACCOUNT)
        return f"{head} {account}", 1 if head in (ACCOUNT, TENDER) else -1

    def found(self) -> list[DaySums]:
        """All sums, by company, day and currency."""
        for sums in self.sums.values():
            _complete(sums)
        return sorted(self.sums.values(), key=lambda each: (each.company_id, each.day or date.min, each.currency))


def _add(sums: DaySums, bucket: Bucket, terms: Terms) -> None:
    """The records of a quarter of an hour, on their day."""
    sums.records += bucket.records
    for topic, amount in bucket.amounts():
        four = _role(sums, topic)
        four.records = (four.records or 0) + amount
    for topic, lost in bucket.lost.items():
        four = _role(sums, topic)
        four.stated = (four.stated or 0) + sum([each.stated - each.held for each in lost])
        if lost:
            sums.lost.setdefault(topic, []).extend(lost)
    for role, amount in bucket.by_role():
        account = terms.account(role, sums.currency)
        if account:
            head, _, key = role.partition(":")
            four = _role(sums, f"{head} {account}")
            four.records = (four.records or 0) + (amount if head == TENDER else -amount)
            if head == TAX:
                four = _role(sums, _rate(sums, account, key))
                four.records = (four.records or 0) - amount


def _complete(sums: DaySums) -> None:
    """What is compared has both of its sides, and what was not read back has none there. A topic has no account of its
    own: it reads back as it was sent when all documents do."""
    _drop_lone_rates(sums)
    for role, four in sums.roles.items():
        head = role.partition(" ")[0]
        if head != ACCOUNT:
            four.records, four.documents = four.records or 0, four.documents or 0
        if four.stated is not None:
            four.stated += four.records or 0
        if sums.unread:
            four.books = None
        elif head in (ACCOUNT, *COMPARED):
            four.books = four.books or 0
        elif not sums.disagreeing:
            four.books = four.documents


def _rate(sums: DaySums, account: str, key: str) -> str:
    """The role of a rate of tax, which is noted as one of its account."""
    named = sums.taxes.setdefault(account, [])
    if key not in named:
        named.append(key)
    return f"{RATE} {key}"


def _drop_lone_rates(sums: DaySums) -> None:
    """A rate with an account of its own is compared as that account is. Where a document does not say which rates it
    has (those of former versions did not), the account is all that can be compared."""
    for account, keys in sums.taxes.items():
        if len(keys) == 1 or "" in keys:
            for key in keys:
                sums.roles.pop(f"{RATE} {key}", None)
        sums.taxes[account] = [key for key in keys if key]


def _role(sums: DaySums, role: str) -> Four:
    four = sums.roles.get(role)
    if four is None:
        four = sums.roles[role] = Four()
    return four
