"""What records add up to, day by day, and what their raw rows state: one pass over the records, one over their pages.

The records stream through while PostgreSQL reads on, and each is at once summed into the quarter of an hour in which it
happened, because business days begin at quarters; the days are asked for afterwards. A sale as most are (completed,
paid at once, no gift cards, no marketplace) is summed right here; all others by `reconcile_parts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from commerce_sync import reconcile_day_sql as statements
from commerce_sync import reconcile_shapes as shapes
from commerce_sync.reconcile_parts import Terms, Told, clearing, tell
from commerce_sync.reconcile_raw import RawPage, raw_pages
from ledger import sql

_QUARTERS: Final = {f"{minute:02}": f"{minute // 15 * 15:02}" for minute in range(60)}
_ORDER: Final = msgspec.json.Decoder(shapes.Order)
_OF_MONEY: Final = frozenset(("card", "cash", "pay_later", "bank", "external", "other"))


class Bucket:
    """What happened in one quarter of an hour under one version of a book, in one currency."""

    __slots__ = ("lost", "moves", "records", "sales", "taxes", "tenders", "topics")

    def __init__(self) -> None:
        self.records = 0
        self.sales: int | None = None
        self.topics: dict[str, int] = {}
        self.taxes: defaultdict[str, int] = defaultdict(int)
        self.tenders: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.moves: dict[str, int] = {}
        self.lost: dict[str, list[Lost]] = {}  # of topics of which something is stated

    def amounts(self) -> Iterator[tuple[str, int]]:
        """Topic by topic."""
        if self.sales is not None:
            yield "sales", self.sales
        yield from self.topics.items()

    def by_role(self) -> Iterator[tuple[str, int]]:
        """Role by role, debit positive."""
        for key, amount in self.taxes.items():
            yield f"tax:{key}", -amount
        for (method, provider), amount in self.tenders.items():
            yield clearing(method, provider), amount
        yield from self.moves.items()


class Lost(msgspec.Struct, frozen=True):
    """A record that has not what its raw row states."""

    record_id: int
    kind: str
    external_id: str
    stated: int
    held: int


class Place(NamedTuple):
    """Where a bucket is."""

    version: int
    currency: str
    at: str


# A record on its way to its raw row: row, kind, id, its total as sources state such totals, topic, currency, row id and
# bucket. A plain tuple, for there are as many as records.
_Seen = tuple[int, str, str, int, str, str, int, Bucket]


class RecordSums:
    """The sums of the records that were posted for days. Makes one statement for them, and one for each forty pages."""

    def __init__(self, terms: Mapping[int, Terms]) -> None:
        self.terms = terms
        self.buckets: dict[Place, Bucket] = {}
        self._minutes: dict[tuple[int, str], dict[str, Bucket]] = {}  # what is found by the minute needs no quarter
        self._pages: dict[int, list[_Seen]] = {}

    def add(self, parameters: Mapping[str, Any]) -> None:
        """Sum the records, then hold them to their raw rows."""
        self._sum(parameters)
        self._compare()

    def days(self) -> dict[tuple[int, str], date]:
        """The business day of each place's version and instant, in one statement."""
        wanted = {(place.version, place.at) for place in self.buckets}
        said = {
            "versions": list({version for version, _ in wanted}),
            "said_by": [version for version, _ in wanted],
            "stamps": [at for _, at in wanted],
        }
        return {(version, at): day for version, at, day in sql.rows_named(statements.DAYS, said)} if wanted else {}

    def _sum(self, parameters: Mapping[str, Any]) -> None:
        pages, decode = self._pages, _ORDER.decode
        book, money, tolerance = 0, "", 0
        for version, record_id, kind, external_id, currency, page, row, body in sql.stream(
            statements.RECORDS, parameters
        ):
            if version != book or currency != money:  # seldom: what the next ones share is looked up once
                book, money, tolerance = version, currency, self.terms[version].tolerance
                minutes = self._minutes.setdefault((version, currency), {})
            try:
                whole = None
                if kind == "order":
                    order = decode(body)
                    at = order.closed_at
                    minute = at[:16] + at[-1]
                    bucket = minutes.get(minute) or minutes.setdefault(minute, self._at(version, currency, at))
                    whole = _plain(order, at, bucket, tolerance)
                    topic = "sales"
                if whole is None:
                    bucket, topic, whole = self._told(version, currency, tell(kind, body, self.terms[version]))
            except msgspec.DecodeError:
                continue  # what nobody can read adds nothing up: its documents have more than the records
            if page is not None:
                seen = (row or 0, kind, external_id, whole, topic, currency, record_id, bucket)
                own = pages.get(page)
                if own is None:
                    pages[page] = [seen]
                else:
                    own.append(seen)

    def _at(self, version: int, currency: str, at: str) -> Bucket:
        """The bucket of an instant, made if it is the first there."""
        place = Place(version, currency, _quarter(at))
        found = self.buckets.get(place)
        if found is None:
            found = self.buckets[place] = Bucket()
        return found

    def _told(self, version: int, currency: str, told: Told) -> tuple[Bucket, str, int]:
        """Sum a record that is not as most are; its bucket, its topic and its whole."""
        bucket = self._at(version, currency, told.at)
        bucket.records += 1
        bucket.topics[told.topic] = bucket.topics.get(told.topic, 0) + told.amount
        if told.later is not None:
            later = self._at(version, currency, told.later[0])
            later.topics[told.topic] = later.topics.get(told.topic, 0) + told.later[1]
        for role, at, amount in told.moves:
            own = bucket if at == told.at else self._at(version, currency, at)
            own.moves[role] = own.moves.get(role, 0) + amount
        return bucket, told.topic, told.whole

    def _compare(self) -> None:
        """Hold each record to what its row states."""
        for page, records in raw_pages(self._pages):
            if _all_stated(page, records):
                for topic, bucket in {(seen[4], seen[7]) for seen in records}:
                    bucket.lost.setdefault(topic, [])
                continue
            is_stated = page.is_stated
            for row, kind, external_id, whole, topic, currency, record_id, bucket in records:
                if is_stated(row, kind, external_id, whole):
                    if topic not in bucket.lost:
                        bucket.lost[topic] = []
                    continue
                stated = page.total(row, kind, external_id, currency, whole)
                if stated is None:
                    continue
                lost = bucket.lost.setdefault(topic, [])
                if stated != whole:
                    lost.append(Lost(record_id, kind, external_id, stated, whole))
        self._pages.clear()


def _all_stated(page: RawPage, records: list[_Seen]) -> bool:
    """Whether every record of a page has just what its row states; where that is not certain, each is looked at."""
    kind = records[0][1]
    if any(seen[1] != kind for seen in records):
        return False
    return page.all_stated([seen[0] for seen in records], kind, [(seen[2], seen[3]) for seen in records])


def _plain(order: shapes.Order, at: str, bucket: Bucket, tolerance: int) -> int | None:
    """Sum a sale as most are; what it comes to, or None (and nothing summed) for any other."""
    if order.state != "completed":
        return None
    whole = 0
    taxes = []
    for line in order.lines:
        whole += line.net
        if line.kind == "gift_card":
            return None
        if line.taxes:
            for tax in line.taxes:
                if tax.collected_by != "merchant":
                    return None
                whole += tax.amount
                taxes.append(tax)
    for tender in order.tenders:
        if tender.captured_at != at or tender.method not in _OF_MONEY:
            return None
    if whole != order.stated and abs(whole - order.stated) <= tolerance:
        whole = order.stated
    bucket.records += 1
    bucket.sales = whole if bucket.sales is None else bucket.sales + whole
    own = bucket.taxes
    for tax in taxes:
        own[tax.key] += tax.amount
    for tender in order.tenders:
        bucket.tenders[tender.method, tender.provider or tender.label] += tender.amount
    return whole


def _quarter(at: str) -> str:
    """The quarter of an hour of an instant in UTC; any other instant as it is."""
    return f"{at[:14]}{_QUARTERS[at[14:16]]}Z" if at.endswith("Z") else at
