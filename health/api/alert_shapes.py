"""The published shapes of a partner's alert rules, and of a company's contact."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.shape import Input, Shape
from health.findings.kinds import Area, Severity
from health.models import AlertRule as RuleRow
from health.models import CompanyContact
from health.models.alert_rule import MOST_ADDRESSES
from health.webhooks.address import LONGEST_URL
from ledger.problems import Turn

Audience = Literal["partner", "merchant", "addresses"]
Role = Literal["", "support", "finance", "engineer", "administrator"]
Locale = Literal["en-us", "fr-fr", "fr-ca"]
Wants = Literal["nothing", "at_once", "daily"]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Email = Annotated[str, Meta(max_length=254)]
Addresses = Annotated[list[Email], Meta(max_length=MOST_ADDRESSES)]
Codes = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=200)]
SlackUrl = Annotated[str, Meta(min_length=1, max_length=LONGEST_URL)]
Hour = Annotated[int, Meta(ge=0, le=23)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Amount = Annotated[int, Meta(ge=0, le=10**15)]
Minutes = Annotated[int, Meta(ge=0, le=60 * 24 * 366)]
Calm = Annotated[int, Meta(ge=0, le=60 * 24 * 7)]
Zone = Annotated[str, Meta(max_length=64)]


class QuietHours(Shape):
    """From the beginning of the one hour until the beginning of the other nothing is sent."""

    start: Hour
    finish: Hour


class AlertRule(Shape):
    """Who of yours is told of which findings, how and when. Empty lists mean all; ``least_amount`` is in minor units
    of the finding's currency. ``has_slack_url``: the address is kept, and never shown."""

    id: UUID
    name: str
    enabled: bool
    audience: Audience
    role: str
    addresses: list[str]
    channel: Literal["email", "slack"]
    has_slack_url: bool
    codes: list[str]
    areas: list[str]
    turns: list[str]
    least_severity: Severity
    least_count: int
    least_amount: int
    least_age_minutes: int
    calm_minutes: int
    digest: Literal["at_once", "hourly", "daily"]
    hour: int
    time_zone: str
    created: datetime
    quiet_hours: QuietHours | UnsetType = UNSET


class CreateAlertRule(Input):
    """A rule. ``audience`` partner: your people at the console (of one ``role``, or all); merchant: the contacts of
    your companies; addresses: those given, or with ``channel`` slack the incoming webhook at ``slack_url``."""

    name: Name
    audience: Audience
    enabled: bool = True
    role: Role = ""
    addresses: Addresses = []
    channel: Literal["email", "slack"] = "email"
    slack_url: SlackUrl | UnsetType = UNSET
    codes: Codes = []
    areas: list[Area] = []
    turns: list[Turn] = []
    least_severity: Severity = "error"
    least_count: Count = 1
    least_amount: Amount = 0
    least_age_minutes: Minutes = 0
    calm_minutes: Calm = 5
    digest: Literal["at_once", "hourly", "daily"] = "at_once"
    hour: Hour = 8
    time_zone: Zone = ""
    quiet_hours: QuietHours | None = None


class UpdateAlertRule(Input):
    """What is to change; what is absent stays. ``quiet_hours`` null: none."""

    name: Name | UnsetType = UNSET
    audience: Audience | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    addresses: Addresses | UnsetType = UNSET
    channel: Literal["email", "slack"] | UnsetType = UNSET
    slack_url: SlackUrl | UnsetType = UNSET
    codes: Codes | UnsetType = UNSET
    areas: list[Area] | UnsetType = UNSET
    turns: list[Turn] | UnsetType = UNSET
    least_severity: Severity | UnsetType = UNSET
    least_count: Count | UnsetType = UNSET
    least_amount: Amount | UnsetType = UNSET
    least_age_minutes: Minutes | UnsetType = UNSET
    calm_minutes: Calm | UnsetType = UNSET
    digest: Literal["at_once", "hourly", "daily"] | UnsetType = UNSET
    hour: Hour | UnsetType = UNSET
    time_zone: Zone | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET


class MerchantContact(Shape):
    """Where the merchant wants to be told of what the merchant can mend; ``email`` null: nowhere yet."""

    email: str | None
    locale: Locale
    wants: Wants


class SetMerchantContact(Input):
    """The whole contact. ``wants``: nothing, each thing at once, or once a day in the merchant's morning."""

    email: Email | None
    locale: Locale
    wants: Wants


def values_of(said: CreateAlertRule | UpdateAlertRule) -> dict[str, Any]:
    """What is said, by the names of the row's fields."""
    found = {
        name: getattr(said, name)
        for name in said.__struct_fields__
        if name not in ("slack_url", "quiet_hours", "time_zone") and getattr(said, name) is not UNSET
    }
    if said.time_zone is not UNSET:
        found["zone"] = said.time_zone
    if said.quiet_hours is not UNSET:
        quiet = said.quiet_hours
        found |= {"quiet_from": quiet.start if quiet else None, "quiet_until": quiet.finish if quiet else None}
    return found


def rule_shape(row: RuleRow) -> AlertRule:
    """A rule as it is published: without its Slack address."""
    quiet: QuietHours | UnsetType = UNSET
    if row.quiet_from is not None and row.quiet_until is not None:
        quiet = QuietHours(start=row.quiet_from, finish=row.quiet_until)
    return AlertRule(
        id=row.public_id,
        name=row.name,
        enabled=row.enabled,
        audience=cast(Audience, row.audience),
        role=row.role,
        addresses=row.addresses,
        channel=cast(Any, row.channel),
        has_slack_url=row.sealed_url is not None,
        codes=row.codes,
        areas=row.areas,
        turns=row.turns,
        least_severity=cast(Severity, row.least_severity),
        least_count=row.least_count,
        least_amount=row.least_amount,
        least_age_minutes=row.least_age_minutes,
        calm_minutes=row.calm_minutes,
        digest=cast(Any, row.digest),
        hour=row.hour,
        time_zone=row.zone,
        created=row.created_at,
        quiet_hours=quiet,
    )


def contact_shape(row: CompanyContact) -> MerchantContact:
    """A contact as it is published."""
    return MerchantContact(email=row.email or None, locale=cast(Locale, row.locale), wants=cast(Wants, row.wants))
