"""Refused documents that a changed mapping can mend: taken back, so that they are composed anew under the one in force.

A document keeps the accounts that its mapping named. Sent again as it is, one that was refused for an account would be
refused again, whatever was chosen since.
"""

from __future__ import annotations

from typing import Final, LiteralString
from uuid import UUID

from django.db import transaction

from connectors.push_support import DOUBTFUL_CODES, CannotWithdraw, withdraw_posting
from ledger import sql
from ledger.models import Company
from ledger.withdraw import AlreadyPushed, LaterPosting

MOST_AT_ONCE: Final = 200  # postings; who asks again goes on with the others

# The latest first: what a later posting rests on can only be taken back after it.
_OUTDATED: Final[LiteralString] = """
    SELECT posting.id, count(*) FILTER (WHERE item.state = 'refused')
    FROM connectors_pushitem item
    JOIN ledger_document document ON document.id = item.document_id AND document.withdrawn_at IS NULL
    JOIN ledger_posting posting ON posting.id = document.posting_id
    WHERE posting.id IN (
            SELECT refused.posting_id FROM connectors_pushitem own
            JOIN ledger_document refused ON refused.id = own.document_id
            WHERE own.company_id = %(company)s AND own.state = 'refused'
                AND (%(document)s::bigint IS NULL OR own.document_id = %(document)s))
        AND (%(act)s::uuid IS NULL OR posting.act = %(act)s)
        AND posting.book_version_id < (SELECT max(id) FROM ledger_bookversion WHERE company_id = %(company)s)
    GROUP BY posting.id
    HAVING NOT bool_or(item.state = 'refused' AND item.failure_code = ANY(%(doubtful)s) AND item.claimed_at IS NOT NULL)
    ORDER BY posting.id DESC LIMIT %(most)s
"""


@transaction.atomic
def repost_refused(*, company: Company, actor: str, act: UUID | None = None, document_id: int | None = None) -> int:
    """Take back the postings with refused documents that were composed under a former version of the company's mapping,
    where nothing of them has left or may have; how many refused documents were taken back. The next sync posts their
    records anew. All of them, or only the postings of one run (``act``) or of one document. What a later posting rests
    on stays as it is."""
    values = {
        "company": company.pk,
        "doubtful": list(DOUBTFUL_CODES),
        "most": MOST_AT_ONCE,
        "act": act,
        "document": document_id,
    }
    count = 0
    for posting_id, refused in sql.rows_named(_OUTDATED, values):
        try:
            with transaction.atomic():
                withdraw_posting(posting_id=posting_id, actor=actor)
        except (AlreadyPushed, CannotWithdraw, LaterPosting):
            continue
        count += refused
    return count
