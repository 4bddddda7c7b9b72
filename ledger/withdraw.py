"""Taking a posting back that never left this house: its documents are withdrawn and its records wait again."""

from __future__ import annotations

from ledger import sql
from ledger.set_aside import LaterPosting, bring_back, set_aside

__all__ = ["AlreadyPushed", "LaterPosting", "withdraw"]


class AlreadyPushed(Exception):
    """A document of the posting is at the platform: it can only be voided there or corrected by another posting."""


def withdraw(*, posting_id: int) -> int:
    """Undo one posting in the ledger; how many records are pending again. Joins the caller's transaction.

    What it brought into the books waits again (or is overtaken, when a newer version has come meanwhile); what it took
    out is back in the books. Doing it twice changes nothing. The caller knows that no document may be at the platform
    (`connectors.push_support`); one that is marked as pushed raises `AlreadyPushed`, a later posting of the same
    records `LaterPosting`.
    """
    with sql.unit_of_work():
        company = sql.rows("SELECT company_id FROM ledger_posting WHERE id = %s", (posting_id,))[0][0]
        sql.rows("SELECT 1 FROM ledger_company WHERE id = %s FOR NO KEY UPDATE", (company,))
        if sql.rows("SELECT 1 FROM ledger_posting WHERE id = %s AND withdrawn_at IS NOT NULL", (posting_id,)):
            return 0
        if sql.rows(
            "SELECT 1 FROM ledger_document WHERE posting_id = %s AND pushed_at IS NOT NULL LIMIT 1", (posting_id,)
        ):
            raise AlreadyPushed(f"posting {posting_id}")
        set_aside(company_id=company, posting_ids=[posting_id])
        sql.execute(
            "UPDATE ledger_document SET withdrawn_at = now() WHERE posting_id = %s AND withdrawn_at IS NULL",
            (posting_id,),
        )
        return bring_back(company_id=company, posting_ids=[posting_id])
