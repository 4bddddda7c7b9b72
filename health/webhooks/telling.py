"""What was heard becomes events, and each event goes to the partner's endpoints that want it: exactly once.

Triggers (migrations/sql/hearing.sql) note what happens as rows of `Heard`, in the transaction in which it happens. Here
such rows are deleted and the events and deliveries made of them are written, in one transaction: a crash before the
commit leaves them to be told by the next run, nothing is told twice. There is no "read up to here" that an entry with a
smaller id could come too late for: what commits later is simply there later. Several workers share the rows by SKIP
LOCKED.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Final

from health.webhooks.event_types import TEST
from health.webhooks.facts import Fact, of_audit, of_syncs
from health.webhooks.lists import Group, of_groups
from health.webhooks.payloads import small_body
from ledger import sql

logger = logging.getLogger(__name__)

HEARD_AT_ONCE: Final = 2_000

_TAKE: Final = """
    DELETE FROM health_heard WHERE id IN (
        SELECT id FROM health_heard ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, company_id, kind, row_id, at
"""
_EVENTS: Final = """
    INSERT INTO health_webhookevent (public_id, partner_id, company_id, type, body, happened_at)
    SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::bytea[], %s::timestamptz[])
"""
# A disabled endpoint gets no delivery; what it misses can be replayed to it, once it is enabled again.
_DELIVERIES: Final = """
    INSERT INTO health_webhookdelivery (public_id, endpoint_id, event_id, state, tries, attempts, next_at, last_error)
    SELECT gen_random_uuid(), endpoint.id, event.id, 'waiting', 0, 0, clock_timestamp(), ''
    FROM health_webhookevent event
    JOIN health_webhookendpoint endpoint ON endpoint.partner_id = event.partner_id AND endpoint.disabled_at IS NULL
        AND (endpoint.event_types = '{}' OR event.type = ANY (endpoint.event_types))
    WHERE event.public_id = ANY (%s) AND event.type <> %s
    ORDER BY event.id
"""


def tell(limit: int = HEARD_AT_ONCE) -> int:
    """Make events of what was heard, the oldest first; how many rows of `Heard` were taken, 0: there are none."""
    with sql.unit_of_work():
        heard = sorted(sql.rows(_TAKE, (limit,)))
        facts = list(_facts(heard))
        if facts:
            write(facts)
    return len(heard)


def write(facts: Iterable[Fact]) -> None:
    """Write events and their deliveries; joins the caller's transaction."""
    rows = [_row(fact) for fact in facts]
    columns = [list(column) for column in zip(*[row for row in rows if row is not None], strict=True)]
    if columns:
        sql.execute(_EVENTS, columns)
        sql.execute(_DELIVERIES, (columns[0], TEST))


def _row(fact: Fact) -> tuple[Any, ...] | None:
    webhook = fact.webhook
    try:
        body = small_body(webhook)
    except ValueError:
        logger.exception("an event of company %s cannot be told", fact.company_id)
        return None
    return (fact.public_id, fact.partner_id, fact.company_id, webhook.type, body, webhook.timestamp)


def _facts(heard: list[tuple[Any, ...]]) -> Iterator[Fact]:
    """The events that rows of `Heard` (id, company_id, kind, row_id, at) are."""
    together: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    for row in heard:
        together.setdefault((row[1], row[2]), []).append(row)
    groups, syncs, entries = [], [], []
    for (company_id, kind), rows in together.items():
        ids = [row[3] for row in rows]
        if kind == "audit":
            entries += ids
        elif kind == "sync.started":
            syncs += ids
        else:
            groups.append(Group(company_id, kind, ids, max(row[4] for row in rows)))
    yield from of_syncs(syncs)
    yield from of_groups(groups)
    yield from of_audit(entries)
