"""Days that are in the books, kept anew under a changed book: asked for here, done by a sync."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from commerce_sync.models import Sync
from commerce_sync.services import request_sync
from ledger.calendar import Calendar
from ledger.models import Company
from ledger.restating import requeue
from ledger.services import audit


@transaction.atomic
def restate(*, company: Company, calendar: Calendar, from_day: date, through: date, actor: str) -> Sync:
    """A sync that posts what the book in force changes of the business days `from_day` through `through`.

    What an undo keeps out of them stays out. Days that are closed in the accounting software are corrected on the first
    open one. Raises `commerce_sync.services.AlreadyRunning`; nothing is changed then.
    """
    sync = request_sync(
        company=company, trigger=Sync.Trigger.HISTORIC, from_day=from_day, through=through, with_undone=False
    )
    start, end = calendar.bounds(from_day)[0], calendar.bounds(through)[1]
    count = requeue(company_id=company.pk, start=start, end=end)
    detail = {"run": str(sync.public_id), "records": count}
    audit(
        code="days.restated", actor=actor, company=company, subject=f"{from_day} through {through}", detail=detail
    )  # fmt: skip
    return sync
