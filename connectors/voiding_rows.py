"""The rows of taking back: each change of state is one guarded statement, by the clock of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connectors.push_verdicts import Verdict
from ledger import sql
from ledger.documents import Payment, decode_document
from ledger.models import Document
from ledger.services import audit


class VoidItem(NamedTuple):
    """One document that is to be taken back. `settles` is the key of the document that it pays, "" for others."""

    document_id: int
    key: str
    settles: str
    kind: str
    remote_id: str
    attempts: int
    is_due: bool


class OpenVoids(NamedTuple):
    """What is still to be taken back at a connection; `seconds` until something can be done again (None: nothing)."""

    documents: int
    seconds: float | None
    verdict: Verdict | None


def request_voids(*, document_ids: Sequence[int]) -> int:
    """Write down that these documents are to be taken back, in the caller's transaction; how many of them now are.

    Only what is at the platform is taken back. What somebody has removed there already is marked as voided at once.
    """
    wanted = list(document_ids)
    removed = sql.rows(
        "SELECT document_id FROM connectors_pushitem WHERE document_id = ANY(%s) AND state = 'removed'", (wanted,)
    )
    for (document_id,) in removed:
        mark_voided(document_id)
    return sql.execute(
        """UPDATE connectors_pushitem SET state = 'voiding', attempts = 0, waits_until = NULL, failure_code = '',
               failure_sentence = '', failure_remedy = '', failure_turn = '', updated_at = clock_timestamp()
           WHERE document_id = ANY(%s) AND state = 'pushed'""",
        (wanted,),
    )


def items(connection_id: int) -> list[VoidItem]:
    """All that is to be taken back at a connection, payments first, then newest first: what rests on others leaves
    before them."""
    found = sql.rows(
        """SELECT document.id, document.key, document.kind,
               CASE WHEN document.kind = 'payment' THEN document.body END, binding.kind, binding.remote_id,
               item.attempts, item.waits_until IS NULL OR item.waits_until <= clock_timestamp()
           FROM connectors_pushitem item
           JOIN ledger_document document ON document.id = item.document_id
           JOIN connectors_binding binding ON binding.id = item.binding_id
           WHERE item.connection_id = %s AND item.state = 'voiding'
           ORDER BY document.kind <> 'payment', document.id DESC""",
        (connection_id,),
    )
    return [
        VoidItem(row[0], row[1], _settles(row[2], bytes(row[3] or b"")), row[4], row[5], row[6], row[7])
        for row in found
    ]


def _settles(kind: str, body: bytes) -> str:
    document = decode_document(body) if kind == "payment" else None
    return document.settles if isinstance(document, Payment) else ""


def has_standing_payment(item: VoidItem) -> bool:
    """Whether a payment of this document is at the platform and will stay there: voiding it was refused."""
    if item.kind == "payment":
        return False
    found = sql.rows(
        """SELECT payment.body FROM ledger_document document
           JOIN ledger_document payment ON payment.posting_id = document.posting_id AND payment.kind = 'payment'
           JOIN connectors_pushitem item ON item.document_id = payment.id AND item.state = 'pushed'
           WHERE document.id = %s""",
        (item.document_id,),
    )
    return any(_settles("payment", bytes(body)) == item.key for (body,) in found)


def count_attempt(document_id: int) -> None:
    """Commit the intent to call; with the last attempt's reason gone."""
    sql.execute(
        """UPDATE connectors_pushitem SET attempts = attempts + 1, waits_until = NULL, updated_at = clock_timestamp()
           WHERE document_id = %s AND state = 'voiding'""",
        (document_id,),
    )


def mark_voided(document_id: int) -> None:
    """Voided: item, binding, document and the audit trail in one transaction. Doing it twice changes nothing."""
    with sql.unit_of_work():
        touched = sql.execute(
            """WITH item AS (
                   UPDATE connectors_pushitem SET state = 'voided', waits_until = NULL, failure_code = '',
                       failure_sentence = '', failure_remedy = '', failure_turn = '', updated_at = clock_timestamp()
                   WHERE document_id = %s AND state IN ('voiding', 'removed') RETURNING document_id, binding_id
               ), bound AS (
                   UPDATE connectors_binding SET voided_at = clock_timestamp() FROM item
                   WHERE connectors_binding.id = item.binding_id AND voided_at IS NULL
               )
               UPDATE ledger_document SET voided_at = clock_timestamp() FROM item
               WHERE ledger_document.id = item.document_id AND voided_at IS NULL""",
            (document_id,),
        )
        if touched:
            document = Document.objects.select_related("company__partner").defer("body").get(pk=document_id)
            detail = {"kind": document.kind, "date": document.date.isoformat(), "posting": document.posting_id}
            audit(
                code="document.voided",
                actor="push",
                company=document.company,
                subject=document.reference,
                detail=detail,
            )


def stay(document_id: int, verdict: Verdict) -> None:
    """They will not take it back: it is at the platform as before, with the reason."""
    _leave(document_id, "pushed", verdict, None)


def wait(document_id: int, verdict: Verdict, seconds: float) -> None:
    """Not now, or without a clear answer: asked for again in `seconds`."""
    _leave(document_id, "voiding", verdict, seconds)


def _leave(document_id: int, state: str, verdict: Verdict, seconds: float | None) -> None:
    sql.execute(
        """UPDATE connectors_pushitem SET state = %s,
               waits_until = clock_timestamp() + make_interval(secs => %s), failure_code = %s, failure_sentence = %s,
               failure_remedy = %s, failure_turn = %s, updated_at = clock_timestamp()
           WHERE document_id = %s AND state = 'voiding'""",
        (state, seconds, *verdict, document_id),
    )


def open_voids(connection_id: int) -> OpenVoids:
    """What is still to be taken back at a connection."""
    found = sql.rows(
        """SELECT count(*) OVER (), extract(epoch FROM min(greatest(coalesce(waits_until, clock_timestamp())
                   - clock_timestamp(), interval '0')) OVER ())::float8,
               failure_code, failure_sentence, failure_remedy, failure_turn
           FROM connectors_pushitem WHERE connection_id = %s AND state = 'voiding'
           ORDER BY failure_code = '', document_id LIMIT 1""",
        (connection_id,),
    )
    if not found:
        return OpenVoids(0, None, None)
    count, seconds, *verdict = found[0]
    return OpenVoids(count, seconds, Verdict(*verdict) if verdict[0] else None)
