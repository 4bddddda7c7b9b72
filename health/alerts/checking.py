"""What is wrong with a rule, in words, before PostgreSQL refuses it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, get_args

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from connectors.addresses import BadAddress
from health.findings.kinds import KINDS, SEVERITIES, Area
from health.models import AlertRule, Member
from health.models.alert_rule import MOST_ADDRESSES
from health.webhooks.address import webhook_address
from ledger.problems import Turn
from ledger.zones import UnknownZone, zone_of

AREAS: Final = get_args(Area)
TURNS: Final = get_args(Turn)
MOST: Final = 2_000_000_000
Problem = tuple[str, str]


class BadRule(Exception):
    """A rule that cannot be: (field, sentence) each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(" ".join(sentence for _, sentence in problems))


def problems_of(rule: AlertRule, slack_url: str, private: Collection[str]) -> list[Problem]:
    """Everything that is wrong: (field, sentence) each."""
    checks: tuple[Callable[[], Iterator[Problem]], ...] = (
        lambda: _words(rule),
        lambda: _audience(rule),
        lambda: _channel(rule, slack_url, private),
        lambda: _figures(rule),
    )
    return [problem for check in checks for problem in check()]


def _words(rule: AlertRule) -> Iterator[Problem]:
    if not rule.name.strip() or len(rule.name) > 100:
        yield "name", "Give the rule a name of at most 100 characters."
    known: tuple[tuple[str, Collection[str]], ...] = (
        ("audience", AlertRule.Audience.values),
        ("channel", AlertRule.Channel.values),
        ("digest", AlertRule.Digest.values),
        ("least_severity", SEVERITIES),
    )
    for field, words in known:
        if getattr(rule, field) not in words:
            yield field, f"This must be one of {', '.join(words)}."
    for field, words in (("codes", KINDS), ("areas", AREAS), ("turns", TURNS)):
        unknown = [each for each in getattr(rule, field) if each not in words]
        if unknown:
            yield field, f"There is no {field[:-1]} {unknown[0]!r}."


def _audience(rule: AlertRule) -> Iterator[Problem]:
    if rule.role and rule.role not in Member.Role.values:
        yield "role", f"This must be one of {', '.join(Member.Role.values)}."
    if rule.audience == AlertRule.Audience.ROLE:
        if rule.partner_id is not None:
            yield "audience", "A partner’s own rule tells the partner’s people, its merchants, or given addresses."
        if not rule.role:
            yield "role", "Say which role is told."
    elif rule.role and rule.audience != AlertRule.Audience.PARTNER:
        yield "role", "A role belongs to a rule that tells people of the console."


def _channel(rule: AlertRule, slack_url: str, private: Collection[str]) -> Iterator[Problem]:
    is_slack = rule.channel == AlertRule.Channel.SLACK
    if is_slack and rule.audience != AlertRule.Audience.ADDRESSES:
        yield "channel", "Slack is told at the address given here; people and merchants are told by email."
    if is_slack and not slack_url and rule.sealed_url is None:
        yield "slack_url", "Give the address of the incoming webhook."
    if slack_url and not is_slack:
        yield "slack_url", "This address belongs to a rule that tells Slack."
    if slack_url:
        try:
            webhook_address(slack_url, private=private)
        except BadAddress as error:
            yield "slack_url", str(error)
    wants_addresses = rule.audience == AlertRule.Audience.ADDRESSES and not is_slack
    if wants_addresses and not rule.addresses:
        yield "addresses", "Give at least one address."
    if rule.addresses and not wants_addresses:
        yield "addresses", "Addresses belong to a rule that mails to given addresses."
    if len(rule.addresses) > MOST_ADDRESSES:
        yield "addresses", f"Give at most {MOST_ADDRESSES} addresses."
    for address in rule.addresses:
        try:
            validate_email(address)
        except ValidationError:
            yield "addresses", f"{address!r} is no email address."


def _figures(rule: AlertRule) -> Iterator[Problem]:
    for field, least, most in (
        ("least_count", 1, MOST),
        ("least_amount", 0, 10**15),
        ("least_age_minutes", 0, 60 * 24 * 366),
        ("calm_minutes", 0, 60 * 24 * 7),
        ("hour", 0, 23),
    ):
        if not least <= getattr(rule, field) <= most:
            yield field, f"This must be from {least} to {most}."
    quiet = (rule.quiet_from, rule.quiet_until)
    if (quiet[0] is None) != (quiet[1] is None):
        yield "quiet_from" if quiet[0] is None else "quiet_until", "Give both hours, or neither."
    elif quiet[0] is not None and (quiet[0] == quiet[1] or not all(0 <= (hour or 0) <= 23 for hour in quiet)):
        yield "quiet_from", "Give two different hours from 0 to 23."
    if rule.zone:
        try:
            zone_of(rule.zone)
        except UnknownZone:
            yield "zone", "There is no such time zone; write it as Europe/Paris."
