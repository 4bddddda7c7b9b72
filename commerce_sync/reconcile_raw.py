"""What the sales systems state: the totals that stand in the raw rows, read again from the pages that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

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


class RawPage(NamedTuple):
    """A page as far as its rows state something. ``places``: the decimals that its numbers were read for."""

    reader: Reader
    rows: list[Any]
    places: int


class RawTotals:
    """The pages of records, some at a time; one that was purged states nothing any more."""

    def each(self, wanted: Mapping[int, Records]) -> Iterator[tuple[RawPage, Records]]:
        """Every page that states something, with what is wanted of it."""
        for numbers in sql.batches(sorted(wanted), _AT_ONCE):
            for number, platform, dataset, currency, stored in sql.rows(PAGES, (numbers,)):
                page = _read(platform, dataset, EXPONENTS.get(currency, _USUAL_PLACES), bytes(stored))
                if page is not None:
                    yield page, wanted[number]


def _read(platform: str, dataset: str, places: int, stored: bytes) -> RawPage | None:
    own = _reader(platform, dataset)
    if own is None:
        return None
    try:
        rows = own.page(decompress(stored), places)
        if rows is None:  # a row that is no row: its neighbors are read one by one
            rows = [own.row(row, places) for row in rows_of_page(platform, dataset, stored)]
    except (ZstdError, Failure):
        return None
    return RawPage(own, rows, places)


@cache
def _reader(platform: str, dataset: str) -> Reader | None:
    try:
        stream = registry.commerce(platform).stream(dataset)
    except MisconfiguredPlatform:  # a page of a stream that there is no more
        return None
    return Reader(stream.stated, stream.id, "" if stream.endpoint is None else stream.rows) if stream.stated else None
