"""What people do with rules and contacts: keep, delete, try. Keyword-only; each call is one transaction and audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from commerce_sync import tasks
from commerce_sync.flow.locales import NAMES
from connectors.credentials import current_key_id
from connectors.services import private_places
from health.alerts.addressees import Addressee, addressees_of
from health.alerts.checking import BadRule, problems_of
from health.alerts.previewing import preview_of
from health.alerts.secrets import seal
from health.alerts.telling import alert_of
from health.models import Alert, AlertRule, CompanyContact
from health.webhooks.address import webhook_address
from ledger.models import Company, Partner
from ledger.services import audit, now

MOST_RULES: Final = 50  # of one partner's
FIELDS: Final = (
    "name", "enabled", "audience", "role", "addresses", "channel", "codes", "areas", "turns", "least_severity",
    "least_count", "least_amount", "least_age_minutes", "calm_minutes", "digest", "hour", "zone", "quiet_from",
    "quiet_until",
)  # fmt: skip


class BadContact(Exception):
    """A contact that cannot be: ``field`` and, as the text, a sentence about it."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class NobodyToTell(Exception):
    """A rule leads to no address now."""


@transaction.atomic
def save_rule(
    *,
    rule: AlertRule | None,
    partner: Partner | None,
    values: Mapping[str, Any],
    slack_url: str = "",
    actor: str,
    why: str = "",
) -> AlertRule:
    """Make a rule, or change the ``values`` that are given of one; a partner's own, or ours.

    ``slack_url`` "": the one that there is stays. Raises `BadRule`, which names the fields.
    """
    if rule is not None:
        row = AlertRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    else:
        if partner is not None:
            Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)  # two at once do not make one too many
            if AlertRule.objects.filter(partner=partner).count() >= MOST_RULES:
                raise BadRule([("name", f"There are {MOST_RULES} rules, as many as there may be; delete one first.")])
        row = AlertRule(partner=partner)
    before = _said(row) if rule is not None else {}
    for field in FIELDS:
        if field in values:
            setattr(row, field, values[field])
    problems = problems_of(row, slack_url, private_places())
    if problems:
        raise BadRule(problems)
    if slack_url:
        row.sealed_url = seal(row.public_id, webhook_address(slack_url, private=private_places()))
        row.key_id = current_key_id()
    elif row.channel != AlertRule.Channel.SLACK:
        row.sealed_url, row.key_id = None, ""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "alert_rule_name_once" not in str(error):
            raise
        raise BadRule([("name", "There is a rule of this name already.")]) from None
    changes = {name: [before.get(name), value] for name, value in _said(row).items() if before.get(name) != value}
    detail = {"name": row.name, "changes": changes, "new_slack_address": bool(slack_url), "why": why}
    code = "alert_rule.changed" if rule is not None else "alert_rule.added"
    audit(code=code, actor=actor, partner=row.partner, subject=str(row.public_id), detail=detail)
    return row


@transaction.atomic
def delete_rule(*, rule: AlertRule, actor: str, why: str = "") -> None:
    """Delete a rule and what it remembers; the log of its messages stays."""
    row = AlertRule.objects.select_for_update().get(pk=rule.pk)
    detail = {"name": row.name, "changes": {name: [value, None] for name, value in _said(row).items()}, "why": why}
    audit(code="alert_rule.removed", actor=actor, partner=row.partner, subject=str(row.public_id), detail=detail)
    row.delete()


@transaction.atomic
def send_test(*, rule: AlertRule, own_address: str, actor: str, why: str = "") -> int:
    """Send what the rule would say now, marked as a test, to whom it leads; how many messages.

    A rule for merchants is tried at ``own_address``, that of whoever asks: merchants are not bothered. Raises
    `NobodyToTell`.
    """
    people = addressees_of(rule, rule.partner_id, None)
    if rule.audience != AlertRule.Audience.ADDRESSES:
        people = [Addressee(own_address)] if own_address else []
    if not people:
        raise NobodyToTell("There is no address to send a test to: your own account has none.")
    message = preview_of(rule, test=True)
    at = now()
    Alert.objects.bulk_create([alert_of(rule, message, person, [], at) for person in people])
    detail = {"name": rule.name, "messages": len(people), "why": why}
    audit(code="alert_rule.tested", actor=actor, partner=rule.partner, subject=str(rule.public_id), detail=detail)
    tasks.ring()
    return len(people)


@transaction.atomic
def set_contact(*, company: Company, email: str, locale: str, wants: str, actor: str) -> CompanyContact:
    """Where the merchant wants to hear of what, in which language. Raises `BadContact`."""
    email = email.strip()
    if locale not in NAMES:
        raise BadContact("locale", f"The language must be one of {', '.join(NAMES)}.")
    if wants not in CompanyContact.Wants.values:
        raise BadContact("wants", f"This must be one of {', '.join(CompanyContact.Wants.values)}.")
    if email or wants != CompanyContact.Wants.NOTHING:
        try:
            validate_email(email)
        except ValidationError:
            raise BadContact("email", "This is no email address.") from None
    if len(email) > CompanyContact._meta.get_field("email").max_length:  # type: ignore[operator]  # it has one
        raise BadContact("email", "This address is too long.")
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)  # two at once make one contact
    former = CompanyContact.objects.filter(company=company).first()
    said = {"email": email, "locale": locale, "wants": wants}
    if former is not None and all(getattr(former, name) == value for name, value in said.items()):
        return former
    row, _ = CompanyContact.objects.update_or_create(company=company, defaults={**said, "updated_at": now()})
    changes = {
        name: [getattr(former, name, None), value]
        for name, value in said.items()
        if name != "email" and getattr(former, name, None) != value
    }
    # The address itself is the merchant's, and the trail is kept for good.
    detail = {"changes": changes, "email_changed": former is None or former.email != email}
    audit(code="contact.changed", actor=actor, company=company, detail=detail)
    return row


def contact_of(company: Company) -> CompanyContact:
    """The contact, or one that has not been said yet (not saved)."""
    found = CompanyContact.objects.filter(company=company).first()
    return found or CompanyContact(company=company, email="", locale="en-us", wants=CompanyContact.Wants.NOTHING)


def _said(row: AlertRule) -> dict[str, Any]:
    """What the audit trail says of a rule: never its Slack address."""
    return {field: getattr(row, field) for field in FIELDS}
