"""The rows of purchase orders: each change of state is one guarded statement, by the clock of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from psycopg.types.json import Jsonb

from connectors.ordering_body import Draft, draft_order, read_lines, reference_of, stored
from connectors.purchasing import DraftOrder
from connectors.push_states import BEFORE, Item, States, Step, storable
from connectors.session import Pushed
from ledger import sql

MOST_AT_ONCE: Final = 200


def make(*, company_id: int, connection_id: int, wanted: Sequence[Draft], on: date, at: datetime) -> int:
    """Store these orders and note on each level which one asks for more of it; how many orders. Joins a transaction.

    A level that another run has ordered meanwhile is left out, and an order of which nothing is left is not made.
    """
    made = 0
    for draft in wanted:
        free = sql.rows(
            """SELECT id FROM connectors_stocklevel
               WHERE id = ANY(%s) AND low_since IS NOT NULL AND ordered_in_id IS NULL ORDER BY id FOR UPDATE""",
            ([line.level_id for line in draft.lines],),
        )
        ids = {level_id for (level_id,) in free}
        lines = [line for line in draft.lines if line.level_id in ids]
        if not lines:
            continue
        order_id = uuid4()
        sql.execute(
            """WITH made AS (
                   INSERT INTO connectors_purchaseorder (public_id, company_id, connection_id, reference, supplier,
                       currency, ordered_on, lines, note, state, attempts, remote_id, url, failure_code,
                       failure_sentence, failure_remedy, failure_turn, created_at, updated_at)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'prepared', 0, '', '', '', '', '', '', %s, %s)
                   RETURNING id)
               UPDATE connectors_stocklevel level SET ordered_in_id = made.id FROM made WHERE level.id = ANY(%s)""",
            (order_id, company_id, connection_id, reference_of(order_id, on), draft.supplier, draft.currency, on,
             Jsonb(storable(stored(lines))), draft.note, at, at, sorted(ids)),
        )  # fmt: skip
        made += 1
    return made


def open_orders(connection_id: int, settle_seconds: int) -> list[Item[DraftOrder]]:
    """The orders that can be worked on now, oldest first."""
    found = sql.rows(
        """SELECT id, state, attempts, reference, supplier, currency, ordered_on, lines, note,
               deadline_at IS NULL OR clock_timestamp() >= deadline_at + make_interval(secs => %s)
           FROM connectors_purchaseorder
           WHERE connection_id = %s AND state IN ('prepared', 'waiting', 'unknown')
               AND (waits_until IS NULL OR waits_until <= clock_timestamp())
           ORDER BY id LIMIT %s""",
        (settle_seconds, connection_id, MOST_AT_ONCE),
    )
    return [Item(row[0], row[1], row[2], _order(*row[3:9]), row[9]) for row in found]


def _order(reference: str, supplier: str, currency: str, on: date, lines: list[Any], note: str) -> DraftOrder:
    return draft_order(reference, supplier, currency, on, read_lines(lines), note)


def release_abandoned(connection_id: int) -> int:
    """What somebody was sending who is gone may have happened. The caller holds the connection: there is no other."""
    return sql.execute(
        """UPDATE connectors_purchaseorder SET state = 'unknown', waits_until = NULL, updated_at = clock_timestamp()
           WHERE connection_id = %s AND state = 'sending'""",
        (connection_id,),
    )


class Orders(States[DraftOrder]):
    """The states of purchase orders on their way to the platform; `document_id` is the order's id there."""

    table, identity = "connectors_purchaseorder", "id"

    def bind(self, connection_id: int, item: Item[DraftOrder], pushed: Pushed, step: Step) -> bool:
        """Pushed, with its id there. False when the id is another order's."""
        with sql.unit_of_work():
            found = sql.execute(
                """UPDATE connectors_purchaseorder made SET state = 'pushed', remote_id = %s, url = %s,
                       waits_until = NULL, failure_code = '', failure_sentence = '', failure_remedy = '',
                       failure_turn = '', updated_at = clock_timestamp()
                   WHERE id = %s AND state = ANY(%s) AND NOT EXISTS (
                       SELECT FROM connectors_purchaseorder other
                       WHERE other.connection_id = %s AND other.remote_id = %s AND other.id <> made.id)""",
                (pushed.remote_id, storable(pushed.url[:1000]), item.document_id, list(BEFORE), connection_id,
                 pushed.remote_id),
            )  # fmt: skip
            step("in_final_tx")
        return bool(found)

    def bound_id(self, document_id: int) -> str:
        found = sql.rows("SELECT remote_id FROM connectors_purchaseorder WHERE id = %s", (document_id,))
        return str(found[0][0]) if found else ""
