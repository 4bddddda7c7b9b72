"""What a rule would say now: of what is there, or of a made-up finding where nothing is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from health.alerts.addressees import ENGLISH
from health.alerts.items import Item, Sample
from health.alerts.matching import facts_of
from health.alerts.message import Message, for_people
from health.alerts.telling import composed, slack
from health.findings.kinds import KINDS, SEVERITIES, in_words
from health.models import Alarm, AlertRule, Finding
from ledger.services import now

MOST: Final = 3  # findings in a preview
EXAMPLE: Final = "delivery_unknown"


def preview_of(rule: AlertRule, *, test: bool = False) -> Message:
    """The message that the rule would send of the newest findings that it is about, or of an example."""
    found = _found(rule)
    if rule.audience == AlertRule.Audience.MERCHANT:
        found = [each for each in found if each.company is not None][:1]
    if not found:
        message = for_people(rule.name, [_example()], {"opened": 1}, is_digest=False, test=test)
        return slack(message, [_example()], {"opened": 1}) if rule.channel == AlertRule.Channel.SLACK else message
    at = now()
    samples = [
        Sample(
            Alarm(
                rule=rule, code=each.code, root=each.root, rank=SEVERITIES.index(each.severity), count=1,
                news="opened", opened_at=each.opened_at or at,
            ),
            each, each.company.name if each.company else "",
        )
        for each in found
    ]  # fmt: skip
    company = found[0].company if rule.audience == AlertRule.Audience.MERCHANT else None
    return composed(rule, samples, ENGLISH, company, {}, totals={"opened": len(samples)}, test=test)


def _found(rule: AlertRule) -> list[Finding]:
    """The newest that are open and that the rule is about, of different causes."""
    facts = facts_of(rule)
    rows = Finding.objects.filter(resolved_at=None, severity__in=facts["severities"]).exclude(state="ignored")
    if facts["codes"] is not None:
        rows = rows.filter(code__in=facts["codes"])
    if facts["turns"]:
        rows = rows.filter(turn__in=facts["turns"])
    if facts["owner"] is not None:
        rows = rows.filter(partner_id=facts["owner"])
    if facts["by_company"]:
        rows = rows.filter(turn="merchant", company__isnull=False)
    found: dict[tuple[str, str], Finding] = {}
    for each in rows.select_related("company__partner").order_by("-id")[: MOST * 10]:
        found.setdefault((each.code, each.root), each)
    return list(found.values())[:MOST]


def _example() -> Item:
    kind = KINDS[EXAMPLE]
    since = datetime(2026, 11, 3, 7, 30, tzinfo=UTC)
    facts = {"count": 3, "since": f"{since:%Y-%m-%d %H:%M}"}
    return Item(
        news="opened", rank=SEVERITIES.index(kind.severity), title=kind.title, sentence=in_words(kind.sentence, facts),
        remedy=in_words(kind.remedy, facts), company="An example", count=3, since=f"{since:%-d %b %Y, %H:%M} UTC",
    )  # fmt: skip
