"""A webhook that a platform delivered."""

from __future__ import annotations

from django.db import models


class IncomingWebhook(models.Model):
    """One delivery that was believed; the same one again is not taken twice.

    ``body`` is its beginning, for support: nothing is read from it, since what it tells of is fetched. Deliveries are
    forgotten by age (`connectors.deliveries.forget`), later than a platform repeats them.
    """

    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, related_name="incoming_webhooks", db_index=False
    )
    delivery_id = models.CharField(max_length=200)
    event = models.CharField(max_length=100, blank=True)
    body = models.BinaryField()
    body_bytes = models.PositiveIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "incoming webhooks"
        constraints = [
            # A platform repeats a delivery until it is answered, and answers get lost.
            models.UniqueConstraint(fields=["connection", "delivery_id"], name="incoming_webhook_once"),
            models.CheckConstraint(condition=~models.Q(delivery_id=""), name="incoming_webhook_has_id"),
        ]
        indexes = [models.Index(fields=["received_at"], name="incoming_webhook_by_age")]

    def __str__(self) -> str:
        return f"{self.event or 'event'} {self.delivery_id}"
