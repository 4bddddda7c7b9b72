"""What a message says of each alarm: facts, in the words of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final, LiteralString

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from msgspec import Struct

from commerce_sync.flow.figures import money
from commerce_sync.flow.locales import LANGUAGES
from health.alerts.matching import FILTER, facts_of, in_scope
from health.alerts.merchant_words import told
from health.models import Alarm, AlertRule, Finding
from ledger import sql
from ledger.zones import zone_of

# One finding stands for its group: open before closed, the gravest, the newest.
_SAMPLES: Final[LiteralString] = """
    SELECT alarm.id, sample.id, sample.company_name
    FROM health_alarm alarm CROSS JOIN LATERAL (
        SELECT finding.id, company.name AS company_name
        FROM health_finding finding LEFT JOIN ledger_company company ON company.id = finding.company_id
        WHERE finding.code = alarm.code AND finding.root = alarm.root
            AND SCOPE AND (finding.resolved_at IS NULL OR finding.resolved_at >= alarm.opened_at) AND FILTER
        ORDER BY finding.resolved_at IS NOT NULL, array_position(ARRAY['error', 'warning', 'notice'],
            finding.severity::text), finding.id DESC LIMIT 1
    ) sample WHERE alarm.id = ANY(%(alarms)s)
""".replace("FILTER", FILTER)


class Item(Struct, frozen=True):
    """One alarm in a message: ``title`` is what happened; ``sentence`` says more of it, to a merchant what to do.
    ``amount`` is what is at stake, as text; ``url`` "" when there is no public address."""

    news: str
    rank: int
    title: str
    sentence: str
    remedy: str
    company: str
    count: int
    since: str
    amount: str = ""
    url: str = ""


class Sample(Struct, frozen=True):
    """An alarm, and the finding that stands for its group."""

    alarm: Alarm
    finding: Finding
    company: str


def samples_of(rule: AlertRule, alarms: Sequence[Alarm]) -> dict[int, Sample]:
    """Alarm id → what stands for it, in two statements; none where the rule is not about its findings any more."""
    facts = {**facts_of(rule), "alarms": [alarm.pk for alarm in alarms]}
    rows = sql.rows_named(in_scope(_SAMPLES, rule), facts)
    findings = Finding.objects.select_related("company").in_bulk([row[1] for row in rows])
    known = {alarm.pk: alarm for alarm in alarms}
    return {row[0]: Sample(known[row[0]], findings[row[1]], row[2] or "") for row in rows}


def item_of(sample: Sample, locale: str, *, for_merchant: bool) -> Item:
    """The alarm in words: the merchant's, or those of the console."""
    alarm, finding = sample.alarm, sample.finding
    company = sample.company if alarm.count == 1 or alarm.company_id else ""
    zone = finding.company.zone if for_merchant and finding.company else "UTC"
    with translation.override(LANGUAGES[locale]):
        since = date_format(localtime(alarm.opened_at, zone_of(zone)), "DATETIME_FORMAT")
        if for_merchant:
            words = told(finding, locale)
            title, sentence, remedy, url = words.what, words.todo, "", ""
        else:
            title, sentence, remedy = finding.kind.title, finding.sentence, finding.remedy
            since, url = (
                f"{localtime(alarm.opened_at, UTC):%-d %b %Y, %H:%M} UTC",
                _page_of(alarm, finding),
            )
    return Item(
        news=alarm.news,
        rank=alarm.rank,
        title=title,
        sentence=sentence,
        remedy=remedy,
        company=company,
        count=alarm.count,
        since=since,
        amount=money(abs(finding.amount), finding.currency, locale) if finding.amount and finding.currency else "",
        url=url,
    )


def _page_of(alarm: Alarm, finding: Finding) -> str:
    """The finding, or all of its cause."""
    if alarm.count == 1:
        return console_url("admin:console-finding", finding.public_id)
    return console_url("admin:console-finding-group", query={"code": alarm.code, "root": alarm.root})


def console_url(name: str, *args: Any, query: Mapping[str, str] | None = None) -> str:
    """A page of the console's as people outside reach it; "" when it has not been said where that is."""
    root = settings.COMMERCE_SYNC_PUBLIC_URL
    return f"{root}{reverse(name, args=args, query=query)}" if root else ""
