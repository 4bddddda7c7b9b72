"""What the sales systems state: the totals that stand in the raw rows, read again from the pages that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeVar

from zstandard import ZstdError

from commerce_sync.raw_rows import rows_of_page
from commerce_sync.reconcile_day_sql import PAGES
from connectors import registry
from connectors.errors import Failure, MisconfiguredPlatform
from connectors.raw_pages import decompress
from connectors.stated_reader import Reader
from ledger import sql
from ledger.money import EXPONENTS

_AT_ONCE: Final = 40  # pages that are fetched together: bounds the memory that they take
_USUAL_PLACES: Final = 2

Records = TypeVar("Records")


class RawPage:
    """A page as far as its rows state something. Most of them are only glanced at; all are read when one is asked for
    more than that."""

    def __init__(self, place: tuple[str, str], reader: Reader, places: int, stored: bytes, body: bytes) -> None:
        self._place, self._reader, self._places = place, reader, places
        self._stored, self._body = stored, body
        self._glance = reader.glance(body, places)
        self._rows: list[Any] | None = None

    def is_stated(self, row: int, kind: str, external_id: str, held: int) -> bool:
        """As `Reader.is_stated`."""
        rows = self._glance
        return rows is not None and row < len(rows) and self._reader.is_stated(rows[row], kind, external_id, held)

    def all_stated(self, numbers: Sequence[int], kind: str, held: Sequence[tuple[str, int]]) -> bool:
        """As `Reader.all_stated`, of the rows of these numbers."""
        rows = self._glance
        if rows is None or max(numbers) >= len(rows):
            return False
        return self._reader.all_stated([rows[number] for number in numbers], kind, held)

    def total(self, row: int, kind: str, external_id: str, currency: str, held: int) -> int | None:
        """As `Reader.total`."""
        if self._rows is None:
            self._rows = self._reader.page(self._body, self._places) or self._one_by_one()
        if row >= len(self._rows) or self._rows[row] is None:
            return None
        return self._reader.total(self._rows[row], kind, external_id, currency, held, self._places)

    def _one_by_one(self) -> list[Any]:
        """Where a row is no row, its neighbors are read all the same."""
        try:
            return [self._reader.row(row, self._places) for row in rows_of_page(*self._place, self._stored)]
        except Failure:
            return []


def raw_pages(wanted: Mapping[int, Records]) -> Iterator[tuple[RawPage, Records]]:
    """Every page that states something, with what is wanted of it; one that was purged states nothing any more. The
    next ones are decompressed while one is read, which Python allows at the same time."""
    with ThreadPoolExecutor(1) as ahead:
        for numbers in sql.batches(sorted(wanted), _AT_ONCE):
            found = [row for row in sql.rows(PAGES, (numbers,)) if _reader(row[1], row[2]) is not None]
            bodies = ahead.map(_decompressed, [bytes(row[4]) for row in found])
            for (number, platform, dataset, currency, stored), body in zip(found, bodies, strict=True):
                own = _reader(platform, dataset)
                if own is not None and body is not None:
                    places = EXPONENTS.get(currency, _USUAL_PLACES)
                    yield RawPage((platform, dataset), own, places, bytes(stored), body), wanted[number]


def _decompressed(stored: bytes) -> bytes | None:
    try:
        return decompress(stored)
    except ZstdError:
        return None


@cache
def _reader(platform: str, dataset: str) -> Reader | None:
    try:
        stream = registry.commerce(platform).stream(dataset)
    except MisconfiguredPlatform:  # a page of a stream that there is no more
        return None
    return Reader(stream.stated, stream.id, "" if stream.endpoint is None else stream.rows) if stream.stated else None
