"""A record on its way in, before it is a row. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ledger.commerce import Record, RecordKind

Identity = tuple[str, str]
"""(kind, external id): what a record is known by inside its source."""


class Incoming(NamedTuple):
    """One record on its way in: ``raw_digest`` is of the row as the platform sent it, ``page_row`` its place there.

    ``is_costed`` says that costs which the record does not state were looked up in a catalog (`ledger.costs`).
    """

    kind: RecordKind
    record: Record
    raw_digest: bytes
    page_row: int
    is_costed: bool = False
