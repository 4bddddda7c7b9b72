"""Reading back: what the platform says it has, compared with what we sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Final

from connectors.errors import Failure, NotAuthorized, RefusalReason, Refused, Waiting
from connectors.models import Connection
from connectors.platform import AccountingPlatform
from connectors.session import ReadBack, Session
from ledger import sql
from ledger.documents import Document, decode_document
from ledger.services import audit

BINDINGS_AT_ONCE: Final = 200

Legs = Iterable[tuple[str, int, int]]


def verify(platform: AccountingPlatform, session: Session) -> int:
    """Read back the bindings that nobody has read yet; how many disagree. A platform that cannot say ends it quietly.

    A difference is an audit entry `document.mismatch`, never corrected by itself: somebody may have meant it.
    """
    if type(platform).read_back is AccountingPlatform.read_back:
        return 0
    found = sql.rows(
        """SELECT binding.id, binding.remote_id, binding.kind, document.body
           FROM connectors_binding binding JOIN ledger_document document ON document.id = binding.document_id
           WHERE binding.connection_id = %s AND binding.verified_at IS NULL AND binding.voided_at IS NULL
               AND NOT EXISTS (SELECT FROM connectors_pushitem item
                               WHERE item.binding_id = binding.id AND item.state = 'voiding')
           ORDER BY binding.id LIMIT %s""",
        (session.connection_id, BINDINGS_AT_ONCE),
    )
    wrong = 0
    for binding_id, remote_id, kind, body in found:
        document = decode_document(bytes(body))
        try:
            there = platform.read_back(session, remote_id, kind)
        except Refused as failure:
            if failure.reason is RefusalReason.NOT_FOUND:
                _removed(session, binding_id, document)
                wrong += 1
            continue
        except (Waiting, NotAuthorized):
            break  # delivering meets it too, and says so
        except Failure:
            continue  # read again by the next run
        if there is None:
            _not_told(binding_id)
            continue
        whole = there if isinstance(there, ReadBack) else ReadBack(list(there))
        wrong += not _compared(session, binding_id, document, whole)
    return wrong


def sums(legs: Legs) -> dict[str, int]:
    """Account → signed amount; platforms order and split lines as they like."""
    total: Counter[str] = Counter()
    for account, debit, credit in legs:
        total[account] += debit - credit
    return {account: amount for account, amount in total.items() if amount}


def _compared(session: Session, binding_id: int, document: Document, there: ReadBack) -> bool:
    ours, theirs = sums(document.entries()), sums(there.legs)
    detail: dict[str, object] = {} if ours == theirs else {"ours": ours, "theirs": theirs}
    day = document.header.date
    if there.day is not None and there.day != day:  # it counts in another period there
        detail |= {"day_ours": day.isoformat(), "day_theirs": there.day.isoformat()}
    agrees = not detail
    with sql.unit_of_work():
        sql.execute(
            """UPDATE connectors_binding SET verified_at = clock_timestamp(), agrees = %s, read_back = %s::jsonb
               WHERE id = %s""",
            (agrees, json.dumps(theirs), binding_id),
        )
        if not agrees:
            _tell(session, "document.mismatch", document, detail)
    return agrees


def _not_told(binding_id: int) -> None:
    """The platform does not say what this one did to the accounts: asking each time would keep others from being read.

    `agrees` stays open, so that it passes for no comparison; once it is changed there it is asked again.
    """
    sql.execute("UPDATE connectors_binding SET verified_at = clock_timestamp() WHERE id = %s", (binding_id,))


def _removed(session: Session, binding_id: int, document: Document) -> None:
    """Voided or deleted there by a person: not made again, somebody is asked."""
    with sql.unit_of_work():
        sql.execute(
            """UPDATE connectors_binding SET verified_at = clock_timestamp(), agrees = false, read_back = '{}'
               WHERE id = %s""",
            (binding_id,),
        )
        sql.execute(
            "UPDATE connectors_pushitem SET state = 'removed', updated_at = clock_timestamp() WHERE binding_id = %s",
            (binding_id,),
        )
        _tell(session, "document.removed", document, {})


def _tell(session: Session, code: str, document: Document, detail: dict[str, object]) -> None:
    company = Connection.objects.select_related("company").get(pk=session.connection_id).company
    audit(code=code, actor="push", company=company, subject=document.header.reference, detail=detail)
