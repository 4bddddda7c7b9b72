"""One event on its way to one endpoint."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class WebhookDelivery(models.Model):
    """waiting ─claim─▶ sending ─▶ delivered │ failed; or waiting again, until the tries are used up.

    ``tries`` counts those of the present round (a replay begins a new one), ``attempts`` all there ever were. A row in
    `sending` is one worker's, whose ``lease_token`` is on it, until ``lease_until``.
    """

    class State(models.TextChoices):
        """The states above."""

        WAITING = "waiting"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(
        "health.WebhookEndpoint", on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey("health.WebhookEvent", on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    tries = models.SmallIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    last_status = models.SmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", next_at__isnull=False, lease_until__isnull=True, lease_token__isnull=True)
                | Q(state="sending", next_at__isnull=True, lease_until__isnull=False, lease_token__isnull=False)
                | Q(
                    state__in=["delivered", "failed"],
                    next_at__isnull=True,
                    lease_until__isnull=True,
                    lease_token__isnull=True,
                ),
                name="webhook_delivery_state_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending"], ended_at__isnull=True)
                | Q(state__in=["delivered", "failed"], ended_at__isnull=False),
                name="webhook_delivery_ended_at",
            ),
        ]
        indexes = [
            # Which endpoints have something waiting, and of each what is due first.
            models.Index(
                fields=["endpoint", "next_at", "id"], condition=Q(state="waiting"), name="webhook_delivery_waiting"
            ),
            models.Index(
                fields=["endpoint", "lease_until"], condition=Q(state="sending"), name="webhook_delivery_sending"
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_log"),
            models.Index(fields=["-id"], condition=Q(state="failed"), name="webhook_delivery_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"
