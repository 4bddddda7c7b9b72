"""From findings to alarms: one alarm for each group of a rule's, from its first finding until the last is over.

Set-based: a handful of statements for each rule, whatever the number of findings. A rule is looked at by one worker at
a time, under its row's lock; all that follows from a look is one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from health.alerts.matching import FILTER, WANTED, facts_of, in_scope
from health.alerts.rhythm import Rhythm, tell_at
from health.models import AlertRule
from ledger import sql

PLANNED_AT_ONCE: Final = 5_000

# Amounts are summed by currency, and the largest sum is what the threshold is held against.
_LOOK: Final[LiteralString] = """
    WITH by_currency AS MATERIALIZED (
        SELECT finding.code, finding.root, CASE WHEN %(by_partner)s THEN finding.partner_id END AS partner_id,
            CASE WHEN %(by_company)s THEN finding.company_id END AS company_id, count(*) AS findings,
            min(array_position(ARRAY['error', 'warning', 'notice'], finding.severity::text)) - 1 AS rank,
            min(finding.opened_at) AS opened_at, max(finding.escalated_at) AS escalated_at,
            sum(abs(coalesce(finding.amount, 0))) AS amount
        FROM health_finding finding
        WHERE finding.resolved_at IS NULL AND finding.state <> 'ignored' AND FILTER AND WANTED
        GROUP BY 1, 2, 3, 4, finding.currency
    ), grouped AS MATERIALIZED (
        SELECT code, root, partner_id, company_id, sum(findings)::int AS findings, min(rank) AS rank,
            min(opened_at) AS opened_at, max(escalated_at) AS escalated_at, max(amount) AS amount
        FROM by_currency GROUP BY 1, 2, 3, 4
    ), lasting AS (
        UPDATE health_alarm alarm SET gone_at = NULL, count = grouped.findings, rank = least(alarm.rank, grouped.rank),
            news = CASE WHEN alarm.told_at IS NOT NULL AND alarm.news IN ('', 'still')
                AND (grouped.rank < alarm.rank OR grouped.escalated_at > alarm.told_at) THEN 'escalated'
                ELSE alarm.news END
        FROM grouped
        WHERE alarm.rule_id = %(rule)s AND alarm.over_at IS NULL
            AND alarm.code = grouped.code AND alarm.root = grouped.root
            AND coalesce(alarm.partner_id, 0) = coalesce(grouped.partner_id, 0)
            AND coalesce(alarm.company_id, 0) = coalesce(grouped.company_id, 0)
            AND (alarm.gone_at IS NOT NULL OR alarm.count <> grouped.findings OR grouped.rank < alarm.rank
                OR grouped.escalated_at > alarm.told_at AND alarm.news IN ('', 'still'))
    ), gone AS (
        UPDATE health_alarm alarm SET gone_at = %(at)s
        WHERE alarm.rule_id = %(rule)s AND alarm.over_at IS NULL AND alarm.gone_at IS NULL AND NOT EXISTS (
            SELECT FROM grouped WHERE alarm.code = grouped.code AND alarm.root = grouped.root
                AND coalesce(alarm.partner_id, 0) = coalesce(grouped.partner_id, 0)
                AND coalesce(alarm.company_id, 0) = coalesce(grouped.company_id, 0))
    )
    INSERT INTO health_alarm (rule_id, code, root, partner_id, company_id, rank, count, news, opened_at)
    SELECT %(rule)s, code, root, partner_id, company_id, rank, findings, 'opened', opened_at FROM grouped
    WHERE findings >= %(least_count)s AND amount >= %(least_amount)s AND opened_at <= %(old_enough)s
    ORDER BY code, root, partner_id, company_id
    ON CONFLICT (rule_id, code, root, partner_id, company_id) WHERE over_at IS NULL DO NOTHING
    RETURNING id
""".replace("FILTER", FILTER).replace("WANTED", WANTED)
# What is still there, ignored by a person or outside the rule since, has not recovered: it ends without a word. So does
# what nobody was told of, and what its merchant does not want to hear of any more.
_OVER: Final[LiteralString] = """
    UPDATE health_alarm alarm SET over_at = %(at)s, tell_at = NULL, news = CASE
        WHEN alarm.told_at IS NULL OR EXISTS (
            SELECT FROM health_finding finding WHERE finding.code = alarm.code AND finding.root = alarm.root
                AND finding.resolved_at IS NULL
                AND SCOPE AND (%(owner)s::bigint IS NULL OR finding.partner_id = %(owner)s::bigint)) THEN ''
        ELSE 'recovered' END
    WHERE alarm.rule_id = %(rule)s AND alarm.over_at IS NULL AND alarm.gone_at <= %(calm_since)s
    RETURNING id
"""
_UNPLANNED: Final[LiteralString] = """
    SELECT alarm.id, coalesce(company.zone, ''), coalesce(contact.wants, '')
    FROM health_alarm alarm LEFT JOIN ledger_company company ON company.id = alarm.company_id
    LEFT JOIN health_companycontact contact ON contact.company_id = alarm.company_id
    WHERE alarm.rule_id = %s AND alarm.news <> '' AND alarm.tell_at IS NULL ORDER BY alarm.id LIMIT %s
"""


def look(rule: AlertRule, at: datetime) -> int:
    """Bring the rule's alarms up to what is there at ``at``, and plan when news are told; how many began or ended.

    Joins the caller's transaction, in which the rule is locked.
    """
    facts = {
        **facts_of(rule),
        "rule": rule.pk,
        "at": at,
        "least_count": rule.least_count,
        "least_amount": rule.least_amount,
        "old_enough": at - timedelta(minutes=rule.least_age_minutes),
        "calm_since": at - timedelta(minutes=rule.calm_minutes),
    }
    begun = sql.rows_named(_LOOK, facts)
    over = sql.rows_named(in_scope(_OVER, rule), facts)
    while _plan(rule, at) == PLANNED_AT_ONCE:
        pass
    return len(begun) + len(over)


def rhythm_of(rule: AlertRule, zone: str = "", wants: str = "") -> Rhythm:
    """When the rule tells somebody with this zone; a merchant's own wish goes before the rule's digest."""
    quiet = None
    if rule.quiet_from is not None and rule.quiet_until is not None:
        quiet = (rule.quiet_from, rule.quiet_until)
    digest: Any = wants if wants in ("at_once", "daily") else rule.digest
    return Rhythm(digest, rule.hour, rule.zone or zone, quiet)


def _plan(rule: AlertRule, at: datetime) -> int:
    """Say of news that have no time yet when they are told; how many these were."""
    found = sql.rows(_UNPLANNED, (rule.pk, PLANNED_AT_ONCE))
    times = [tell_at(rhythm_of(rule, zone, wants), at) for _, zone, wants in found]
    sql.execute(
        """UPDATE health_alarm alarm SET tell_at = planned.at
           FROM unnest(%s::bigint[], %s::timestamptz[]) AS planned(id, at) WHERE alarm.id = planned.id""",
        ([row[0] for row in found], times),
    )
    return len(found)
