"""What is to be done regularly for findings: look at companies to which something happened, at those that time itself
has overtaken, at all of them once a day, and at the installation every few minutes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final, LiteralString

from health.findings.overdue import ring
from health.findings.watching import look_at, look_at_house
from ledger import sql
from ledger.services import now

AT_ONCE: Final = 50  # companies in one look
NIGHT_EVERY: Final = timedelta(hours=23)
HOUSE_EVERY: Final = timedelta(minutes=5)

# A row that another looks at is left to it. Of one company all rows are taken: one look answers them all.
_ASKED: Final[LiteralString] = """
    WITH chosen AS (SELECT DISTINCT company_id FROM (SELECT company_id FROM health_lookout ORDER BY id LIMIT %s) oldest
            LIMIT %s),
        taken AS (DELETE FROM health_lookout WHERE id IN (SELECT id FROM health_lookout JOIN chosen USING (company_id)
            FOR UPDATE OF health_lookout SKIP LOCKED) RETURNING company_id)
    SELECT DISTINCT company_id FROM taken
"""
# Every company has a row from its beginning (company_is_watched), so that an index answers, however many there are.
# Whoever has not been looked at yet comes first.
_NIGHT: Final[LiteralString] = """
    SELECT company_id FROM health_watched WHERE nightly_at IS NULL LIMIT %s FOR UPDATE SKIP LOCKED
"""
_NEXT_NIGHT: Final[LiteralString] = """
    SELECT company_id FROM health_watched WHERE nightly_at < %s ORDER BY nightly_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_ROUND: Final[LiteralString] = """
    INSERT INTO health_round (name, begun_at) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at WHERE health_round.begun_at <= %s
"""


def look(seconds: float) -> bool:
    """Look for at most ``seconds`` (and what the look that is under way needs to end); whether there is more to do."""
    ends = time.monotonic() + seconds
    if is_due("house", HOUSE_EVERY):
        ring(now())
        look_at_house()
    more = True
    while more and time.monotonic() < ends:
        more = look_at_asked() > 0
    while not more and time.monotonic() < ends:
        if not look_at_night():
            return False
    return more


def is_due(name: str, every: timedelta, at: datetime | None = None) -> bool:
    """Whether nobody, in any process, has begun this round within ``every``; then it is the caller's."""
    moment = at or now()
    return sql.execute(_ROUND, (name, moment, moment - every)) > 0


def look_at_asked() -> int:
    """Look at companies to which something happened, the longest waiting first; how many."""
    with sql.unit_of_work():
        ids = [row[0] for row in sql.rows(_ASKED, (AT_ONCE * 10, AT_ONCE))]
        if ids and look_at(ids, "sync") is None:
            # Another is looking at one of them: what it does not see yet is looked at by whoever comes next.
            sql.execute("INSERT INTO health_lookout (company_id) SELECT * FROM unnest(%s::bigint[])", (ids,))
            return 0
    return len(ids)


def look_at_night() -> int:
    """Look at everything of companies that were not looked at so for a day; how many. Several may do so at a time."""
    with sql.unit_of_work():
        ids = [row[0] for row in sql.rows(_NIGHT, (AT_ONCE,))]
        ids = ids or [row[0] for row in sql.rows(_NEXT_NIGHT, (now() - NIGHT_EVERY, AT_ONCE))]
        if not ids or look_at(ids, "night") is None:
            return 0
    return len(ids)
