"""What a run asks the rows at its end: what earlier attempts did, and what keeps something back."""

from __future__ import annotations

from commerce_sync.selectors import Run
from connectors.push_verdicts import Verdict
from ledger import faultpoints, sql


def recount(run: Run, counts: dict[str, int]) -> None:
    """What earlier attempts did and could not tell any more, from the rows themselves."""
    counts["documents"], counts["written"], counts["taken_back"] = sql.rows(
        """SELECT (SELECT count(*) FROM ledger_posting posting
                   JOIN ledger_document document ON document.posting_id = posting.id WHERE posting.act = %s),
               (SELECT count(*) FROM ledger_document document
                WHERE document.company_id = %s AND document.pushed_at >= sync.started_at),
               (SELECT count(*) FROM ledger_document document WHERE document.company_id = %s
                AND greatest(document.voided_at, document.withdrawn_at) >= sync.started_at)
           FROM commerce_sync_sync sync WHERE sync.id = %s""",
        (run.act, run.company_id, run.company_id, run.sync_id),
    )[0]


def moved(run: Run) -> None:
    """One more page is stored, so only this attempt counts: workers that died at ten places met no poison."""
    if run.attempts > 1:
        sql.execute(
            "UPDATE commerce_sync_job SET attempts = 1 WHERE id = %s AND lease_token = %s AND attempts > 1",
            (run.job_id, run.lease_token),
        )
    faultpoints.reached("after_page")


def unmapped_roles(company_id: int) -> list[str]:
    """The roles that hold groups back."""
    found = sql.rows(
        """SELECT DISTINCT detail ->> 'role' FROM ledger_problem
           WHERE company_id = %s AND code = 'unmapped_role' AND resolved_at IS NULL ORDER BY 1 LIMIT 20""",
        (company_id,),
    )
    return [role for (role,) in found]


def oldest_refusal(company_id: int) -> Verdict | None:
    """The oldest reason why a document stays here."""
    found = sql.rows(
        """SELECT failure_code, failure_sentence, failure_remedy, failure_turn FROM connectors_pushitem
           WHERE company_id = %s AND state = 'refused' ORDER BY document_id LIMIT 1""",
        (company_id,),
    )
    return Verdict(*found[0]) if found else None
