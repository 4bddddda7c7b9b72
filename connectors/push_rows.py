"""The rows of delivery: each change of state is one guarded statement, by the clock of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from psycopg.types.json import Jsonb

from connectors.push_states import BEFORE, Item, States, Step, storable
from connectors.session import Pushed
from ledger import sql
from ledger.documents import Document, decode_document
from ledger.home import Doubt


def prepare(*, company_id: int, connection_id: int) -> int:
    """Give every unpushed document of the company a delivery to this connection; how many are new. Set-based."""
    return sql.execute(
        """INSERT INTO connectors_pushitem (document_id, company_id, connection_id, state, attempts, failure_code,
               failure_sentence, failure_remedy, failure_turn, updated_at)
           SELECT document.id, document.company_id, %s, 'prepared', 0, '', '', '', '', now()
           FROM ledger_document document
           WHERE document.company_id = %s AND document.pushed_at IS NULL AND document.withdrawn_at IS NULL
           ON CONFLICT (document_id) DO UPDATE SET connection_id = excluded.connection_id
               WHERE connectors_pushitem.connection_id <> excluded.connection_id
                   AND connectors_pushitem.state = 'prepared'""",
        (connection_id, company_id),
    )


def release_abandoned(connection_id: int, *, is_held: bool) -> int:
    """What was being sent by somebody who is gone may have happened: `unknown`. Past its deadline, in any case.

    With the connection held by the caller there is no other sender, and the deadline need not be waited for: a look-up
    may adopt what is there at once, while "not there" is believed only after the deadline and the settle time.
    """
    return sql.execute(
        """UPDATE connectors_pushitem SET state = 'unknown', waits_until = NULL, updated_at = clock_timestamp()
           WHERE connection_id = %s AND state = 'sending' AND (%s OR deadline_at < clock_timestamp())""",
        (connection_id, is_held),
    )


def doubt_unsent(connection_id: int, doubt: Doubt) -> int:
    """What a former history of these data may have sent is `unknown`: looked up before it is sent for the first time.

    The call of that history was over when work began here again, so "not there" is believed from then on.
    """
    return sql.execute(
        """UPDATE connectors_pushitem item SET state = 'unknown', claimed_at = clock_timestamp(), deadline_at = %s,
               waits_until = NULL, updated_at = clock_timestamp()
           FROM ledger_document document JOIN ledger_posting posting ON posting.id = document.posting_id
           WHERE item.connection_id = %s AND item.state IN ('prepared', 'waiting')
               AND (item.claimed_at IS NULL OR item.claimed_at < %s)
               AND document.id = item.document_id AND posting.day <= %s""",
        (doubt.opened_at, connection_id, doubt.opened_at, doubt.through),
    )


def open_items(connection_id: int, after: int, limit: int, settle_seconds: int) -> list[Item[Document]]:
    """The next deliveries that can be worked on now, in the order of their documents."""
    found = sql.rows(
        """SELECT item.document_id, item.state, item.attempts, document.body,
               item.deadline_at IS NULL OR clock_timestamp() >= item.deadline_at + make_interval(secs => %s)
           FROM connectors_pushitem item JOIN ledger_document document ON document.id = item.document_id
           WHERE item.connection_id = %s AND item.document_id > %s AND item.state IN ('prepared', 'waiting', 'unknown')
             AND (item.waits_until IS NULL OR item.waits_until <= clock_timestamp())
             AND document.withdrawn_at IS NULL
           ORDER BY item.document_id LIMIT %s""",
        (settle_seconds, connection_id, after, limit),
    )
    return [Item(row[0], row[1], row[2], decode_document(bytes(row[3])), row[4]) for row in found]


def undelivered_keys(company_id: int, keys: Sequence[str]) -> set[str]:
    """Those of these document keys that are not at the platform yet."""
    found = sql.rows(
        "SELECT key FROM ledger_document WHERE company_id = %s AND key = ANY(%s) AND pushed_at IS NULL",
        (company_id, list(keys)),
    )
    return {key for (key,) in found}


def remote_ids(connection_id: int, company_id: int, keys: Sequence[str]) -> dict[str, str]:
    """Key → id at the platform, of those of these documents that are there and were not taken back."""
    return dict(
        sql.rows(
            """SELECT document.key, binding.remote_id
               FROM ledger_document document JOIN connectors_binding binding ON binding.document_id = document.id
               WHERE document.company_id = %s AND document.key = ANY(%s) AND binding.connection_id = %s
                   AND binding.voided_at IS NULL""",
            (company_id, list(keys), connection_id),
        )
    )


class Deliveries(States[Document]):
    """The states of documents on their way to the platform."""

    table, identity = "connectors_pushitem", "document_id"

    def bind(self, connection_id: int, item: Item[Document], pushed: Pushed, step: Step) -> bool:
        """Pushed: binding, item and document in one transaction. False when the id is another document's (A08)."""
        with sql.unit_of_work():
            found = sql.rows(
                """WITH bound AS (
                       INSERT INTO connectors_binding (
                           connection_id, document_id, kind, remote_id, url, answer, bound_at)
                       SELECT %s, item.document_id, %s, %s, %s, %s, clock_timestamp() FROM connectors_pushitem item
                       WHERE item.document_id = %s AND item.state = ANY(%s)
                       ON CONFLICT DO NOTHING RETURNING id, document_id
                   ), done AS (
                       UPDATE connectors_pushitem item SET state = 'pushed', binding_id = bound.id, waits_until = NULL,
                           failure_code = '', failure_sentence = '', failure_remedy = '', failure_turn = '',
                           updated_at = clock_timestamp()
                       FROM bound WHERE item.document_id = bound.document_id RETURNING item.document_id
                   )
                   UPDATE ledger_document document SET pushed_at = clock_timestamp()
                   FROM done WHERE document.id = done.document_id RETURNING document.id""",
                (connection_id, item.document.kind, pushed.remote_id, storable(pushed.url[:1000]),
                 Jsonb(storable(pushed.answer)), item.document_id, list(BEFORE)),
            )  # fmt: skip
            step("in_final_tx")
        return bool(found)

    def bound_id(self, document_id: int) -> str:
        found = sql.rows(
            """SELECT binding.remote_id FROM connectors_pushitem item
               JOIN connectors_binding binding ON binding.id = item.binding_id WHERE item.document_id = %s""",
            (document_id,),
        )
        return str(found[0][0]) if found else ""


class Standing(NamedTuple):
    """What is still open at a connection. `next_in` is after how long something can be done again; None: nothing."""

    prepared: int
    waiting: int
    unknown: int
    refused: int
    next_in: timedelta | None


def standing(connection_id: int) -> Standing:
    """The open deliveries of a connection, counted by state."""
    return Standing(
        *sql.rows(
            """SELECT count(*) FILTER (WHERE state IN ('prepared', 'sending')),
                   count(*) FILTER (WHERE state = 'waiting'),
                   count(*) FILTER (WHERE state = 'unknown'), count(*) FILTER (WHERE state = 'refused'),
                   min(greatest(coalesce(waits_until, clock_timestamp()) - clock_timestamp(), interval '0'))
                       FILTER (WHERE state IN ('waiting', 'unknown'))
               FROM connectors_pushitem item JOIN ledger_document document ON document.id = item.document_id
               WHERE item.connection_id = %s AND item.state NOT IN ('pushed', 'removed', 'voiding', 'voided')
                   AND document.withdrawn_at IS NULL""",
            (connection_id,),
        )[0]
    )
