"""The first page once everything is set up: how it stands, what needs the merchant, and the way to all the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from commerce_sync.flow.history import row_of
from commerce_sync.flow.keeping import MODES
from commerce_sync.flow.last_run import stopped
from commerce_sync.flow.linking import shown_link
from commerce_sync.flow.merchant import Merchant
from commerce_sync.flow.needs import needs_of
from commerce_sync.flow.schedule import FREQUENCIES
from commerce_sync.models import Schedule, SetupDraft, Sync
from commerce_sync.status import is_success
from ledger.book import Book

LATEST: Final = 5


def overview(merchant: Merchant, book: Book) -> dict[str, Any]:
    """What the page shows."""
    schedule = Schedule.objects.filter(company=merchant.company).first()
    zone = ZoneInfo(schedule.zone if schedule else book.days[-1].zone)
    latest = list(Sync.objects.filter(company=merchant.company).order_by("-id")[:LATEST])
    ended = next((sync for sync in latest if sync.finished_at is not None), None)
    links = [(row, shown_link(row)) for row in (merchant.sales, merchant.books) if row is not None]
    return {
        "schedule": schedule,
        "next_at": _next_at(schedule, zone),
        "frequency": FREQUENCIES[schedule.frequency][0] if schedule else "",  # type: ignore[index]  # one of them
        "mode": MODES[book.mode][0],
        "zone": zone.key,
        "syncs": [row_of(sync, zone) for sync in latest],
        "links": links,
        "needs": [*stopped(merchant, ended), *needs_of(merchant.company.pk, merchant.locale)],
        "is_failed": ended is not None and not is_success(ended.code),
        "has_change": SetupDraft.objects.filter(company=merchant.company).exists(),
    }


def _next_at(schedule: Schedule | None, zone: ZoneInfo) -> datetime | None:
    """When it goes on by itself; None when it does not, or as sales happen."""
    if schedule is None or not schedule.enabled or schedule.paused_at is not None or schedule.next_due_at is None:
        return None
    return schedule.next_due_at.astimezone(zone)
