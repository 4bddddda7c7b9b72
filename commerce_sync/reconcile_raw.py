"""What the sales systems state: the totals that stand in the raw rows, read again from the pages that were kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NamedTuple

from zstandard import ZstdError

from commerce_sync.raw_rows import rows_of_page
from commerce_sync.reconcile_day_sql import PAGES
from connectors import registry
from connectors.errors import Failure
from connectors.raw_pages import decompress
from connectors.stated import Reader
from ledger import sql

_MOST_PAGES: Final = 40  # kept decoded at a time: records come in about the order of their pages


class _Page(NamedTuple):
    reader: Reader
    rows: list[Any]


class RawTotals:
    """The stated totals of records, page by page; a page that was purged states nothing any more."""

    def __init__(self) -> None:
        self._pages: dict[int, _Page | None] = {}

    def need(self, pages: Iterable[int]) -> None:
        """Have these pages at hand; forgets others when there are many."""
        wanted = set(pages)
        missing = wanted - self._pages.keys()
        if len(self._pages) + len(missing) > _MOST_PAGES:
            self._pages = {number: page for number, page in self._pages.items() if number in wanted}
        self._pages |= dict.fromkeys(missing)
        for number, platform, dataset, stored in sql.rows(PAGES, (list(missing),)) if missing else ():
            self._pages[number] = _read(platform, dataset, bytes(stored))

    def of(self, page: int, row: int, kind: str, external_id: str, currency: str, held: int) -> int | None:
        """What the row states as the total of a record; None when it does not say. ``held`` as in `Reader.total`."""
        found = self._pages.get(page)
        if found is None or row >= len(found.rows) or found.rows[row] is None:
            return None
        return found.reader.total(found.rows[row], kind, external_id, currency, held)


def _read(platform: str, dataset: str, stored: bytes) -> _Page | None:
    own = _reader(platform, dataset)
    if own is None:
        return None
    try:
        rows = own.page(decompress(stored))
        if rows is None:  # a row that is no row: its neighbors are read one by one
            rows = [own.row(row) for row in rows_of_page(platform, dataset, stored)]
    except (ZstdError, Failure):
        return None
    return _Page(own, rows)


@cache
def _reader(platform: str, dataset: str) -> Reader | None:
    stream = registry.commerce(platform).stream(dataset)
    return Reader(stream.stated, stream.id, "" if stream.endpoint is None else stream.rows) if stream.stated else None
