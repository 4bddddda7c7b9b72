"""What time alone does to findings: what nobody has taken is passed up, what was ignored for a while comes back."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final, LiteralString

from django.conf import settings

from health.findings.settle import GONE
from ledger import sql
from ledger.services import now

AT_ONCE: Final = 1_000

# Follows both statements below: the act is noted in the history of each finding and in the trail, as a person's is.
_TOLD: Final[LiteralString] = """
    , noted AS (
        INSERT INTO health_findingevent (finding_id, what, actor, words, at)
        SELECT id, %(what)s, %(actor)s, %(words)s, %(at)s FROM taken
    ), told AS (
        INSERT INTO ledger_auditentry (public_id, partner_id, company_id, code, subject, actor, detail, at)
        SELECT gen_random_uuid(), partner_id, company_id, 'finding.' || %(what)s, public_id::text, %(actor)s,
            jsonb_build_object('why', %(words)s::text, 'finding', code, 'about', subject), %(at)s
        FROM taken
    )
    SELECT count(*) FROM taken
"""
_UNATTENDED: Final[LiteralString] = """
    WITH taken AS (
        UPDATE health_finding SET escalated_at = %(at)s, changed_at = %(at)s WHERE id IN (
            SELECT id FROM health_finding
            WHERE state = 'open' AND severity = 'error' AND escalated_at IS NULL AND opened_at < %(before)s
            ORDER BY opened_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING id, public_id, partner_id, company_id, code, subject)
"""
_IGNORED: Final[LiteralString] = """
    WITH taken AS (
        UPDATE health_finding SET state = 'open', reason = '', ignored_until = NULL, changed_at = %(at)s WHERE id IN (
            SELECT id FROM health_finding WHERE ignored_until <= (%(at)s AT TIME ZONE 'UTC')::date
            ORDER BY ignored_until LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING id, public_id, partner_id, company_id, code, subject)
"""


def pass_up(seconds: float) -> bool:
    """The errand: at most ``seconds`` long; whether there is more to do."""
    ends = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < ends:
        more = AT_ONCE in (escalate_unattended(), bring_back())
    return more


def escalate_unattended() -> int:
    """Pass up grave findings that nobody has taken for COMMERCE_SYNC_ESCALATE_AFTER_HOURS; how many."""
    hours: int = settings.COMMERCE_SYNC_ESCALATE_AFTER_HOURS
    if not hours:
        return 0
    words = f"Nobody has taken it for {hours} hours."
    before = now() - timedelta(hours=hours)
    return _run(_UNATTENDED, "escalated", words, {"before": before})


def bring_back() -> int:
    """Open again what was ignored until a day that has come; how many."""
    return _run(_IGNORED, "reopened", "The day until which it was ignored has come.", {})


def _run(statement: LiteralString, what: str, words: str, more: dict[str, object]) -> int:
    values = {"at": now(), "limit": AT_ONCE, "what": what, "actor": GONE, "words": words, **more}
    return int(sql.rows_named(statement + _TOLD, values)[0][0])
