"""What people of the console do to syncs. Keyword-only; each writes an audit entry that says why, beside those of what
was done. Money is not touched here: the services of commerce_sync do that by their own rules."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from commerce_sync import services
from commerce_sync.models import Sync, Undo
from commerce_sync.retrying import retry_documents
from commerce_sync.undo import request_redo, request_undo
from connectors.models import Connection
from ledger.models import Company, Document
from ledger.services import audit


class CannotSync(Exception):
    """Something has to be there first; the message says what."""


@transaction.atomic
def retry(*, company: Company, actor: str, why: str, sync: Sync | None = None, document: Document | None = None) -> int:
    """Send refused documents once more, of a sync or one; how many. 0: none of them is refused any more."""
    count = retry_documents(company=company, actor=actor, sync=sync, document=document)
    subject = document.reference if document is not None else str(sync.public_id if sync else company.public_id)
    if count:
        _note("console.retried", actor, company, subject, why, documents=count)
    return count


@transaction.atomic
def sync_now(
    *, company: Company, actor: str, why: str, from_day: date | None = None, through: date | None = None
) -> Sync:
    """Ask for a sync of what is new, or with ``from_day`` of these days again.

    Raises `CannotSync`, and `commerce_sync.services.AlreadyRunning` while one has not ended.
    """
    kinds = set(Connection.objects.filter(company=company, status="Linked").values_list("kind", flat=True))
    if missing := [kind for kind in ("commerce", "accounting") if kind not in kinds]:
        raise CannotSync(f"No {' and no '.join(missing)} connection is linked: connect it first.")
    if not company.book_versions.exists():
        raise CannotSync("The company has no mapping yet: the merchant has to finish the set-up first.")
    trigger = Sync.Trigger.HISTORIC if from_day is not None else Sync.Trigger.REQUEST
    sync = services.request_sync(company=company, trigger=trigger, from_day=from_day, through=through)
    _note("sync.requested", actor, company, str(sync.public_id), why, days=[str(from_day or ""), str(through or "")])
    return sync


def undo(*, sync: Sync, plan_digest: str, actor: str, why: str) -> Undo:
    """Have the sync undone as its plan was shown. Raises what `commerce_sync.undo.request_undo` raises.

    Not one transaction: the platform is asked for its closed period in between, so the reason is written first.
    """
    _note("console.undo_asked", actor, sync.company, str(sync.public_id), why)
    return request_undo(company=sync.company, sync=sync, plan_digest=plan_digest, actor=actor)


@transaction.atomic
def redo(*, undo: Undo, actor: str, why: str) -> Undo:
    """Bring back what was undone. Raises what `commerce_sync.undo.request_redo` raises."""
    done = request_redo(undo=undo, actor=actor)
    _note("console.redone", actor, undo.company, str(undo.public_id), why)
    return done


def _note(code: str, actor: str, company: Company, subject: str, why: str, **facts: object) -> None:
    audit(code=code, actor=actor, company=company, subject=subject[:200], detail={"why": why, **facts})
