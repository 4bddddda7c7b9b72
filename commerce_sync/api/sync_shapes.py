"""The published shapes of syncs, and what our rows are in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET, UnsetType

from commerce_sync import status
from commerce_sync.api.connection_shapes import Connection
from commerce_sync.api.shape import Input, Shape
from commerce_sync.models import Sync
from commerce_sync.selectors import present_code
from ledger.calendar import Calendar
from ledger.models import Company

_STAGES: Final = {"queued": "NotStarted", "pull": "Started", "post": "Started", "push": "Pushing", "done": "Pushing"}
_ENDS: Final = {
    status.WRITTEN: "Complete",
    status.NOTHING_TO_WRITE: "Complete",
    status.CONFIGURATION: "ValidateError",
    status.COMPANY_GONE: "CompanyDeleted",
    status.DEAUTHORIZED: "Deauthorized",
    status.BILLING_EXPIRED: "BillingExpired",
    status.INTERNAL: "Error",
    status.DUPLICATE: "Duplicate",
    status.DATA_PROCESSING: "ProcessError",
    status.DATA_WRITE: "PushError",
}


class DateRange(Shape):
    """From an instant up to another."""

    start: datetime | UnsetType = UNSET
    finish: datetime | UnsetType = UNSET


class AskedRange(Input):
    """From an instant up to another, both within business days that are taken whole."""

    start: datetime
    finish: datetime


class SyncRange(Input):
    """A range to sync."""

    date_range: AskedRange


class SyncToLatestArgs(Input):
    """Up to when to sync; absent: now."""

    sync_to: datetime | None = None


class CompanySyncStatus(Shape):
    """How one sync stands."""

    company_id: str
    sync_id: str
    sync_status_code: int
    sync_status: str
    error_message: str
    sync_exception_message: str
    sync_utc: datetime
    data_pushed: bool


class SyncStatus(Shape):
    """How the latest sync of a company stands; with the company's id alone when there was none."""

    company_id: UUID
    sync_status: str
    data_connections: list[Connection]
    data_pushed: bool = False
    commerce_sync_id: UUID | UnsetType = UNSET
    sync_id: UUID | UnsetType = UNSET
    sync_status_code: int | UnsetType = UNSET
    error_message: str | UnsetType = UNSET
    sync_exception_message: str | UnsetType = UNSET
    sync_utc: datetime | UnsetType = UNSET


class SyncSummary(Shape):
    """A sync that was asked for."""

    company_id: UUID
    commerce_sync_id: UUID
    sync_status_code: int
    sync_status: str
    error_message: str
    sync_exception_message: str
    sync_utc: datetime
    data_connections: list[Connection]
    data_pushed: bool
    sync_date_range_utc: DateRange


def status_word(sync: Sync) -> str:
    """The published word for where a sync stands."""
    return _STAGES[sync.stage] if sync.finished_at is None else _ENDS[sync.code]


def error_sentence(sync: Sync) -> str:
    """What went wrong and what to do, "" when nothing did."""
    return f"{sync.failure_sentence} {sync.failure_remedy}".strip()


def company_sync_status(sync: Sync, company: Company, at: datetime) -> CompanySyncStatus:
    """A sync as lists and single reads show it."""
    return CompanySyncStatus(
        company_id=str(company.public_id),
        sync_id=str(sync.public_id),
        sync_status_code=present_code(sync, at),
        sync_status=status_word(sync),
        error_message=error_sentence(sync),
        sync_exception_message=sync.failure_code,
        sync_utc=sync.started_at,
        data_pushed=wrote(sync),
    )


def sync_status(sync: Sync | None, company: Company, links: list[Connection], at: datetime) -> SyncStatus:
    """The latest sync of a company, or that there was none."""
    if sync is None:
        return SyncStatus(company_id=company.public_id, sync_status="NotStarted", data_connections=links)
    return SyncStatus(
        company_id=company.public_id,
        commerce_sync_id=sync.public_id,
        sync_id=sync.public_id,
        sync_status_code=present_code(sync, at),
        sync_status=status_word(sync),
        error_message=error_sentence(sync),
        sync_exception_message=sync.failure_code,
        sync_utc=sync.started_at,
        data_pushed=wrote(sync),
        data_connections=links,
    )


def sync_summary(
    sync: Sync, company: Company, links: Sequence[Connection], days: tuple[date | None, date], calendar: Calendar
) -> SyncSummary:
    """A sync that was asked for just now; ``days`` are the first (None: not known) and the last of its range."""
    first, last = days
    return SyncSummary(
        company_id=company.public_id,
        commerce_sync_id=sync.public_id,
        sync_status_code=sync.code,
        sync_status=status_word(sync),
        error_message="",
        sync_exception_message="",
        sync_utc=sync.started_at,
        data_connections=list(links),
        data_pushed=False,
        sync_date_range_utc=DateRange(
            start=calendar.bounds(first)[0] if first else UNSET, finish=calendar.bounds(last)[1]
        ),
    )


def wrote(sync: Sync) -> bool:
    """Whether the sync delivered a document."""
    return bool(sync.counts.get("written"))
