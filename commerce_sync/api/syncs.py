"""Syncs: ask for one, and read how they stand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from msgspec import Struct
from rest_framework.request import Request

from commerce_sync import status
from commerce_sync.api.bodies import raw_body
from commerce_sync.api.connection_shapes import Connection, connection_shape
from commerce_sync.api.errors import ApiError, invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.sync_shapes import (
    CompanySyncStatus,
    SyncRange,
    SyncStatus,
    SyncSummary,
    SyncToLatestArgs,
    company_sync_status,
    sync_status,
    sync_summary,
)
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.models import Sync
from commerce_sync.services import AlreadyRunning, request_sync
from connectors.models import Connection as ConnectionRow
from ledger.book import Book
from ledger.models import Company
from ledger.services import now

MOST_SYNCS: Final = 1_000  # in a list that the contract does not page: the newest ones
_WELL: Final = (status.WRITTEN, status.NOTHING_TO_WRITE)
LONGEST_RANGE: Final = timedelta(days=3 * 366)


class _Ready(Struct, frozen=True):
    """A company that can be synced: its book and its connections."""

    company: Company
    book: Book
    links: list[Connection]


class _SyncView(ApiView):
    def ready(self, company_id: str, request: Request) -> _Ready:
        """The company with what a sync needs; raises `ApiError` 400 with code 4000 and what is missing."""
        company = self.company(company_id)
        rows = _links(company)
        linked = {row.kind for row in rows if row.status == ConnectionRow.Status.LINKED}
        gaps = [
            ("dataConnections", f"no {kind} connection is linked")
            for kind in ("commerce", "accounting")
            if kind not in linked
        ]
        version = company.book_versions.order_by("-number").first()
        if version is None:
            gaps.append(("configuration", "the company is not configured yet"))
        if gaps or version is None:
            words = "The company cannot be synced yet. Link its connections and save its configuration first."
            raise ApiError(400, words, items=gaps, code=status.CONFIGURATION)
        return _Ready(
            company, version.book, [connection_shape(row, company.public_id, request._request) for row in rows]
        )


class Latest(_SyncView):
    """Sync all that is new."""

    @operation("request-sync", "Initiate new sync", tag="Sync", answers=SyncSummary, body=SyncToLatestArgs,
               errors=(400, 404))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """Sync from the last successful sync through the business day of `syncTo`: of now, when it is absent."""
        ready = self.ready(companyId, request)
        said = self.body(SyncToLatestArgs) if raw_body(request._request).strip() else SyncToLatestArgs()
        at = now()
        calendar = ready.book.calendar
        through = calendar.day_of(min(_aware(said.sync_to), at) if said.sync_to else at)
        first = _first_open_day(ready, through)
        sync = _requested(ready.company, trigger="request", through=through)
        return answer(sync_summary(sync, ready.company, ready.links, (first, through), calendar))


class Historic(_SyncView):
    """Sync a range."""

    @operation("request-sync-for-date-range", "Initiate sync for specific range", tag="Sync", answers=SyncSummary,
               body=SyncRange, errors=(400, 404))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """Sync the business days from `start` through `finish`, whole; what was undone in them is posted again."""
        said = self.body(SyncRange).date_range
        ready = self.ready(companyId, request)
        calendar, at = ready.book.calendar, now()
        start, finish = _aware(said.start), _aware(said.finish)
        if start > finish:
            raise invalid("The range ends before it starts.", ("dateRange.finish", "before dateRange.start"))
        if start > at:
            raise invalid("The range is in the future.", ("dateRange.start", "in the future"))
        if finish - start > LONGEST_RANGE:
            raise invalid("The range is too long: ask for three years at most.", ("dateRange", "too long"))
        first, last = calendar.day_of(start), calendar.day_of(min(finish, at))
        begins = ready.book.start_on
        if begins is not None and first < begins:
            words = f"The books begin on {begins}. Set an earlier schedule.startDate first, or a later start here."
            raise invalid(words, ("dateRange.start", f"before {begins}"))
        sync = _requested(ready.company, trigger="historic", through=last, from_day=first)
        return answer(sync_summary(sync, ready.company, ready.links, (first, last), calendar))


class Status(ApiView):
    """How the company stands."""

    @operation("get-sync-status", "Get sync status", tag="Sync", answers=SyncStatus, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The latest sync and the connections; `NotStarted` without a sync id when there was no sync yet."""
        company = self.company(companyId)
        links = [connection_shape(row, company.public_id, request._request) for row in _links(company)]
        return answer(sync_status(_syncs(company).first(), company, links, now()))


class _OneStatus(ApiView):
    def found(self, company: Company, sync: Sync | None, which: str) -> HttpResponse:
        """The sync, or 404."""
        if sync is None:
            raise missing("sync", which)
        return answer(company_sync_status(sync, company, now()))


class LastSuccessful(_OneStatus):
    """The last sync that ended well."""

    @operation("get-last-successful-sync", "Last successful sync", tag="Sync", answers=CompanySyncStatus,
               errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The last sync that ended with 2000 or 2040; 404 when there was none."""
        company = self.company(companyId)
        well = _syncs(company).filter(code__in=_WELL).exclude(trigger__in=("undo", "retry"))
        return self.found(company, well.first(), "lastSuccessful")


class LatestStatus(_OneStatus):
    """The latest sync."""

    @operation("get-latest-sync", "Latest sync status", tag="Sync", answers=CompanySyncStatus, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The sync that was begun last, ended or not; 404 when there was none."""
        company = self.company(companyId)
        return self.found(company, _syncs(company).first(), "latest")


class SyncById(_OneStatus):
    """One sync."""

    @operation("get-sync-by-id", "Get sync status", tag="Sync", answers=CompanySyncStatus, errors=(404,))
    def get(self, request: Request, companyId: str, syncId: str) -> HttpResponse:
        """The sync with this id."""
        company = self.company(companyId)
        found = _syncs(company).filter(public_id=as_uuid(syncId, "sync")).first()
        return self.found(company, found, syncId)


class SyncList(ApiView):
    """All syncs."""

    @operation("list-syncs", "List sync statuses", tag="Sync", answers=list[CompanySyncStatus], errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The newest thousand syncs of the company, newest first."""
        company, at = self.company(companyId), now()
        return answer([company_sync_status(sync, company, at) for sync in _syncs(company)[:MOST_SYNCS]])


def _syncs(company: Company) -> QuerySet[Sync]:
    return Sync.objects.filter(company=company).order_by("-id")


def _links(company: Company) -> list[ConnectionRow]:
    return list(ConnectionRow.objects.filter(company=company).order_by("id"))


def _requested(company: Company, *, trigger: str, through: date, from_day: date | None = None) -> Sync:
    try:
        return request_sync(company=company, trigger=trigger, through=through, from_day=from_day)
    except AlreadyRunning:
        words = "A sync of this company is running. Wait until it has ended, then ask again."
        raise ApiError(400, words, code=status.DUPLICATE, retry=True) from None


def _first_open_day(ready: _Ready, through: date) -> date | None:
    """The first day that the next sync is for: after the last one that ended well, else the start of the books."""
    well = Sync.objects.filter(company=ready.company, code__in=_WELL, through_day__isnull=False)
    last = well.order_by("-through_day").values_list("through_day", flat=True).first()
    first = last + timedelta(days=1) if last else ready.book.start_on
    return min(first, through) if first else None


def _aware(instant: datetime) -> datetime:
    """The contract's instants are UTC when they do not say otherwise."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_ROOT: Final = "companies/<str:companyId>/sync/commerce"
_META: Final = "meta/companies/<str:companyId>/sync/commerce"
urlpatterns = [
    path(f"{_ROOT}/latest", Latest.as_view()),
    path(f"{_META}/historic", Historic.as_view()),
    path(f"{_META}/status", Status.as_view()),
    path(f"{_ROOT}/syncs/lastSuccessful/status", LastSuccessful.as_view()),
    path(f"{_ROOT}/syncs/latest/status", LatestStatus.as_view()),
    path(f"{_ROOT}/syncs/list/status", SyncList.as_view()),
    path(f"{_ROOT}/syncs/<str:syncId>/status", SyncById.as_view()),
]
