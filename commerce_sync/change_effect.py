"""What a changed book would do to past days: each account as it is kept now, and as it would be. Nothing is written."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Final, NamedTuple

from msgspec import Struct, structs

from commerce_sync.document_lines import lines_of
from commerce_sync.preview import TooManyRecords, preview
from commerce_sync.preview_result import Preview
from ledger.book import Book
from ledger.models import Company

LONGEST: Final = timedelta(days=399)  # from the first day to the last
MOST_RECORDS: Final = 20_000  # more of them would keep a reader waiting


class Moved(NamedTuple):
    """An account of which something moves: net debits (minor units, credits below 0) as it is kept and as it would
    be."""

    account: str
    currency: str
    now: int
    then: int

    @property
    def debit(self) -> int:
        """What would be added on the debit side."""
        return max(self.then - self.now, 0)

    @property
    def credit(self) -> int:
        """What would be added on the credit side."""
        return max(self.now - self.then, 0)


class Rated(NamedTuple):
    """What is told at a tax code of the accounting software, as it is kept and as it would be: net credits in minor
    units, of the tax itself or (``is_tax`` False) of what it is on."""

    tax_code: str
    currency: str
    is_tax: bool
    now: int
    then: int


class Counted(NamedTuple):
    """How many documents of a kind there are, and would be."""

    kind: str
    now: int
    then: int


class ChangeEffect(Struct, frozen=True):
    """The effect on the business days ``first`` through ``last``. ``is_cut``: more were asked for than can be shown.

    ``unmoved`` counts the accounts that stay as they are; ``kept_out_now`` and ``kept_out_then`` the records that stay
    out of the books. ``is_complete``: as of `commerce_sync.preview_result.Preview`.
    """

    first: date
    last: date
    is_cut: bool
    records: int
    moved: list[Moved]
    unmoved: int
    rated: list[Rated]
    documents: list[Counted]
    kept_out_now: int
    kept_out_then: int
    is_complete: bool


def effect_of_change(
    company: Company, in_force: Book, candidate: Book, first: date, last: date, most: int = MOST_RECORDS
) -> ChangeEffect | None:
    """Both books over the same days: all of them, or the latest that hold at most `most` records; None when even the
    last day alone has more."""
    asked = max(first, last - LONGEST)
    begins = asked
    while True:
        try:
            now = preview(company, begins, last, "whole", candidate=in_force, most=most)
            then = preview(company, begins, last, "whole", candidate=_for_past(in_force, candidate), most=most)
        except TooManyRecords:
            if begins == last:
                return None
            begins = last - (last - begins) // 2 if (last - begins).days > 1 else last
            continue
        return _compared(now, then, is_cut=begins != first)


def _for_past(in_force: Book, candidate: Book) -> Book:
    """``candidate`` with a first day that takes nothing out: what is in the books of earlier days stays there."""
    if in_force.start_on is None or candidate.start_on is None:
        return structs.replace(candidate, start_on=None)
    return structs.replace(candidate, start_on=min(in_force.start_on, candidate.start_on))


def _compared(now: Preview, then: Preview, *, is_cut: bool) -> ChangeEffect:
    before, after = ({(e.account, e.currency): e.debit - e.credit for e in found.effects} for found in (now, then))
    keys = sorted(before.keys() | after.keys(), key=lambda key: (key[1], key[0]))
    rows = [Moved(*key, before.get(key, 0), after.get(key, 0)) for key in keys]
    moved = [row for row in rows if row.now != row.then]
    old, new = (Counter(each.document.kind for each in found.documents) for found in (now, then))
    counted = [Counted(kind, old[kind], new[kind]) for kind in sorted(old.keys() | new.keys())]
    return ChangeEffect(
        first=then.first,
        last=then.last,
        is_cut=is_cut,
        records=then.records,
        moved=moved,
        unmoved=len(rows) - len(moved),
        rated=_rated(now, then),
        documents=[each for each in counted if each.now != each.then],
        kept_out_now=now.refused + now.held,
        kept_out_then=then.refused + then.held,
        is_complete=now.is_complete and then.is_complete,
    )


def _rated(now: Preview, then: Preview) -> list[Rated]:
    old, new = _by_tax_code(now), _by_tax_code(then)
    keys = sorted(old.keys() | new.keys())
    return [
        Rated(code, currency, is_tax, old[currency, code, is_tax], new[currency, code, is_tax])
        for currency, code, is_tax in keys
        if old[currency, code, is_tax] != new[currency, code, is_tax]
    ]


def _by_tax_code(found: Preview) -> Counter[tuple[str, str, bool]]:
    sums: Counter[tuple[str, str, bool]] = Counter()
    for each in found.documents:
        for line in lines_of(each.document):
            if line.tax_code:
                is_tax = line.role.partition(":")[0] == "tax"
                sums[each.document.header.currency, line.tax_code, is_tax] += line.credit - line.debit
    return sums
