"""Preview of a period: its documents and their effect on each account, with nothing written."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request

from commerce_sync.api.errors import conflict, invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.proof.document_shapes import DocumentLine, lines_shape
from commerce_sync.api.proof.parameters import read_period
from commerce_sync.api.proof.problem_shapes import ProblemReason, reason_shape
from commerce_sync.api.proof.record_shapes import Names
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.document_lines import lines_of
from commerce_sync.explain_documents import account_names
from commerce_sync.preview import MOST_RECORDS, TooManyRecords, preview
from commerce_sync.preview_result import Effect, KeptOut, Preview, PreviewedDocument
from ledger.models import Company
from ledger.money import to_decimal

MOST_DOCUMENTS: Final = 500
MOST_LINES: Final = 20_000
MOST_NOTICES: Final = 200
Moment = Annotated[str, Meta(min_length=10, max_length=40)]
Day = date


class PreviewRange(Input):
    """From one business day through another: plain dates, or instants that lie in them."""

    start: Moment
    finish: Moment


class PreviewInput(Input):
    """What to preview: ``date_range`` or one ``day``.

    ``view``: ``change`` is what the next sync would post of the period, the difference to what is in the books;
    ``whole`` is what the period looks like under the configuration in force, as if nothing were in the books.
    """

    date_range: PreviewRange | UnsetType = UNSET
    day: Moment | UnsetType = UNSET
    view: Literal["change", "whole"] = "change"


class PreviewDocument(Shape):
    """A document that would be made. ``reference`` is the one that it would get. ``lines`` are left out beyond the
    first 20,000 of an answer."""

    reference: str
    kind: str
    date: Day
    business_day: Day
    currency: str
    total: Decimal
    description: str
    record_count: int
    lines: list[DocumentLine] | UnsetType = UNSET


class PreviewAccount(Shape):
    """What the documents together do to an account; ``net`` is debits less credits."""

    account_id: str
    account_name: str
    currency: str
    debit: Decimal
    credit: Decimal
    net: Decimal


class PreviewRecord(Shape):
    """A record that would stay out of the books, and why; ``is_held``: nothing is wrong with it itself."""

    kind: str
    id: str
    happened_at: datetime
    is_held: bool
    reason: ProblemReason


class PeriodPreview(Shape):
    """What posting the period would do. Of everything that is listed, the counts tell the whole.

    ``effect`` is that of all documents. ``kept_out`` names at most 200 records. ``set_aside_count``: records that an
    undo keeps out. ``other_days``: days outside of the period which its records touch, too. ``is_complete`` false:
    the runs that posted the period are too large to be read whole, and parts of records of other days are missing.
    ``locked_through``: what the accounting software has closed; ``lock_is_known`` false: it is only asked by a sync.
    """

    view: str
    start: Day
    finish: Day
    mapping_version: int
    record_count: int
    document_count: int
    refused_count: int
    held_count: int
    set_aside_count: int
    documents: list[PreviewDocument]
    effect: list[PreviewAccount]
    kept_out: list[PreviewRecord]
    notices: list[ProblemReason]
    other_days: list[Day]
    is_complete: bool
    lock_is_known: bool
    locked_through: Day | UnsetType = UNSET


class PreviewPeriod(ApiView):
    """A preview."""

    stores_answers = False  # it reads, so that there is nothing to do once

    @operation("preview-sync", "Preview a period", tag="Preview", answers=PeriodPreview, body=PreviewInput,
               errors=(404, 409))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """The documents that posting a period would make, and what they do to each account. Nothing is written.

        Both ends of the range are taken as whole business days of the company: a plain date is one, an instant stands
        for the one that it lies in. At most 400 days and 50,000 records.
        """
        company, said = self.company(companyId), self.body(PreviewInput)
        version = company.book_versions.order_by("-number").first()
        if version is None:
            raise conflict("The company is not configured yet. Save its configuration first.")
        if isinstance(said.day, str) == isinstance(said.date_range, PreviewRange):
            raise invalid("Say either dateRange or day.", ("dateRange", "either this"), ("day", "or this"))
        if isinstance(said.date_range, PreviewRange):
            ends, fields = (said.date_range.start, said.date_range.finish), ("dateRange.start", "dateRange.finish")
        else:
            ends, fields = (str(said.day), str(said.day)), ("day", "day")
        first, last = read_period(*ends, fields, version.book.calendar)
        try:
            found = preview(company, first, last, said.view)
        except TooManyRecords:
            words = f"The period has more than {MOST_RECORDS:,} records. Ask for fewer days at a time."
            raise invalid(words, (fields[1], "too many records")) from None
        return answer(_shape(found, company))


def _shape(found: Preview, company: Company) -> PeriodPreview:
    names = account_names(company.pk)
    return PeriodPreview(
        view=found.view,
        start=found.first,
        finish=found.last,
        mapping_version=found.mapping_version,
        record_count=found.records,
        document_count=len(found.documents),
        refused_count=found.refused,
        held_count=found.held,
        set_aside_count=found.set_aside,
        documents=_documents(found.documents[:MOST_DOCUMENTS], names),
        effect=[_account(each, names) for each in found.effects],
        kept_out=[_kept_out(each) for each in found.kept_out],
        notices=[reason_shape(each) for each in found.notices[:MOST_NOTICES]],
        other_days=found.other_days,
        is_complete=found.is_complete,
        lock_is_known=found.lock.is_known,
        locked_through=found.lock.through or UNSET,
    )


def _documents(found: list[PreviewedDocument], names: Names) -> list[PreviewDocument]:
    shown, room = [], MOST_LINES
    for each in found:
        document, header = each.document, each.document.header
        lines = lines_of(document)
        room -= len(lines)
        shown.append(
            PreviewDocument(
                reference=header.reference,
                kind=document.kind,
                date=header.date,
                business_day=each.day,
                currency=header.currency,
                total=to_decimal(document.total, header.currency),
                description=header.narration,
                record_count=each.records,
                lines=lines_shape(lines, header.currency, names) if room >= 0 else UNSET,
            )
        )
    return shown


def _account(effect: Effect, names: Names) -> PreviewAccount:
    currency = effect.currency
    return PreviewAccount(
        account_id=effect.account,
        account_name=names.get(effect.account, effect.account),
        currency=currency,
        debit=to_decimal(effect.debit, currency),
        credit=to_decimal(effect.credit, currency),
        net=to_decimal(effect.debit - effect.credit, currency),
    )


def _kept_out(each: KeptOut) -> PreviewRecord:
    record = each.record
    return PreviewRecord(
        kind=record.kind,
        id=record.external_id,
        happened_at=record.happened_at,
        is_held=each.is_held,
        reason=reason_shape(each.problem),
    )


urlpatterns = [path("companies/<str:companyId>/sync/commerce/preview", PreviewPeriod.as_view())]
