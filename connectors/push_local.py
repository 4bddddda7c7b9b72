"""Delivery to the built-in books: claim, write, binding and "pushed" in one transaction, so nothing is ever unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, runtime_checkable

from psycopg.types.json import Jsonb

from connectors.errors import Refused
from connectors.platform import AccountingPlatform
from connectors.push_result import PushResult
from connectors.push_states import Step
from connectors.push_verdicts import verdict_of
from connectors.session import Pushed, Session
from ledger import sql
from ledger.documents import Document, decode_document

DOCUMENTS_AT_ONCE: Final = 500


@runtime_checkable
class _Bulk(Protocol):
    """A local platform that takes many documents in a few statements."""

    def push_many(self, session: Session, documents: Sequence[Document]) -> list[Pushed | Refused]: ...


# Documents that were refused wait for a person; what another platform may have, from before a change of platform, too.
_CLAIM = """
    SELECT document.id, document.body FROM ledger_document document
    WHERE document.company_id = %s AND document.pushed_at IS NULL AND document.withdrawn_at IS NULL AND document.id > %s
        AND NOT EXISTS (SELECT 1 FROM connectors_pushitem item
                        WHERE item.document_id = document.id AND item.state IN ('refused', 'sending', 'unknown'))
    ORDER BY document.id LIMIT %s FOR NO KEY UPDATE OF document
"""
# The legs are in our own tables, balanced by the same commit: they are verified as they are written.
_PUSHED = """
    WITH pushed AS (
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
            AS t(document_id, kind, remote_id, url, answer)
    ), bound AS (
        INSERT INTO connectors_binding (connection_id, document_id, kind, remote_id, url, answer, bound_at, verified_at,
            agrees)
        SELECT %s, document_id, kind, remote_id, url, answer, now(), now(), true FROM pushed RETURNING id, document_id
    ), items AS (
        INSERT INTO connectors_pushitem (document_id, company_id, connection_id, state, attempts, claimed_at,
            binding_id, failure_code, failure_sentence, failure_remedy, failure_turn, updated_at)
        SELECT document_id, %s, %s, 'pushed', 1, now(), id, '', '', '', '', now() FROM bound
        ON CONFLICT (document_id) DO UPDATE SET state = 'pushed', connection_id = excluded.connection_id,
            attempts = connectors_pushitem.attempts + 1, claimed_at = excluded.claimed_at,
            binding_id = excluded.binding_id, waits_until = NULL, failure_code = '', failure_sentence = '',
            failure_remedy = '', failure_turn = '', updated_at = excluded.updated_at
    )
    UPDATE ledger_document SET pushed_at = now() WHERE id = ANY(%s)
"""
_REFUSED = """
    INSERT INTO connectors_pushitem (document_id, company_id, connection_id, state, attempts, claimed_at, failure_code,
        failure_sentence, failure_remedy, failure_turn, updated_at)
    SELECT document_id, %s, %s, 'refused', 1, now(), code, sentence, remedy, turn, now()
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS t(document_id, code, sentence, remedy, turn)
    ON CONFLICT (document_id) DO UPDATE SET state = 'refused', connection_id = excluded.connection_id,
        attempts = connectors_pushitem.attempts + 1, failure_code = excluded.failure_code,
        failure_sentence = excluded.failure_sentence, failure_remedy = excluded.failure_remedy,
        failure_turn = excluded.failure_turn, updated_at = excluded.updated_at
"""


def deliver_local(platform: AccountingPlatform, session: Session, step: Step) -> PushResult:
    """Write every unpushed document of the company into the local books, in batches of one transaction each."""
    written, refused, after = 0, 0, 0
    while True:
        with sql.unit_of_work():
            found = sql.rows(_CLAIM, (session.company_id, after, DOCUMENTS_AT_ONCE), keep_plan=True)
            documents = [decode_document(bytes(body)) for _, body in found]
            if found:
                outcomes = _write(platform, session, documents)
                ids = [document_id for document_id, _ in found]
                written += _store_pushed(session, list(zip(ids, documents, outcomes, strict=True)))
                refused += _store_refused(session, list(zip(ids, outcomes, strict=True)))
                step("in_final_tx")
        step("after_commit")
        if len(found) < DOCUMENTS_AT_ONCE:
            return PushResult(written, refused=refused)
        after = found[-1][0]


def _write(platform: AccountingPlatform, session: Session, documents: list[Document]) -> list[Pushed | Refused]:
    """One outcome per document. A refused one wrote nothing; anything else that is raised undoes the batch."""
    if isinstance(platform, _Bulk):
        return platform.push_many(session, documents)
    outcomes: list[Pushed | Refused] = []
    for document in documents:
        try:
            outcomes.append(platform.push(session, document))
        except Refused as refused:
            outcomes.append(refused)
    return outcomes


def _store_pushed(session: Session, outcomes: list[tuple[int, Document, Pushed | Refused]]) -> int:
    rows: list[tuple[Any, ...]] = [
        (document_id, document.kind, outcome.remote_id, outcome.url, Jsonb(dict(outcome.answer)))
        for document_id, document, outcome in outcomes
        if isinstance(outcome, Pushed)
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        scope = (session.connection_id, session.company_id, session.connection_id)
        sql.execute(_PUSHED, (*columns, *scope, columns[0]), keep_plan=True)
    return len(rows)


def _store_refused(session: Session, outcomes: list[tuple[int, Pushed | Refused]]) -> int:
    rows = [(document_id, *verdict_of(outcome)) for document_id, outcome in outcomes if isinstance(outcome, Refused)]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        sql.execute(_REFUSED, (session.company_id, session.connection_id, *columns))
    return len(rows)
