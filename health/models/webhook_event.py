"""One thing that a partner is told, exactly as it is sent."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Func, IntegerField, Q, Value
from django.db.models.functions import Now
from django.db.models.lookups import LessThanOrEqual

from health.webhooks.event_types import MOST_BYTES


class WebhookEvent(models.Model):
    """An event. ``public_id`` is the `webhook-id` that it is sent under, however often; ``body`` is the JSON that is
    signed, at most `MOST_BYTES` bytes. ``happened_at`` is the instant it tells of."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    company = models.ForeignKey(
        "ledger.Company", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    type = models.CharField(max_length=40)
    body = models.BinaryField()
    happened_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Func("body", function="octet_length", output_field=IntegerField()), Value(MOST_BYTES)
                ),
                name="webhook_event_body_is_small",
            ),
            models.CheckConstraint(condition=~Q(type=""), name="webhook_event_has_type"),
        ]
        indexes = [
            models.Index(fields=["partner", "happened_at"], name="webhook_event_of_partner"),  # replays of a time range
            models.Index(fields=["created_at"], name="webhook_event_age"),  # what is old enough to be forgotten
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"
