"""One message to one address: on its way, and then the log of it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Alert(models.Model):
    """waiting ─claim─▶ sending ─▶ sent │ failed; or waiting again, until the tries are used up.

    It is written as it is sent, in the transaction that notes its alarms as told, and carries ``public_id`` as the id
    of the message: who gets it twice can tell. A row in `sending` is one worker's, whose ``lease_token`` is on it,
    until ``lease_until``. ``partner`` and ``company`` say whose matters it tells of; None: those of several. ``alarms``
    are the ids of those that it lists.
    """

    class What(models.TextChoices):
        """What it tells."""

        OPENED = "opened"
        ESCALATED = "escalated"
        RECOVERED = "recovered"
        DIGEST = "digest"
        TEST = "test"

    class State(models.TextChoices):
        """The states above."""

        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey("health.AlertRule", on_delete=models.SET_NULL, null=True, related_name="alerts")
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    what = models.CharField(max_length=9, choices=What)
    channel = models.CharField(max_length=5)
    address = models.CharField(max_length=254)
    sender = models.CharField(max_length=200, blank=True)
    alarms = ArrayField(models.BigIntegerField(), default=list)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", next_at__isnull=False, lease_until__isnull=True, lease_token__isnull=True)
                | Q(state="sending", next_at__isnull=True, lease_until__isnull=False, lease_token__isnull=False)
                | Q(
                    state__in=["sent", "failed"], next_at__isnull=True, lease_until__isnull=True,
                    lease_token__isnull=True,
                ),
                name="alert_state_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending"], ended_at__isnull=True)
                | Q(state__in=["sent", "failed"], ended_at__isnull=False),
                name="alert_ended_at",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="alert_failed_says_why"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state="waiting"), name="alert_waiting"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="alert_sending"),
            models.Index(fields=["-id"], condition=Q(state="failed"), name="alert_failed"),
            models.Index(fields=["partner", "-id"], name="alert_partner_log"),
            models.Index(fields=["company", "-id"], name="alert_company_log"),
            models.Index(fields=["created_at"], name="alert_age"),
        ]

    def __str__(self) -> str:
        return self.subject
