"""From news to messages: what is due is written to the outbox, one message to each address, and noted as told.

Both in one transaction, in which the rule is locked: a crash before the commit leaves the news to the next run, and
nothing is told twice. Set-based: what a message does not list is counted and noted, and never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, LiteralString

from msgspec import Struct, structs

from health.alerts.addressees import Addressee, addressees_of
from health.alerts.items import Item, Sample, item_of, samples_of
from health.alerts.message import MOST_LISTED, Brand, Message, brand_of, for_merchant, for_people, for_slack
from health.alerts.raising import rhythm_of
from health.models import Alarm, Alert, AlertRule, CompanyContact
from ledger import sql
from ledger.models import Company

GROUPS_AT_ONCE: Final = 50  # partners or merchants in one transaction
NOBODY_THERE: Final = timedelta(minutes=10)  # until it is looked again whether there is somebody to tell
# Of each news the gravest are listed; all are counted.
_DUE: Final[LiteralString] = """
    WITH due AS (
        SELECT coalesce(partner_id, 0) AS partner_id, coalesce(company_id, 0) AS company_id FROM health_alarm
        WHERE rule_id = %s AND news <> '' AND tell_at <= %s GROUP BY 1, 2 ORDER BY min(tell_at) LIMIT %s
    ), ranked AS (
        SELECT alarm.id, count(*) OVER (PARTITION BY due.partner_id, due.company_id, alarm.news) AS total,
            row_number() OVER (PARTITION BY due.partner_id, due.company_id, alarm.news ORDER BY alarm.rank, alarm.id)
                AS place
        FROM health_alarm alarm
        JOIN due ON coalesce(alarm.partner_id, 0) = due.partner_id AND coalesce(alarm.company_id, 0) = due.company_id
        WHERE alarm.rule_id = %s AND alarm.news <> '' AND alarm.tell_at <= %s
    )
    SELECT id, total FROM ranked WHERE place <= %s
"""
# What lasts comes again in the next daily digest, and otherwise not. What nobody could be told of waits for somebody;
# its end needs no telling then.
_NOTE: Final[LiteralString] = """
    UPDATE health_alarm alarm SET
        told_at = CASE WHEN told.has_people THEN %s ELSE alarm.told_at END,
        tell_at = CASE WHEN told.has_people OR alarm.over_at IS NOT NULL THEN NULL ELSE %s END,
        news = CASE WHEN alarm.over_at IS NOT NULL THEN '' WHEN NOT told.has_people THEN alarm.news
            WHEN told.is_daily THEN 'still' ELSE '' END
    FROM unnest(%s::bigint[], %s::bigint[], %s::bool[], %s::bool[])
        AS told(partner_id, company_id, has_people, is_daily)
    WHERE alarm.rule_id = %s AND alarm.news <> '' AND alarm.tell_at <= %s
        AND coalesce(alarm.partner_id, 0) = told.partner_id AND coalesce(alarm.company_id, 0) = told.company_id
"""


class _Group(Struct):
    """What is due for one partner, one merchant, or all: the alarms that are listed, and how many there are by news."""

    alarms: list[Alarm]
    totals: dict[str, int]
    is_daily: bool
    people: Sequence[Addressee]

    @property
    def key(self) -> tuple[int, int]:
        """Partner and company, 0 for none."""
        return self.alarms[0].partner_id or 0, self.alarms[0].company_id or 0


def tell(rule: AlertRule, at: datetime) -> bool:
    """Write the messages that are due, of so many partners or merchants at a time; whether there were any. Joins the
    caller's transaction."""
    groups = _due(rule, at)
    if not groups:
        return False
    samples, brands = samples_of(rule, [alarm for group in groups for alarm in group.alarms]), dict[int, Brand]()
    Alert.objects.bulk_create([each for group in groups for each in _messages(rule, group, samples, brands, at)])
    sql.execute(
        _NOTE,
        (
            *(at, at + NOBODY_THERE),
            *([group.key[0] for group in groups], [group.key[1] for group in groups]),
            *([bool(group.people) for group in groups], [group.is_daily for group in groups]),
            *(rule.pk, at),
        ),
    )
    return True


def _due(rule: AlertRule, at: datetime) -> list[_Group]:
    totals: dict[int, int] = dict(sql.rows(_DUE, (rule.pk, at, GROUPS_AT_ONCE, rule.pk, at, MOST_LISTED)))
    alarms = list(Alarm.objects.filter(pk__in=list(totals)).select_related("company__partner"))
    alarms.sort(key=lambda alarm: (alarm.partner_id or 0, alarm.company_id or 0, alarm.rank, alarm.pk))
    wants = dict(
        CompanyContact.objects.filter(company_id__in={each.company_id for each in alarms if each.company_id})
        .values_list("company_id", "wants")
    )  # fmt: skip
    found = []
    for (partner_id, company_id), some in groupby(alarms, lambda alarm: (alarm.partner_id, alarm.company_id)):
        these = list(some)
        found.append(
            _Group(
                alarms=these,
                totals={alarm.news: totals[alarm.pk] for alarm in these},
                is_daily=rhythm_of(rule, "", wants.get(company_id or 0, "")).digest == "daily",
                people=addressees_of(rule, partner_id, company_id),
            )
        )
    return found


def _messages(
    rule: AlertRule, group: _Group, samples: Mapping[int, Sample], brands: dict[int, Brand], at: datetime
) -> list[Alert]:
    """One message to each of the group's people."""
    known = [samples[alarm.pk] for alarm in group.alarms if alarm.pk in samples]
    if not known:
        return []
    company = group.alarms[0].company if rule.audience == AlertRule.Audience.MERCHANT else None
    is_digest = group.is_daily if company is not None else rule.digest != AlertRule.Digest.AT_ONCE
    found, by_locale = [], dict[str, Message]()
    for person in group.people:
        if person.locale not in by_locale:
            by_locale[person.locale] = composed(
                rule, known, person.locale, company, brands, totals=group.totals, is_digest=is_digest
            )
        found.append(alert_of(rule, by_locale[person.locale], person, group.alarms, at))
    return found


def composed(
    rule: AlertRule,
    samples: Sequence[Sample],
    locale: str,
    company: Company | None,
    brands: dict[int, Brand],
    *,
    totals: Mapping[str, int],
    is_digest: bool = False,
    test: bool = False,
) -> Message:
    """The message about these alarms, of which there are ``totals`` by news, as this rule's readers get it."""
    items = [item_of(sample, locale, for_merchant=company is not None) for sample in samples]
    if company is not None:
        if company.partner_id not in brands:
            brands[company.partner_id] = brand_of(company.partner)
        return for_merchant(company, items, totals, locale, brands[company.partner_id], is_digest=is_digest)
    message = for_people(rule.name, items, totals, is_digest=is_digest, test=test)
    return slack(message, items, totals) if rule.channel == AlertRule.Channel.SLACK else message


def slack(message: Message, items: Sequence[Item], totals: Mapping[str, int]) -> Message:
    """For Slack there is no HTML."""
    return structs.replace(for_slack(message, items, totals), what=message.what)


def alert_of(rule: AlertRule, message: Message, person: Addressee, alarms: Sequence[Alarm], at: datetime) -> Alert:
    """The row of the outbox; not saved."""
    first = alarms[0] if alarms else None
    return Alert(
        rule=rule,
        partner_id=(first.partner_id if first else None) or rule.partner_id,
        company_id=first.company_id if first else None,
        what=message.what,
        channel=rule.channel,
        address=person.address,
        sender=message.sender,
        alarms=[alarm.pk for alarm in alarms],
        subject=message.subject,
        text=message.text,
        html=message.html,
        next_at=at,
    )
