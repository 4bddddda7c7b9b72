"""Who is told: the addresses that a rule leads to, for one partner or one merchant where it depends on that."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from health.models import AlertRule, CompanyContact, Member

MOST: Final = 100  # people of one rule; who wants to reach more makes a list at the mail server
ENGLISH: Final = "en-us"


class Addressee(Struct, frozen=True):
    """One address. ``locale`` is one of `commerce_sync.flow.locales`."""

    address: str
    locale: str = ENGLISH


def addressees_of(rule: AlertRule, partner_id: int | None, company_id: int | None) -> list[Addressee]:
    """Who is told of what is of this partner, or of this company; nobody when there is no address."""
    if rule.channel == AlertRule.Channel.SLACK:
        return [Addressee("Slack")]
    if rule.audience == AlertRule.Audience.ADDRESSES:
        return [Addressee(address) for address in rule.addresses]
    if rule.audience == AlertRule.Audience.MERCHANT:
        found = CompanyContact.objects.filter(company_id__in=[company_id]).exclude(wants=CompanyContact.Wants.NOTHING)
        return [Addressee(each.email, each.locale) for each in found]
    partner = partner_id if rule.audience == AlertRule.Audience.PARTNER else None
    people = Member.objects.filter(user__is_active=True).exclude(user__email="")
    people = people.filter(partner__isnull=True) if partner is None else people.filter(partner_id=partner)
    if rule.role:
        people = people.filter(role=rule.role)
    emails = people.order_by("user_id").values_list("user__email", flat=True)[:MOST]
    return [Addressee(email) for email in dict.fromkeys(emails)]
