"""Who is told of which findings, how and when."""

from __future__ import annotations

import uuid
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from health.findings.kinds import SEVERITIES
from health.models.member import Member

MOST_ADDRESSES: Final = 20


class AlertRule(models.Model):
    """One rule. ``partner`` None: it is ours, over the findings of all partners; else that partner's own.

    ``role``, ``addresses`` and ``sealed_url`` belong to their audience and channel: people of ours in a role, people of
    the finding's partner (in a role, or "" all), the merchant's own contact, or what is given here. Empty ``codes``,
    ``areas`` and ``turns`` are all of them. A group of findings (one code, one root) is told of once it has
    ``least_count`` of them, ``least_amount`` (minor units of its currency) is at stake, and the oldest has been open
    for ``least_age_minutes``; it is over when nothing of it has been there for ``calm_minutes``. ``zone`` "" is UTC, or
    the merchant's own. The Slack address is a secret: encrypted, bound to this row, and never shown again.
    """

    class Audience(models.TextChoices):
        """Who is told."""

        ROLE = "role", "Our people in a role"
        PARTNER = "partner", "The partner’s people"
        MERCHANT = "merchant", "The merchant"
        ADDRESSES = "addresses", "The addresses given here"

    class Channel(models.TextChoices):
        """How."""

        EMAIL = "email", "Email"
        SLACK = "slack", "Slack, or what takes the same"

    class Digest(models.TextChoices):
        """When."""

        AT_ONCE = "at_once", "At once"
        HOURLY = "hourly", "Once an hour"
        DAILY = "daily", "Once a day"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    audience = models.CharField(max_length=9, choices=Audience)
    role = models.CharField(max_length=13, choices=Member.Role, blank=True)
    addresses = ArrayField(models.EmailField(max_length=254), default=list, blank=True)
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    sealed_url = models.BinaryField(null=True, blank=True)
    key_id = models.CharField(max_length=16, blank=True)
    codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    areas = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    turns = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    least_severity = models.CharField(max_length=7, choices=[(each, each) for each in SEVERITIES], default="error")
    least_count = models.PositiveIntegerField(default=1)
    least_amount = models.PositiveBigIntegerField(default=0)
    least_age_minutes = models.PositiveIntegerField(default=0)
    calm_minutes = models.PositiveIntegerField(default=5)
    digest = models.CharField(max_length=7, choices=Digest, default=Digest.AT_ONCE)
    hour = models.PositiveSmallIntegerField(default=8)
    zone = models.CharField(max_length=64, blank=True)
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "name"], nulls_distinct=False, name="alert_rule_name_once"),
            models.CheckConstraint(
                condition=Q(audience__in=["role", "partner", "merchant", "addresses"])
                & Q(channel__in=["email", "slack"])
                & Q(digest__in=["at_once", "hourly", "daily"])
                & Q(least_severity__in=SEVERITIES),
                name="alert_rule_words_known",
            ),
            models.CheckConstraint(
                condition=Q(audience="role", partner__isnull=True) & ~Q(role="")
                | Q(audience="partner")
                | Q(audience__in=["merchant", "addresses"], role=""),
                name="alert_rule_role_fits",
            ),
            models.CheckConstraint(
                condition=Q(audience="addresses", channel="email", addresses__len__gt=0)
                | Q(audience="addresses", channel="slack", addresses__len=0)
                | ~Q(audience="addresses") & Q(channel="email", addresses__len=0),
                name="alert_rule_leads_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(channel="slack", sealed_url__isnull=False) & ~Q(key_id="")
                | Q(channel="email", sealed_url__isnull=True, key_id=""),
                name="alert_rule_slack_has_address",
            ),
            models.CheckConstraint(
                condition=Q(hour__lte=23, least_count__gte=1)
                & (
                    Q(quiet_from__isnull=True, quiet_until__isnull=True)
                    | Q(
                        quiet_from__isnull=False,
                        quiet_until__isnull=False,
                        quiet_from__lte=23,
                        quiet_until__lte=23,
                    )
                    & ~Q(quiet_from=models.F("quiet_until"))
                ),
                name="alert_rule_hours_exist",
            ),
        ]

    def __str__(self) -> str:
        return self.name
