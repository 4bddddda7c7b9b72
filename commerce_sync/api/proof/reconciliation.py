"""Reconciliation per day: what the sales systems state, what the documents hold, what the books say."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.operation import operation
from commerce_sync.api.proof.parameters import calendar_of, parameter, read_period
from commerce_sync.api.shape import Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.reconcile import DayTotals, reconcile
from commerce_sync.reconcile_suspects import Suspect, disagreeing, suspects
from commerce_sync.reconcile_text import describe_differences
from ledger.money import to_decimal
from ledger.services import now

USUAL_DAYS: Final = 31
MOST_SEARCHED: Final = 31  # days whose differences are traced to records in one answer
Day = date


class ReconciledTopic(Shape):
    """One topic of a day: what the records state, and what the documents hold of it. ``is_comparable`` false: the
    configuration mixes it with others in the documents, so that its difference says nothing."""

    topic: str
    stated: Decimal
    documents: Decimal
    difference: Decimal
    is_comparable: bool


class ReconciledDelivery(Shape):
    """The documents of a day and what the accounting software has of them, as the sums of their debits.

    ``accounting`` and ``difference`` are absent until everything was read back. ``undelivered`` documents are not there
    yet; ``disagreeing`` ones read back as something else: ``references`` names them.
    """

    count: int
    documents: Decimal
    undelivered: int
    disagreeing: int
    references: list[str]
    accounting: Decimal | UnsetType = UNSET
    difference: Decimal | UnsetType = UNSET


class ReconciledCause(Shape):
    """A record that may explain a difference, and why it is suspected."""

    kind: str
    id: str
    total: Decimal
    reason: str


class ReconciledDay(Shape):
    """One business day and currency. ``day`` is absent for books that post per payout: there all days are one.

    ``record_count`` counts records in the books. ``difference`` is by how much the day is off in all. ``sentences`` say
    each difference in words; ``causes`` are the records to look at first.
    """

    currency: str
    record_count: int
    is_reconciled: bool
    difference: Decimal
    topics: list[ReconciledTopic]
    delivery: ReconciledDelivery
    sentences: list[str]
    causes: list[ReconciledCause]
    day: Day | UnsetType = UNSET


class Reconciliation(Shape):
    """The days of a company, oldest first; a day on which nothing was posted has no row. ``off_count`` are off."""

    start: Day
    finish: Day
    is_reconciled: bool
    off_count: int
    days: list[ReconciledDay]


class ReconcileDays(ApiView):
    """The reconciliation of a company."""

    @operation(
        "get-reconciliation",
        "Get reconciliation per day",
        tag="Reconciliation",
        answers=Reconciliation,
        errors=(404,),
        query=(
            parameter("from", "First business day, or an instant that lies in it; by default 30 days before the last."),
            parameter("to", "Last business day, or an instant that lies in it; by default today."),
        ),
    )
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """Per business day and currency: what the sales systems state, what the documents hold of it, and what the
        accounting software says when it is read back. At most 400 days."""
        company = self.company(companyId)
        calendar = calendar_of(company)
        said_last = request.query_params.get("to", calendar.day_of(now()).isoformat())
        said_first = request.query_params.get("from")
        if said_first is None:
            last = read_period(said_last, said_last, ("to", "to"), calendar)[1]
            said_first = (last - timedelta(days=USUAL_DAYS - 1)).isoformat()
        first, last = read_period(said_first, said_last, ("from", "to"), calendar)
        days = reconcile(company.pk, first=first, last=last)
        off = [each for each in days if not each.is_reconciled]
        references = disagreeing(company.pk, first, last) if any(each.disagreeing for each in off) else {}
        causes = {id(each): suspects(each) for each in [day for day in off if day.differences][:MOST_SEARCHED]}
        shown = [
            _day(each, causes.get(id(each), []), references.get((each.company_id, each.day, each.currency), []))
            for each in days
        ]
        return answer(Reconciliation(start=first, finish=last, is_reconciled=not off, off_count=len(off), days=shown))


def _day(found: DayTotals, causes: list[Suspect], references: list[str]) -> ReconciledDay:
    currency = found.currency
    back = found.read_back
    return ReconciledDay(
        currency=currency,
        record_count=found.records,
        is_reconciled=found.is_reconciled,
        difference=to_decimal(found.off, currency),
        topics=[
            ReconciledTopic(
                topic=topic,
                stated=to_decimal(amounts.stated, currency),
                documents=to_decimal(amounts.documents, currency),
                difference=to_decimal(amounts.difference, currency),
                is_comparable=topic not in found.incomparable,
            )
            for topic, amounts in sorted(found.topics.items())
        ],
        delivery=ReconciledDelivery(
            count=found.documents,
            documents=to_decimal(found.debits, currency),
            undelivered=found.undelivered,
            disagreeing=found.disagreeing,
            references=references,
            accounting=UNSET if back is None else to_decimal(back, currency),
            difference=UNSET if back is None else to_decimal(back - found.debits, currency),
        ),
        sentences=describe_differences([found]),
        causes=[
            ReconciledCause(
                kind=each.kind, id=each.external_id, total=to_decimal(each.total, currency), reason=each.reason
            )
            for each in causes
        ],
        day=found.day or UNSET,
    )


urlpatterns = [path("companies/<str:companyId>/reconciliation", ReconcileDays.as_view())]
