"""What a run must know, read for a whole batch of claimed jobs at once; and what people ask about syncs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from commerce_sync.models import Sync
from commerce_sync.schedule import Streak
from commerce_sync.status import code_while_running
from connectors import registry
from connectors.platform import CommercePlatform
from ledger import sql
from ledger.book import TaxCode
from ledger.calendar import Calendar, DayRule

SMALL_RECORDS = 2_000  # a run with at most so many new records is one transaction


class Keeping(Struct, frozen=True):
    """What a run must know of a book: the rest of it concerns the posting alone. Its choices are checked anew."""

    currency: str
    days: tuple[DayRule, ...]
    accounts: dict[str, str] = {}
    suspense: str = ""
    tax_codes: tuple[TaxCode, ...] = ()
    customer: str = ""
    supplier: str = ""

    @property
    def calendar(self) -> Calendar:
        """The company's business days."""
        return Calendar(self.days)


class Link(Struct, frozen=True):
    """One connection of the company."""

    connection_id: int
    platform: str
    kind: str
    status: str
    settings: dict[str, Any] = {}


class Run(Struct):
    """A claimed job with its sync and what its company is. `sync_id` None: another sync of the company has not ended.

    `at` is the instant that decides its last business day: the due time of a scheduled run, else the start.
    `unreadable` says why nothing can be done with it: its rows are not what this code writes.
    """

    job_id: int
    lease_token: UUID
    attempts: int
    max_attempts: int
    sync_id: int | None
    act: UUID
    trigger: str
    through_day: date | None
    at: datetime
    running_seconds: float
    counts: dict[str, int]
    company_id: int
    keeping: Keeping | None
    links: list[Link]
    streak: Streak | None
    is_small: bool = False
    refused_before: int = 0
    has_undo: bool = False
    from_day: date | None = None
    kind: str = "sync"
    payload_version: int = 1
    has_stock: bool = False
    unreadable: str = ""

    @property
    def brings_sales(self) -> bool:
        """Whether the run pulls and posts; one that only delivers has no last day and no part in the schedule."""
        return self.trigger not in ("undo", "retry")

    @property
    def fits_one_transaction(self) -> bool:
        """Whether nothing outside is called and little is to be done: then one commit does for the whole run."""
        return self.is_small and not any(_is_outside(link) for link in self.links)


def _is_outside(link: Link) -> bool:
    if link.kind == "accounting":
        return not registry.accounting(link.platform).local
    return is_pulled(registry.commerce(link.platform))


def outside_links() -> list[str]:
    """The connections whose runs call somebody outside, as ``kind:platform``."""
    accounting = [f"accounting:{key}" for key in registry.accounting_keys() if not registry.accounting(key).local]
    return accounting + [f"commerce:{key}" for key in registry.commerce_keys() if is_pulled(registry.commerce(key))]


def is_pulled(platform: CommercePlatform) -> bool:
    """Whether the platform has streams to fetch; what partners push to us is here already."""
    return any(stream.endpoint is not None for stream in platform.streams.values())


_RUNS = """
    SELECT job.id, job.lease_token, job.attempts, job.max_attempts, sync.id, sync.public_id, sync.trigger,
        sync.through_day, coalesce(job.payload ->> 'due_at', ''), coalesce(sync.started_at, job.created_at),
        extract(epoch FROM clock_timestamp() - coalesce(sync.started_at, clock_timestamp()))::float8, sync.counts,
        job.company_id, book.body,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('connection_id', link.id, 'platform', link.platform,
                    'kind', link.kind, 'status', link.status, 'settings', link.settings) ORDER BY link.id), '[]')::text
            FROM connectors_connection link
            WHERE link.company_id = job.company_id AND link.status IN ('Linked', 'Deauthorized')),
        schedule.failing_days, schedule.failing_through, schedule.last_success_through,
        NOT EXISTS (SELECT 1 FROM ledger_standing WHERE company_id = job.company_id AND state = 0
                    ORDER BY happened_at OFFSET %s LIMIT 1),
        (SELECT count(*) FROM connectors_pushitem WHERE company_id = job.company_id AND state = 'refused'),
        EXISTS (SELECT FROM commerce_sync_undo undo
                WHERE undo.company_id = job.company_id AND undo.finished_at IS NULL),
        sync.from_day, job.kind, job.payload_version,
        EXISTS (SELECT FROM connectors_connection link
                JOIN connectors_stocklevel level ON level.connection_id = link.id
                WHERE link.company_id = job.company_id AND link.kind = 'commerce')
    FROM commerce_sync_job job
    LEFT JOIN commerce_sync_sync sync ON sync.id = job.sync_id
    LEFT JOIN commerce_sync_schedule schedule ON schedule.company_id = job.company_id
    LEFT JOIN LATERAL (SELECT body FROM ledger_bookversion version WHERE version.company_id = job.company_id
                       ORDER BY number DESC LIMIT 1) book ON true
    WHERE job.id = ANY(%s)
"""
_NO_ACT = UUID(int=0)
_decode_links = msgspec.json.Decoder(list[Link]).decode
_decode_keeping = msgspec.json.Decoder(Keeping).decode


def runs_of(job_ids: Sequence[int]) -> list[Run]:
    """The runs of these claimed jobs, in that order."""
    found = {row[0]: row for row in sql.rows(_RUNS, (SMALL_RECORDS, list(job_ids)))}
    return [_run(found[job_id]) for job_id in job_ids if job_id in found]


def _run(row: tuple[Any, ...]) -> Run:
    """One job; what cannot be read of it stays its own: a whole batch is claimed, and must not stop for one of them."""
    body, failing_days = row[13], row[15]
    run = Run(
        job_id=row[0],
        lease_token=row[1],
        attempts=row[2],
        max_attempts=row[3],
        sync_id=row[4],
        act=row[5] or _NO_ACT,
        trigger=row[6] or "",
        through_day=row[7],
        at=row[9],
        running_seconds=row[10],
        counts=row[11] or {},
        company_id=row[12],
        keeping=None,
        links=[],
        streak=Streak(failing_days, row[16], row[17]) if failing_days is not None else None,
        is_small=row[18],
        refused_before=row[19],
        has_undo=row[20],
        from_day=row[21],
        kind=row[22],
        payload_version=row[23],
        has_stock=row[24],
    )
    try:
        run.at = datetime.fromisoformat(row[8]) if row[8] else run.at
        run.keeping = _decode_keeping(bytes(body)) if body is not None else None
        run.links = _decode_links(row[14])
    except (ValueError, msgspec.MsgspecError) as error:
        run.unreadable = f"{type(error).__name__}: {error}"
    return run


def present_code(sync: Sync, at: datetime) -> int:
    """The public status code of `sync` at the instant `at`."""
    if sync.finished_at is not None:
        return sync.code
    return code_while_running((at - sync.started_at).total_seconds())


def unfinished_sync(company_id: int) -> Sync | None:
    """The sync of the company that has not ended."""
    return Sync.objects.filter(company_id=company_id, finished_at__isnull=True).first()
