"""Rows that change their kind: an order that turns into a return leaves its order behind, and is not to count twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.hanging import came_from
from connectors.reading import Origin, Reading
from ledger import sql
from ledger.commerce import Deleted
from ledger.incoming import Incoming
from ledger.intake import store

_ALIVE = """
    SELECT record.kind, record.external_id, record.currency, record.happened_at, record.page_row, page.body
    FROM ledger_record record
    JOIN connectors_page page ON page.id = record.page AND page.connection_id = %s AND page.dataset = %s
    WHERE record.source_id = %s AND record.external_id = ANY(%s) AND NOT record.superseded AND NOT record.deleted
"""


def take_back(origin: Origin, reading: Reading, page_id: int, at: datetime) -> None:
    """Delete what rows of this page said before under a kind of which they say nothing now.

    Only what came from the very row: an id may name an order here and, inside another order, a refund. Joins the
    caller's transaction.
    """
    items = list(_gone(origin, reading, at))
    if not items:
        return
    outcomes = store(
        company_id=origin.company_id, source_id=origin.source_id, items=items, page_id=page_id, received_at=at
    )
    for item, outcome in zip(items, outcomes, strict=True):
        reading.note(item.page_row, outcome.status, outcome.problem)


def _gone(origin: Origin, reading: Reading, at: datetime) -> Iterator[Incoming]:
    left = {(kind, row.id): row for row, kind in reading.left_over}
    ids = list({external_id for _, external_id in left})
    for kind, external_id, currency, happened_at, place, body in sql.rows(
        _ALIVE, (origin.connection_id, reading.dataset, origin.source_id, ids)
    ):
        row = left.get((kind, external_id))
        if row is None or not came_from(origin, reading.dataset, external_id, place, body):
            continue
        updated_at = origin.platform.identify(reading.dataset, row.body)[1] or at
        yield Incoming(kind, Deleted(external_id, currency, happened_at, updated_at), row.raw_digest, row.place)
