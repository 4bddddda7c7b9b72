"""From news to messages: what is due is written to the outbox, one message to each address, and noted as told.

Both in one transaction, in which the rule is locked: a crash before the commit leaves the news to the next run, and
nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, LiteralString

from msgspec import structs

from health.alerts.addressees import Addressee, addressees_of
from health.alerts.items import Item, Sample, item_of, samples_of
from health.alerts.message import Brand, Message, brand_of, for_merchant, for_people, for_slack
from health.alerts.raising import rhythm_of
from health.models import Alarm, Alert, AlertRule, CompanyContact
from ledger import sql
from ledger.models import Company

GROUPS_AT_ONCE: Final = 50  # partners or merchants in one transaction
ALARMS_AT_ONCE: Final = 1_000
_DUE: Final[LiteralString] = """
    WITH due AS (
        SELECT coalesce(partner_id, 0) AS partner_id, coalesce(company_id, 0) AS company_id FROM health_alarm
        WHERE rule_id = %s AND news <> '' AND tell_at <= %s GROUP BY 1, 2 ORDER BY min(tell_at) LIMIT %s)
    SELECT alarm.id FROM health_alarm alarm
    JOIN due ON coalesce(alarm.partner_id, 0) = due.partner_id AND coalesce(alarm.company_id, 0) = due.company_id
    WHERE alarm.rule_id = %s AND alarm.news <> '' AND alarm.tell_at <= %s
    ORDER BY alarm.partner_id, alarm.company_id, alarm.rank, alarm.id LIMIT %s
"""


def tell(rule: AlertRule, at: datetime) -> int:
    """Write the messages that are due; how many alarms were told of. Joins the caller's transaction."""
    ids = [row[0] for row in sql.rows(_DUE, (rule.pk, at, GROUPS_AT_ONCE, rule.pk, at, ALARMS_AT_ONCE))]
    alarms = list(Alarm.objects.filter(pk__in=ids).select_related("company__partner"))
    alarms.sort(key=lambda alarm: (alarm.partner_id or 0, alarm.company_id or 0, alarm.rank, alarm.pk))
    samples, brands = samples_of(rule, alarms), dict[int, Brand]()
    alerts, told = list[Alert](), list[Alarm]()
    for (partner_id, company_id), some in groupby(alarms, lambda alarm: (alarm.partner_id, alarm.company_id)):
        these = list(some)
        people = addressees_of(rule, partner_id, company_id)
        alerts += _messages(rule, these, samples, people, brands, at)
        # Whom nobody can be told of yet is told of once there is an address; the end of it needs no telling then.
        told += [alarm for alarm in these if people or alarm.over_at is not None]
    Alert.objects.bulk_create(alerts)
    _note(rule, told, at)
    return len(told)


def _messages(
    rule: AlertRule,
    alarms: Sequence[Alarm],
    samples: dict[int, Sample],
    people: Sequence[Addressee],
    brands: dict[int, Brand],
    at: datetime,
) -> list[Alert]:
    """One message to each of these people about alarms of one partner or one merchant."""
    known = [samples[alarm.pk] for alarm in alarms if alarm.pk in samples]
    if not known:
        return []
    company = alarms[0].company if rule.audience == AlertRule.Audience.MERCHANT else None
    found, by_locale = [], dict[str, Message]()
    for person in people:
        if person.locale not in by_locale:
            by_locale[person.locale] = composed(rule, known, person.locale, company, brands)
        found.append(alert_of(rule, by_locale[person.locale], person, alarms, at))
    return found


def composed(
    rule: AlertRule,
    samples: Sequence[Sample],
    locale: str,
    company: Company | None,
    brands: dict[int, Brand],
    *,
    test: bool = False,
) -> Message:
    """The message about these alarms, as this rule's readers get it."""
    items = [item_of(sample, locale, for_merchant=company is not None) for sample in samples]
    if company is not None:
        if company.partner_id not in brands:
            brands[company.partner_id] = brand_of(company.partner)
        return for_merchant(company, items, locale, brands[company.partner_id], is_digest=_is_digest(rule, company))
    message = for_people(rule.name, items, is_digest=_is_digest(rule, None), test=test)
    return slack(message, items) if rule.channel == AlertRule.Channel.SLACK else message


def slack(message: Message, items: Sequence[Item]) -> Message:
    """For Slack there is no HTML."""
    return structs.replace(for_slack(message, items), what=message.what)


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


def _is_digest(rule: AlertRule, company: Company | None) -> bool:
    if company is None:
        return rule.digest != AlertRule.Digest.AT_ONCE
    contact = CompanyContact.objects.filter(company=company).first()
    return contact is not None and contact.wants == CompanyContact.Wants.DAILY


def _note(rule: AlertRule, alarms: Sequence[Alarm], at: datetime) -> None:
    """These were told of. What lasts comes again in the next daily digest, and otherwise not."""
    wants = dict(
        CompanyContact.objects.filter(company_id__in=[each.company_id for each in alarms if each.company_id])
        .values_list("company_id", "wants")
    )  # fmt: skip
    is_daily = [rhythm_of(rule, "", wants.get(each.company_id or 0, "")).digest == "daily" for each in alarms]
    sql.execute(
        """UPDATE health_alarm alarm SET told_at = %s, tell_at = NULL,
               news = CASE WHEN alarm.over_at IS NULL AND told.is_daily THEN 'still' ELSE '' END
           FROM unnest(%s::bigint[], %s::bool[]) AS told(id, is_daily) WHERE alarm.id = told.id""",
        (at, [each.pk for each in alarms], is_daily),
    )
