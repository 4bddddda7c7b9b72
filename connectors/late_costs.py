"""Orders that were booked without a cost get it when it becomes known; their sale was never held."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from connectors.cost_rows import known_costs
from connectors.costs import costed
from connectors.models import Connection
from ledger import sql
from ledger.commerce import decode
from ledger.incoming import Incoming
from ledger.intake import store

MOST_AT_ONCE: Final = 2_000


def complete_costs(*, company_id: int, at: datetime) -> int:
    """Store a new version of each order that misses a cost which is known now; how many. The next posting books it."""
    linked = Connection.objects.filter(company_id=company_id, kind="commerce", status="Linked")
    return sum(_complete(connection, at) for connection in linked.order_by("pk") if known_costs(connection))


def _complete(connection: Connection, at: datetime) -> int:
    costs, source_id = known_costs(connection), connection.source_id
    if source_id is None:
        return 0
    found = sql.rows(
        """SELECT DISTINCT record.id, record.body, record.raw_digest, record.page, record.page_row,
               greatest(record.updated_at, record.confirmed_at)
           FROM ledger_problem problem
           JOIN ledger_record record ON record.source_id = %s AND record.kind = 'order' AND NOT record.superseded
               AND NOT record.deleted
               AND record.external_id = substr(left(problem.subject, -1 - length(problem.path)), length('order ') + 1)
           WHERE problem.company_id = %s AND problem.code = 'cost_unknown' AND problem.resolved_at IS NULL
           ORDER BY record.id LIMIT %s""",
        (source_id, connection.company_id, MOST_AT_ONCE),
    )
    completed = 0
    for _, body, raw_digest, page_id, page_row, as_of in found:
        order = decode("order", bytes(body))
        known = costed(order, costs, False)
        if known == order:
            continue
        item = Incoming("order", msgspec.structs.replace(known, updated_at=as_of), bytes(raw_digest), page_row, True)
        store(company_id=connection.company_id, source_id=source_id, items=[item], page_id=page_id, received_at=at)
        completed += 1
    return completed
