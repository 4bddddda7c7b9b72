"""Undo and redo, on a person's word: a plan first, then the request, carried out by the company's next run.

Undoing a sync takes back its postings; undoing a document, the posting that it belongs to, with those that share a
record with it: half a sale in the books is never right. The books are then as before, to the unit. What was undone
stays out until it is redone, or its days are synced again on purpose. Keyword-only; each call is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from commerce_sync import undo_rows
from commerce_sync.models import Sync, Undo
from commerce_sync.services import AlreadyRunning, request_sync
from commerce_sync.undo_plan import Plan, Target, make_plan
from connectors import registry
from connectors.errors import Failure
from connectors.http import open_door
from connectors.models import Connection
from connectors.session import Session
from ledger.models import Company, Document
from ledger.services import audit, now
from ledger.set_aside import bring_back
from ledger.tied_rows import tied_postings


class PlanChanged(Exception):
    """The books have changed since the plan was shown: nothing was done. `plan` is how it is now."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("The plan has changed since it was shown. Look at the new one and ask again.")


class CannotUndo(Exception):
    """Something has to happen first: nothing was done. The `plan` says what."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(" ".join(plan.sentences))


class CannotRedo(Exception):
    """The undo has not been carried out, or its records are out because of another one: nothing was done."""


def plan_undo(*, company: Company, sync: Sync | None = None, document: Document | None = None) -> Plan:
    """What undoing a sync, or a document, of this company would do; nothing is written.

    Asks the accounting platform for its closed period; when it cannot be asked, the plan is blocked and says why.
    Raises ValueError for both or neither of them, and for those of another company.
    """
    link = _accounting(company)
    return _plan(company, _postings(company, sync, document), link, _target(link))


def request_undo(
    *, company: Company, plan_digest: str, actor: str, sync: Sync | None = None, document: Document | None = None
) -> Undo:
    """Have the undo carried out whose plan was shown; the bell rings when this transaction commits.

    Raises `PlanChanged` when the plan is not the one of `plan_digest` any more, `CannotUndo` when it is blocked,
    `commerce_sync.services.AlreadyRunning` while a sync or another undo of the company has not ended, and ValueError as
    `plan_undo` does. Nothing is done then.
    """
    link = _accounting(company)
    target = _target(link)
    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        if Undo.objects.filter(company=company, finished_at=None).exists():
            raise AlreadyRunning(company.name)
        run = request_sync(company=company, trigger=Sync.Trigger.UNDO)
        plan = _plan(company, _postings(company, sync, document), link, target)
        if plan.digest != plan_digest:
            raise PlanChanged(plan)
        if plan.blocked:
            raise CannotUndo(plan)
        undo = Undo.objects.create(
            company=company,
            sync=sync,
            posting=document.posting if document is not None else None,
            run=run,
            plan=plan.as_json(),
            actor=actor,
            requested_at=now(),
        )
        subject = str(sync.public_id) if sync is not None else str(document and document.reference)
        detail = {"undo": str(undo.public_id), "plan": list(plan.sentences)}
        audit(code="sync.undo_requested", actor=actor, company=company, subject=subject, detail=detail)
    return undo


@transaction.atomic
def request_redo(*, undo: Undo, actor: str) -> Undo:
    """Let the records of an undo wait again, and ask for the sync that posts them under the book in force.

    Doing it twice changes nothing. Raises `CannotRedo`, and `commerce_sync.services.AlreadyRunning` while a sync of the
    company has not ended; nothing is done then.
    """
    undo = Undo.objects.select_for_update(of=("self",)).select_related("company__partner").get(pk=undo.pk)
    if undo.redone_at is not None:
        return undo
    if undo.state != Undo.State.DONE:
        raise CannotRedo("The undo has not been carried out yet, so there is nothing to bring back.")
    run = request_sync(company=undo.company)
    records = bring_back(company_id=undo.company_id, posting_ids=undo.posting_ids)
    if not records and undo.plan["records"]:
        raise CannotRedo("Its records are out of the books because of another undo: redo that one instead.")
    undo.redone_at, undo.redone_by, undo.redo_run = now(), actor, run
    undo.save(update_fields=["redone_at", "redone_by", "redo_run"])
    detail = {"undo": str(undo.public_id), "records": records, "run": str(run.public_id)}
    audit(code="sync.redone", actor=actor, company=undo.company, subject=str(undo.public_id), detail=detail)
    return undo


def _postings(company: Company, sync: Sync | None, document: Document | None) -> list[int]:
    """The postings that have to go together. Raises ValueError."""
    if (sync is None) == (document is None):
        raise ValueError("either a sync or a document is undone")
    if sync is not None:
        if sync.company_id != company.pk:
            raise ValueError("the sync is another company's")
        return undo_rows.postings_of_run(company.pk, sync.public_id)
    if document is None or document.company_id != company.pk:
        raise ValueError("the document is another company's")
    return tied_postings(document.posting_id)


def _plan(company: Company, posting_ids: Sequence[int], link: Connection | None, target: Target) -> Plan:
    found = undo_rows.found_postings(company.pk, posting_ids, link.pk if link else None)
    return make_plan(found, undo_rows.records_in_books(company.pk, posting_ids), target)


def _accounting(company: Company) -> Connection | None:
    linked = Connection.objects.filter(
        company=company, kind=Connection.Kind.ACCOUNTING, status=Connection.Status.LINKED
    )
    return linked.first()


def _target(link: Connection | None) -> Target:
    """What the company's accounting platform can take back now."""
    if link is None:
        return Target("", trouble="No accounting software is connected: connect it first.")
    platform = registry.accounting(link.platform)
    try:
        if platform.local:
            facts = platform.facts(Session(link.pk, link.company_id, link.settings))
        else:
            with open_door(link, platform) as door:
                facts = platform.facts(Session(link.pk, link.company_id, link.settings, door))
    except Failure as failure:
        why = f"{platform.name} cannot be asked for its closed period now: {failure} {failure.remedy}"
        return Target(platform.name, platform.voids, trouble=why)
    return Target(platform.name, platform.voids, facts.lock_through)
