"""What people decide about deliveries: try again, or take a posting back that went nowhere."""

from __future__ import annotations

from connectors.models import Connection, PushItem
from ledger import sql
from ledger.models import Posting
from ledger.services import audit
from ledger.withdraw import withdraw

_MAY_BE_THERE = ("sending", "unknown", "pushed", "removed")


class CannotWithdraw(Exception):
    """Something of the posting is at the platform, or may be."""


def retry_items(*, connection_id: int, actor: str) -> int:
    """Prepare everything that was refused once more, under the same keys; how many."""
    with sql.unit_of_work():
        # A row whose outcome was never found out is looked up again and not simply sent: it was claimed once.
        count = sql.execute(
            """UPDATE connectors_pushitem SET
                   state = CASE WHEN failure_code IN ('unknown_outcome', 'duplicate') AND claimed_at IS NOT NULL
                       AND deadline_at IS NOT NULL THEN 'unknown' ELSE 'prepared' END,
                   attempts = 0, waits_until = NULL, failure_code = '', failure_sentence = '', failure_remedy = '',
                   failure_turn = '', updated_at = clock_timestamp()
               WHERE connection_id = %s AND state = 'refused'""",
            (connection_id,),
        )
        company = Connection.objects.select_related("company").get(pk=connection_id).company
        audit(code="document.retried", actor=actor, company=company, detail={"documents": count})
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
