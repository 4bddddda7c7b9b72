"""Refused documents go again, and really leave: what is prepared once more gets a run that delivers it."""

from __future__ import annotations

from django.db import transaction

from commerce_sync.models import Sync
from commerce_sync.reposting import repost_refused
from commerce_sync.services import AlreadyRunning, note_event, note_retry, request_sync
from connectors.models import Connection
from connectors.push_support import retry_items
from ledger.models import Company, Document


@transaction.atomic
def retry_documents(*, company: Company, actor: str, sync: Sync | None = None, document: Document | None = None) -> int:
    """Send the refused documents of a company once more under the same keys; how many.

    All of them, or those of one sync, or one document. They leave with a run that delivers and does nothing else, as
    soon as no other run of the company is under way. Without a linked accounting connection there is nowhere to send
    them: 0.

    Where the mapping was changed since, documents are not sent as they are but composed anew under the one in force
    (`commerce_sync.reposting`), by a sync of their own, as soon as no other one is under way.
    """
    act = sync.public_id if sync is not None else None
    document_id = document.pk if document is not None else None
    links = Connection.objects.filter(company=company, kind=Connection.Kind.ACCOUNTING, status=Connection.Status.LINKED)
    anew = repost_refused(company=company, actor=actor, act=act, document_id=document_id) if links else 0
    count = sum(retry_items(connection_id=link.pk, actor=actor, act=act, document_id=document_id) for link in links)
    if count:
        note_retry(company_id=company.pk)
    if anew:
        try:
            request_sync(company=company)
        except AlreadyRunning:
            note_event(company_id=company.pk)
    return count + anew
