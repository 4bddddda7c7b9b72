"""What is to be done regularly for findings: look at companies to which something happened, and at all of them once a
day, and at the installation every few minutes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final, LiteralString

from django.core.cache import cache

from health.findings.watching import look_at, look_at_house
from ledger import sql
from ledger.services import now

AT_ONCE: Final = 50  # companies in one look
NIGHT_EVERY: Final = timedelta(hours=23)
HOUSE_EVERY_SECONDS: Final = 300

# A row that another looks at is left to it. Of one company all rows are taken: one look answers them all.
_ASKED: Final[LiteralString] = """
    WITH chosen AS (SELECT DISTINCT company_id FROM (SELECT company_id FROM health_lookout ORDER BY id LIMIT %s) oldest
            LIMIT %s),
        taken AS (DELETE FROM health_lookout WHERE id IN (SELECT id FROM health_lookout JOIN chosen USING (company_id)
            FOR UPDATE OF health_lookout SKIP LOCKED) RETURNING company_id)
    SELECT DISTINCT company_id FROM taken
"""
_NIGHT: Final[LiteralString] = """
    SELECT company.id FROM ledger_company company LEFT JOIN health_watched watched ON watched.company_id = company.id
    WHERE watched.nightly_at IS NULL OR watched.nightly_at < %s
    LIMIT %s
"""


def look(seconds: float) -> bool:
    """Look for at most ``seconds`` (and what the look that is under way needs to end); whether there is more to do."""
    ends = time.monotonic() + seconds
    if cache.add("health house looked at", True, HOUSE_EVERY_SECONDS):
        look_at_house()
    more = True
    while more and time.monotonic() < ends:
        more = look_at_asked() > 0
    while not more and time.monotonic() < ends:
        if not look_at_night():
            return False
    return more


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
    """Look at everything of companies that were not looked at so for a day; how many."""
    ids = [row[0] for row in sql.rows(_NIGHT, (now() - NIGHT_EVERY, AT_ONCE))]
    if not ids or look_at(ids, "night") is None:
        return 0
    return len(ids)
