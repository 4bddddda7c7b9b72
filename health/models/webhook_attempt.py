"""One try to deliver, and what came back."""

from __future__ import annotations

from django.db import models

MOST_ANSWER = 500  # bytes of the answer that are kept


class WebhookAttempt(models.Model):
    """Try number ``number`` of a delivery. ``status`` is null when no answer came; ``answer`` is the beginning of its
    body, redacted; ``error`` says in a sentence why it does not count as delivered, "" when it does."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey("health.WebhookDelivery", on_delete=models.CASCADE, related_name="log", db_index=False)
    number = models.IntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.IntegerField(null=True, blank=True)
    status = models.SmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=MOST_ANSWER, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_number_once")]

    def __str__(self) -> str:
        return f"try {self.number}: {self.status or 'no answer'}"
