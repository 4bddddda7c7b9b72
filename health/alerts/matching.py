"""Which findings a rule is about: one filter in SQL, for its groups as for what a message lists of them."""

from __future__ import annotations

from typing import Any, Final, LiteralString

from health.findings.kinds import KINDS, SEVERITIES
from health.models import AlertRule

# Of a merchant only what is the merchant's to mend: whatever else a rule says.
FILTER: Final[LiteralString] = """
    finding.severity = ANY(%(severities)s)
    AND (%(codes)s::text[] IS NULL OR finding.code = ANY(%(codes)s::text[]))
    AND (%(turns)s::text[] = '{}' OR finding.turn = ANY(%(turns)s::text[]))
    AND (%(owner)s::bigint IS NULL OR finding.partner_id = %(owner)s::bigint)
    AND (NOT %(by_partner)s OR finding.partner_id IS NOT NULL)
    AND (NOT %(by_company)s OR finding.company_id IS NOT NULL AND finding.turn = 'merchant')
"""
# A partner's own rule for its merchants takes the place of ours, also when it is switched off.
WANTED: Final[LiteralString] = """
    (NOT %(by_company)s
        OR EXISTS (SELECT FROM health_companycontact contact
                   WHERE contact.company_id = finding.company_id AND contact.wants <> 'nothing')
            AND (%(owner)s::bigint IS NOT NULL OR NOT EXISTS (
                SELECT FROM health_alertrule own
                WHERE own.partner_id = finding.partner_id AND own.audience = 'merchant')))
"""
# Which findings an alarm is about, beside code and root: in two forms, since one cause may be at every company, and a
# merchant's is then found by the company.
_OF_ANY: Final[LiteralString] = "(alarm.partner_id IS NULL OR finding.partner_id = alarm.partner_id)"
_OF_COMPANY: Final[LiteralString] = "finding.company_id = alarm.company_id"


def in_scope(query: LiteralString, rule: AlertRule) -> LiteralString:
    """``query`` with its word SCOPE filled in for the alarms of this rule."""
    return query.replace("SCOPE", _OF_COMPANY if rule.audience == AlertRule.Audience.MERCHANT else _OF_ANY)


def facts_of(rule: AlertRule) -> dict[str, Any]:
    """The parameters of the two for a rule."""
    is_merchants = rule.audience == AlertRule.Audience.MERCHANT
    return {
        "severities": list(SEVERITIES[: SEVERITIES.index(rule.least_severity) + 1]),
        "codes": _codes(rule),
        "turns": rule.turns,
        "owner": rule.partner_id,
        "by_partner": is_merchants or rule.audience == AlertRule.Audience.PARTNER,
        "by_company": is_merchants,
    }


def _codes(rule: AlertRule) -> list[str] | None:
    """Those that are named, or lie in an area that is; None: all."""
    if not rule.codes and not rule.areas:
        return None
    in_areas = [code for code, kind in KINDS.items() if kind.area in rule.areas]
    return sorted({*rule.codes, *in_areas})
