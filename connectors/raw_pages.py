"""Raw pages: kept compressed beside the records made of them, found again by their digest."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import zstandard

from ledger import sql

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Past(NamedTuple):
    """What is known before a page is read: the id that it has or will have, whether it has been read before with every
    row of it kept, and whether rows of its source are refused so far."""

    page_id: int
    is_known: bool
    has_refused_rows: bool


def past(connection_id: int, company_id: int, source_id: int, page_digest: bytes) -> Past:
    """All in one statement: every page asks."""
    found = sql.rows(
        """SELECT coalesce(page.id, nextval('connectors_page_id_seq')), page.id IS NOT NULL AND page.refused = 0,
               EXISTS (SELECT FROM ledger_problem WHERE company_id = %s AND source_id = %s AND record_id IS NULL
                       AND resolved_at IS NULL)
           FROM (SELECT) AS nothing
           LEFT JOIN connectors_page page ON page.connection_id = %s AND page.digest = %s""",
        (company_id, source_id, connection_id, page_digest),
        keep_plan=True,
    )
    return Past(*found[0])


class RawPage(NamedTuple):
    """A page as it is kept. ``refused`` counts its rows that became no record."""

    id: int
    connection_id: int
    dataset: str
    digest: bytes
    body_bytes: int
    rows: int
    refused: int
    received_at: datetime


def keep(page: RawPage, body: bytes) -> None:
    """Store the page, or bring the one that was read before up to date."""
    sql.execute(
        """INSERT INTO connectors_page (id, connection_id, dataset, digest, body_bytes, rows, refused, received_at,
               body)
           OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (connection_id, digest) DO UPDATE
               SET refused = excluded.refused, received_at = excluded.received_at, body = excluded.body""",
        (*page, compress(body)),
        keep_plan=True,
    )


def compress(body: bytes) -> bytes:
    """The stored form of a raw page."""
    return zstandard.ZstdCompressor(level=1).compress(body)


def decompress(stored: bytes) -> bytes:
    """The raw page in its stored form; raises ``zstandard.ZstdError`` for anything larger than a page may be."""
    if (
        zstandard.frame_content_size(stored) > MAX_BODY_BYTES
    ):  # where a frame states its size, the limit below is ignored
        raise zstandard.ZstdError(f"the page would be larger than {MAX_BODY_BYTES:,} bytes")
    return zstandard.ZstdDecompressor().decompress(stored, max_output_size=MAX_BODY_BYTES)
