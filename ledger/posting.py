"""Posting, first half: what is true now minus what is already in the books, summed by group.

    changes ──expand──▶ legs ──Tally──▶ sums by group and slot        (ledger.closing goes on from here)

A `Change` says what a record was when it was last posted and what it is now. A new record has no ``before``, a deleted
one comes as `Deleted`, a re-run posts ``x − x``: nothing. Sums are linear, so the order of records does not matter,
two batches post what their union posts, and a late change posts its difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from ledger import adding_up
from ledger.book import Book
from ledger.commerce import KIND_OF, Deleted, Order, Record, Refund, happened_at
from ledger.legs import Group, Leg
from ledger.per_payout import Settlement, awaits_payout, by_payout
from ledger.problems import Detail, Problem
from ledger.rules import expand

Key = tuple[int, str, str, str, str, str, str]  # a Slot as a plain tuple: this dictionary is the hot path

# What keeps a record out without anything being wrong: its neighbors are not held for it.
_HOLDS_NOBODY: Final = frozenset({"awaiting_payout", "before_start"})


_BY_DAY = frozenset({"journal", "invoice"})


class Change(NamedTuple):
    """One record as it stands in the books (``before``, under ``before_book``) and as it is now (``after``)."""

    after: Record | None
    before: Record | None = None
    before_book: Book | None = None


class Tally:
    """The running sums of a posting: bounded by groups × slots, whatever the number of records.

    ``handle`` is any integer by which the caller knows the change. ``books[0]`` is the book in force; a book under
    which something was posted before gets an index of its own, because what is taken back leaves its old account.
    """

    def __init__(self, book: Book, settlements: Mapping[str, Settlement] | None = None) -> None:
        """``settlements``: id of a record → the payout that settles it, for books that post per payout."""
        self.books: list[Book] = [book]
        self.sums: dict[Group, dict[Key, int]] = {}
        self.handles: dict[Group, list[int]] = {}
        self.spanning: dict[int, frozenset[Group]] = {}
        self.refused: dict[int, Problem] = {}
        self.notices: dict[int, tuple[Problem, ...]] = {}
        self.blocked: dict[Group, Problem] = {}
        self._homes: dict[tuple[date, str], Group] = {}
        self._settlements = settlements or {}
        self._tolerance = book.policy.record_tolerance
        self._may_wait = book.mode == "per_payout" or book.start_on is not None

    @property
    def book(self) -> Book:
        """The book in force."""
        return self.books[0]

    def add(self, handle: int, change: Change) -> Problem | None:
        """Add one change; the Problem that keeps it out, if any (its former version then stays as posted)."""
        after, before = change.after, change.before
        if after is not None:
            problem = adding_up.check(after, self._tolerance)
            if problem is None and self._may_wait:
                problem = self._not_now(change)
            if problem is not None:
                self.refused[handle] = problem
                if self.book.policy.on_problem == "hold" and problem.code not in _HOLDS_NOBODY:
                    self.blocked.setdefault(self._quiet_group(change), problem)
                return problem
            if type(after) is Refund or self.book.policy.cost:
                found = tuple(adding_up.notices(after, self.book))
                if found:
                    self.notices[handle] = found
        groups: dict[Group, None] = {}
        if before is not None:
            self._add(before, self._version(change.before_book), -1, groups)
        if after is not None:
            self._add(after, 0, 1, groups)
        self._file(handle, groups or {self._quiet_group(change): None})
        return None

    def _file(self, handle: int, groups: dict[Group, None]) -> None:
        """Remember where the record went; one that touches several groups stands or falls with all of them."""
        for group in groups:
            self.sums.setdefault(group, {})
        self.handles.setdefault(next(iter(groups)), []).append(handle)
        if len(groups) > 1:
            self.spanning[handle] = frozenset(groups)

    def _quiet_group(self, change: Change) -> Group:
        """Where a record without legs is counted (an inquiry, a zero order): the day it happened on."""
        record = change.after or change.before
        if record is None:
            raise ValueError("a change needs a record before or after")
        return self._home(record, self.book, self.book.calendar.day_of(happened_at(record)))

    def _not_now(self, change: Change) -> Problem | None:
        """Why a record that is in order is still not posted: its payout is not known, or the book starts later."""
        book, record = self.book, change.after
        if record is None or isinstance(record, Deleted):
            return None
        kind = KIND_OF[type(record)]
        if book.mode == "per_payout" and awaits_payout(record, book) and record.id not in self._settlements:
            return Problem("awaiting_payout", kind, record.id)
        if book.start_on is not None and change.before is None:
            day = book.calendar.day_of(happened_at(record))
            if day < book.start_on:
                detail: Detail = {"day": day.isoformat(), "start": book.start_on.isoformat()}
                return Problem("before_start", kind, record.id, detail=detail)
        return None

    def _version(self, book: Book | None) -> int:
        if book is None or book is self.book:
            return 0
        for same in (lambda known: known is book, lambda known: known == book):
            for version, known in enumerate(self.books):
                if same(known):
                    return version
        self.books.append(book)
        return len(self.books) - 1

    def _home(self, record: Record, book: Book, day: date) -> Group:
        """The group of the record's first day; where the book splits nothing, the same one for all of a day."""
        group_by, mode = book.policy.group_by, book.mode
        if not group_by and mode in _BY_DAY:
            home = self._homes.get((day, record.currency))
            if home is None:
                home = self._homes[day, record.currency] = Group(day, record.currency)
            return home
        location = channel = party = ""
        if not isinstance(record, Deleted):
            location = record.location if "location" in group_by else ""
            channel = record.channel if "channel" in group_by else ""
            if mode == "per_order" and isinstance(record, Order | Refund):
                party = record.id
            elif mode == "per_payout" and record.id in self._settlements:
                party = self._settlements[record.id].payout_id
        return Group(day, record.currency, location, channel, party)

    def _legs(self, record: Record, book: Book) -> list[Leg]:
        legs = expand(record, book)
        settlement = self._settlements.get(record.id) if book.mode == "per_payout" else None
        return by_payout(legs, settlement) if settlement else legs

    def _add(self, record: Record, version: int, sign: int, groups: dict[Group, None]) -> None:
        book = self.books[version]
        legs = self._legs(record, book)
        if not legs:
            return
        location = channel = ""
        if book.tracking and not isinstance(record, Deleted):
            location, channel = record.location, record.channel
        day = legs[0].day
        home = self._home(record, book, day)
        groups[home] = None
        sums = self.sums.setdefault(home, {})
        for leg in legs:
            if leg.day is not day:
                day = leg.day
                group = home._replace(day=day)
                groups[group] = None
                sums = self.sums.setdefault(group, {})
            key = (version, leg.about, leg.role, leg.tax, leg.of, location, channel)
            sums[key] = sums.get(key, 0) + sign * leg.amount
