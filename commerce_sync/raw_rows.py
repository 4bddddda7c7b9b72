"""The raw rows that records were made of, taken out of their stored pages again."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from connectors import registry
from connectors.paging import rows_at
from connectors.raw_pages import decompress
from ledger import sql


class RawPage(NamedTuple):
    """A stored page. ``rows`` None: it was purged, as pages may be."""

    id: int
    connection_id: int
    platform: str
    dataset: str
    received_at: datetime
    rows: tuple[bytes, ...] | None


def raw_page(page_id: int) -> RawPage | None:
    """The page of this number with its rows; None when there is no such page."""
    found = sql.rows(
        """SELECT page.id, page.connection_id, connection.platform, page.dataset, page.received_at, page.body
           FROM connectors_page page JOIN connectors_connection connection ON connection.id = page.connection_id
           WHERE page.id = %s""",
        (page_id,),
    )
    if not found:
        return None
    *facts, body = found[0]
    rows = None if body is None else rows_of_page(facts[2], facts[3], bytes(body))
    return RawPage._make((*facts, rows))


def rows_of_page(platform: str, dataset: str, stored: bytes) -> tuple[bytes, ...]:
    """The rows in a page's stored form: of a pushed page the array itself, of a pulled one what its stream says."""
    body = decompress(stored)
    stream = registry.commerce(platform).stream(dataset)
    if stream.endpoint is None:
        return tuple(bytes(row) for row in msgspec.json.decode(body, type=list[msgspec.Raw]))
    return rows_at(body, stream.rows)
