"""How many syncs there were on each day, by what they came to: days that are over are counted once and kept."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Final, LiteralString

from commerce_sync.status import NOTHING_TO_WRITE, WRITTEN
from ledger import sql
from ledger.services import now

MOST_KEPT: Final = 60
"""Days back that are counted when nothing has been counted yet."""
SETTLED: Final = timedelta(days=2)
"""A sync ends within an hour of its start, or is ended; after so long none of a day is still to come."""
AT_ONCE: Final = timedelta(days=10)
"""In one statement: where nothing has happened for long, the errand asks six times and not sixty."""
_ONE_DAY: Final = timedelta(days=1)
_COUNT: Final[LiteralString] = """
    INSERT INTO commerce_sync_syncday (day, partner_id, code, syncs)
    SELECT (sync.started_at AT TIME ZONE 'UTC')::date AS day, company.partner_id, sync.code, count(*)
    FROM commerce_sync_sync sync JOIN ledger_company company ON company.id = sync.company_id
    WHERE sync.started_at >= %s AND sync.started_at < %s AND sync.finished_at IS NOT NULL
    GROUP BY 1, 2, 3
    ON CONFLICT DO NOTHING
"""
_KEPT: Final[LiteralString] = """
    SELECT day, code, sum(syncs)::bigint FROM commerce_sync_syncday
    WHERE day >= %s AND (%s::bigint IS NULL OR partner_id = %s) GROUP BY day, code
"""
_LIVE: Final[LiteralString] = """
    SELECT (started_at AT TIME ZONE 'UTC')::date, code, count(*)
    FROM commerce_sync_sync WHERE started_at >= %s GROUP BY 1, 2
"""
_LIVE_OF_PARTNER: Final[LiteralString] = """
    SELECT (sync.started_at AT TIME ZONE 'UTC')::date, sync.code, count(*)
    FROM commerce_sync_sync sync JOIN ledger_company company ON company.id = sync.company_id
    WHERE sync.started_at >= %s AND company.partner_id = %s GROUP BY 1, 2
"""


def count_days(seconds: float) -> bool:
    """The errand: count the days that are over and not counted yet; whether more are left after ``seconds``."""
    ends = time.monotonic() + seconds
    last = (now() - SETTLED).astimezone(UTC).date()
    day = max(_counted_through() + _ONE_DAY, last - timedelta(days=MOST_KEPT))
    while day <= last:
        if time.monotonic() > ends:
            return True
        following = min(day + AT_ONCE, last + _ONE_DAY)
        sql.execute(_COUNT, (_midnight(day), _midnight(following)))
        day = following
    return False


def syncs_by_day(days: int, partner_id: int | None) -> list[tuple[date, Counter[str]]]:
    """The last ``days`` days (UTC, the oldest first) with how many syncs were `written`, `nothing`, `failed` or are
    `running`; of one partner's companies, or of all (None)."""
    today = now().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    live = max(first, _counted_through() + _ONE_DAY)
    rows = sql.rows(_KEPT, (first, partner_id, partner_id)) if live > first else []
    if partner_id is None:
        rows += sql.rows(_LIVE, (_midnight(live),))
    else:
        rows += sql.rows(_LIVE_OF_PARTNER, (_midnight(live), partner_id))
    found = {first + timedelta(days=index): Counter[str]() for index in range(days)}
    for day, code, count in rows:
        if day in found:
            found[day][group_of(code)] += count
    return list(found.items())


def group_of(code: int) -> str:
    """What a sync with this code came to."""
    if code < WRITTEN:
        return "running"
    return {WRITTEN: "written", NOTHING_TO_WRITE: "nothing"}.get(code, "failed")


def _counted_through() -> date:
    found: date | None = sql.rows("SELECT max(day) FROM commerce_sync_syncday")[0][0]
    return found or date(1970, 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, clock.min, UTC)
