"""What people decide about deliveries: try again, or take a posting back that went nowhere."""

from __future__ import annotations

from uuid import UUID

from connectors.models import Connection, PushItem
from ledger import sql
from ledger.models import Posting
from ledger.services import audit
from ledger.withdraw import withdraw

# Refused, and yet it may be at the platform: claimed once, and its outcome never found out.
DOUBTFUL_CODES = ("unknown_outcome", "duplicate", "unusable_id")
_MAY_BE_THERE = ("sending", "unknown", "pushed", "removed", "voiding", "voided")


class CannotWithdraw(Exception):
    """Something of the posting is at the platform, or may be."""


def retry_items(*, connection_id: int, actor: str, act: UUID | None = None, document_id: int | None = None) -> int:
    """Prepare what was refused at a connection once more, under the same keys; how many.

    All of it, or only the documents of one run (`act`) or one document. The next delivery takes them along;
    `commerce_sync.retrying` asks for it.
    """
    with sql.unit_of_work():
        # A row whose outcome was never found out is looked up again and not simply sent: it was claimed once.
        count = sql.execute(
            """UPDATE connectors_pushitem item SET
                   state = CASE WHEN failure_code = ANY(%s) AND claimed_at IS NOT NULL
                       AND deadline_at IS NOT NULL THEN 'unknown' ELSE 'prepared' END,
                   attempts = 0, waits_until = NULL, failure_code = '', failure_sentence = '', failure_remedy = '',
                   failure_turn = '', updated_at = clock_timestamp()
               FROM ledger_document document JOIN ledger_posting posting ON posting.id = document.posting_id
               WHERE item.connection_id = %s AND item.state = 'refused' AND document.id = item.document_id
                   AND document.withdrawn_at IS NULL
                   AND (%s::uuid IS NULL OR posting.act = %s) AND (%s::bigint IS NULL OR document.id = %s)""",
            (list(DOUBTFUL_CODES), connection_id, act, act, document_id, document_id),
        )
        if count:
            company = Connection.objects.select_related("company__partner").get(pk=connection_id).company
            subject = str(act or "") or (f"document {document_id}" if document_id else "")
            audit(code="document.retried", actor=actor, company=company, subject=subject, detail={"documents": count})
    return count


def withdraw_posting(*, posting_id: int, actor: str) -> int:
    """Take a posting out of the books whose documents are all still here; how many records wait again.

    Raises `CannotWithdraw`, and `ledger.withdraw.LaterPosting` when a later posting rests on it.
    """
    with sql.unit_of_work():
        states = [
            state
            for (state,) in sql.rows(
                """SELECT item.state FROM connectors_pushitem item
                   JOIN ledger_document document ON document.id = item.document_id
                   WHERE document.posting_id = %s ORDER BY item.document_id FOR UPDATE OF item""",
                (posting_id,),
            )
        ]
        if any(state in _MAY_BE_THERE for state in states):
            raise CannotWithdraw("part of this posting is at the platform, or may be: post a correction instead")
        PushItem.objects.filter(document__posting_id=posting_id).delete()
        count = withdraw(posting_id=posting_id)
        posting = Posting.objects.select_related("company").get(pk=posting_id)
        audit(code="posting.withdrawn", actor=actor, company=posting.company, subject=str(posting)[:200])
    return count
