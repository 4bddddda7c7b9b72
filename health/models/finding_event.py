"""What people did with a finding, and what the watch did to it while they worked on it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class FindingEvent(models.Model):
    """One act or comment, kept for good. ``what`` is one of `What`; opening has none: the finding has its time.
    ``is_internal``: said among us, and never shown to the partner."""

    class What(models.TextChoices):
        """What can happen to a finding."""

        ASSIGNED = "assigned"
        RELEASED = "released"
        COMMENTED = "commented"
        ESCALATED = "escalated"
        RETRIED = "retried"
        RESOLVED = "resolved"
        IGNORED = "ignored"
        REOPENED = "reopened"

    id = models.BigAutoField(primary_key=True)
    finding = models.ForeignKey("health.Finding", on_delete=models.PROTECT, related_name="events", db_index=False)
    what = models.CharField(max_length=9, choices=What)
    actor = models.CharField(max_length=200)
    words = models.CharField(max_length=2_000, blank=True)
    is_internal = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(actor=""), name="finding_event_has_actor"),
        ]
        indexes = [models.Index(fields=["finding", "id"], name="finding_event_log")]

    def __str__(self) -> str:
        return f"{self.what} by {self.actor}"
