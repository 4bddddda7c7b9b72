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
    """What is known before a page is read: whether this very page has been, with every row of it kept, and whether
    rows of its source are refused so far."""

    is_known: bool
    has_refused_rows: bool


def past(connection_id: int, company_id: int, source_id: int, page_digest: bytes) -> Past:
    """Both in one statement: every page asks."""
    found = sql.rows(
        """SELECT EXISTS (SELECT FROM connectors_page WHERE connection_id = %s AND digest = %s AND refused = 0),
               EXISTS (SELECT FROM ledger_problem WHERE company_id = %s AND source_id = %s AND record_id IS NULL
                       AND resolved_at IS NULL)""",
        (connection_id, page_digest, company_id, source_id),
        keep_plan=True,
    )
    return Past(*found[0])


def keep(connection_id: int, dataset: str, page_digest: bytes, body: bytes, rows: int, at: datetime) -> int:
    found = sql.rows(
        """INSERT INTO connectors_page (connection_id, dataset, digest, body, body_bytes, rows, refused, received_at)
           VALUES (%s, %s, %s, %s, %s, %s, 0, %s)
           ON CONFLICT (connection_id, digest) DO UPDATE
               SET refused = excluded.refused, received_at = excluded.received_at, body = excluded.body
           RETURNING id""",
        (connection_id, dataset, page_digest, compress(body), len(body), rows, at),
        keep_plan=True,
    )
    page_id: int = found[0][0]
    return page_id


def compress(body: bytes) -> bytes:
    """The stored form of a raw page."""
    return zstandard.ZstdCompressor(level=1).compress(body)


def decompress(stored: bytes) -> bytes:
    """The raw page in its stored form; raises ``zstandard.ZstdError`` for anything larger than a page may be."""
    return zstandard.ZstdDecompressor().decompress(stored, max_output_size=MAX_BODY_BYTES)
