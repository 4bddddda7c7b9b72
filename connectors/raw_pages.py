"""Raw pages: kept compressed beside the records made of them, found again by their digest."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
import zstandard

from ledger import sql

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def is_known(connection_id: int, page_digest: bytes) -> bool:
    """Whether this very page has been read before, with every row of it kept."""
    found = sql.rows(
        "SELECT refused FROM connectors_page WHERE connection_id = %s AND digest = %s", (connection_id, page_digest)
    )
    return bool(found) and found[0][0] == 0


def keep(connection_id: int, dataset: str, page_digest: bytes, body: bytes, rows: int, at: datetime) -> int:
    found = sql.rows(
        """INSERT INTO connectors_page (connection_id, dataset, digest, body, body_bytes, rows, refused, received_at)
           VALUES (%s, %s, %s, %s, %s, %s, 0, %s)
           ON CONFLICT (connection_id, digest) DO UPDATE
               SET refused = excluded.refused, received_at = excluded.received_at, body = excluded.body
           RETURNING id""",
        (connection_id, dataset, page_digest, compress(body), len(body), rows, at),
    )
    page_id: int = found[0][0]
    return page_id


def compress(body: bytes) -> bytes:
    """The stored form of a raw page."""
    return zstandard.ZstdCompressor(level=1).compress(body)


def decompress(stored: bytes) -> bytes:
    """The raw page in its stored form; raises ``zstandard.ZstdError`` for anything larger than a page may be."""
    return zstandard.ZstdDecompressor().decompress(stored, max_output_size=MAX_BODY_BYTES)
