"""Carrying out an undo, step by step; killed anywhere, or kept waiting for days, the next run of the company goes on.

begin    one transaction: records set aside, what never left withdrawn, what has to be taken back marked so
void     at the platform, document by document (`connectors.voiding`)
finish   one transaction: what would not be taken back gets its reversal, and the undo is done

Reversals then leave with the ordinary delivery. On the built-in books all of it is one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date

from django.db import transaction
from msgspec import Struct

from commerce_sync import undo_rows
from commerce_sync.models import Undo
from commerce_sync.selectors import Run
from commerce_sync.undo_plan import PlannedPosting, Target, make_plan
from connectors.push import Delivery
from connectors.push_verdicts import Verdict
from connectors.voiding import VoidResult, request_voids, void_due
from ledger import faultpoints, sql
from ledger.reversal import InexactReversal
from ledger.reversal_rows import post_reversals
from ledger.services import audit, now
from ledger.set_aside import set_aside

logger = logging.getLogger(__name__)


class Undoing(Struct, frozen=True):
    """What is left of the company's undo: `open` documents, with why, and after how long going on can do more."""

    open: int = 0
    next_seconds: float | None = None
    verdict: Verdict | None = None


def go_on(run: Run, work: Delivery, today: date, locked_through: date | None, counts: dict[str, int]) -> Undoing:
    """Work on the company's unfinished undo. `today` is the last business day that is kept now, `locked_through` the
    last one that the platform has closed; `counts["taken_back"]` grows by the documents that were taken back.

    Raises `connectors.errors.NotAuthorized`.
    """
    together = sql.unit_of_work() if work.platform.local else nullcontext()
    with together:
        unfinished = Undo.objects.filter(company_id=run.company_id, finished_at=None)
        undo = unfinished.select_related("company__partner", "run", "sync", "posting").first()
        if undo is None:
            return Undoing()
        target = Target(work.platform.name, work.platform.voids, locked_through)
        if undo.state == Undo.State.REQUESTED:
            verdict = _begin(undo, target, work.session.connection_id, counts)
            if verdict is not None:
                return Undoing(verdict=verdict, open=int(not run.brings_sales))
            faultpoints.reached("after_undo_begin")
        result = void_due(work)
        counts["taken_back"] = counts.get("taken_back", 0) + result.voided
        left = undo_rows.document_ids(undo.posting_ids, ["voiding"])
        if left:
            return _kept_waiting(undo, result, len(left))
        faultpoints.reached("before_undo_finish")
        return _finished(undo, today, locked_through)


def _begin(undo: Undo, target: Target, connection_id: int, counts: dict[str, int]) -> Verdict | None:
    """Set aside, withdraw and mark; or end the undo, when what was agreed to can no longer be done (the reason)."""
    with sql.unit_of_work():
        found = undo_rows.found_postings(undo.company_id, undo.posting_ids, connection_id)
        records = undo_rows.records_in_books(undo.company_id, undo.posting_ids)
        plan = make_plan(found, records, target)
        if plan.blocked or {each.posting_id for each in plan.postings} != set(undo.posting_ids):
            return _failed(undo, " ".join(plan.sentences))
        _mark(plan.postings)
        counts["taken_back"] = counts.get("taken_back", 0) + undo_rows.withdraw_documents(undo.posting_ids)
        set_aside(company_id=undo.company_id, posting_ids=undo.posting_ids)
        undo.state = Undo.State.RUNNING
        undo.save(update_fields=["state"])
    return None


def _mark(postings: Sequence[PlannedPosting]) -> None:
    """Ask for the voids; what somebody has removed at the platform is gone already, whatever the way."""
    voids = [posting.posting_id for posting in postings if posting.way == "void"]
    every = [posting.posting_id for posting in postings]
    ids = {*undo_rows.document_ids(voids, ["pushed"]), *undo_rows.document_ids(every, ["removed"])}
    request_voids(document_ids=sorted(ids))


def _failed(undo: Undo, why: str) -> Verdict:
    words = f"The books have changed since the plan was made, and nothing was undone. {why}"
    verdict = Verdict("plan_changed", words[:500], "Make a new plan and look at it.", "merchant")
    undo.state, undo.finished_at = Undo.State.FAILED, now()
    _say(undo, verdict)
    return verdict


def _kept_waiting(undo: Undo, result: VoidResult, left: int) -> Undoing:
    """What is left at a connection that is not the present one waits for it to be connected again."""
    verdict = result.verdict or (_WAITS if result.open else _ELSEWHERE)
    _say(undo, verdict)
    return Undoing(left, result.next_seconds, verdict)


def _say(undo: Undo, verdict: Verdict) -> None:
    undo.failure_code, undo.failure_sentence, undo.failure_remedy, undo.failure_turn = verdict
    undo.save()


def _finished(undo: Undo, today: date, locked_through: date | None) -> Undoing:
    """Reverse what stays, and end the undo. A reversal that would not be exact is never written."""
    try:
        with transaction.atomic():  # by itself, also inside the one transaction of the built-in books
            reversals = post_reversals(
                company_id=undo.company_id,
                posting_ids=undo.posting_ids,
                act=undo.run.public_id,
                through=today,
                locked_through=locked_through,
            )
            undo.state, undo.finished_at = Undo.State.DONE, now()
            _say(undo, Verdict("", "", "", ""))
            _tell(undo, reversals)
    except InexactReversal:
        logger.exception("undo %s cannot be finished", undo.public_id)
        undo.refresh_from_db()
        _say(undo, _INEXACT)
        return Undoing(open=1, verdict=_INEXACT)
    faultpoints.reached("after_undo_finish")
    return Undoing()


def _tell(undo: Undo, reversals: int) -> None:
    detail = {
        "undo": str(undo.public_id),
        "postings": len(undo.posting_ids),
        "records": undo.plan["records"],
        "reversals": reversals,
    }
    audit(code="sync.undone", actor=undo.actor, company=undo.company, subject=_subject(undo), detail=detail)


def _subject(undo: Undo) -> str:
    return str(undo.sync.public_id if undo.sync is not None else undo.posting)[:200]


_WAITS = Verdict(
    "void_waits",
    "The accounting software has not taken everything back yet.",
    "Nothing to do: it is asked again, by every sync.",
    "nobody",
)
_ELSEWHERE = Verdict(
    "void_elsewhere",
    "Documents that have to be taken back are at accounting software that is not connected any more.",
    "Connect it again, or take them back there by hand.",
    "merchant",
)
_INEXACT = Verdict(
    "inexact_reversal",
    "The reversal would not leave the books as they were, so it was not written.",
    "Look at the documents of the undo's postings: a rule of reversal is wrong.",
    "support",
)
