"""When a company is synced by itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Schedule(models.Model):
    """The rhythm of one company. `next_due_at` is the instant of the next run, computed by `commerce_sync.schedule`.

    Daily and monthly runs are due at `hour` of the clock in `zone`; a month's on its `day_of_month`. `event` has no
    due time. `failing_days` counts business days in a row that ended in failure; `failing_through` is the last of them.
    """

    class Frequency(models.TextChoices):
        DAILY = "daily"
        HOURLY = "hourly"
        EVENT = "event"
        MONTHLY = "monthly"

    company = models.OneToOneField(
        "ledger.Company", on_delete=models.PROTECT, primary_key=True, related_name="schedule"
    )
    frequency = models.CharField(max_length=7, choices=Frequency, default=Frequency.DAILY)
    hour = models.SmallIntegerField(default=4)
    day_of_month = models.SmallIntegerField(default=1)
    zone = models.CharField(max_length=64)
    next_due_at = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    start_on = models.DateField(null=True, blank=True)
    failing_days = models.SmallIntegerField(default=0)
    failing_through = models.DateField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=300, blank=True)
    last_success_through = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hour__gte=0, hour__lte=23), name="schedule_hour_of_day"),
            models.CheckConstraint(
                # Every month has a 28th.
                condition=Q(day_of_month__gte=1, day_of_month__lte=28),
                name="schedule_day_of_month",
            ),
            models.CheckConstraint(
                condition=Q(frequency__in=["daily", "hourly", "event", "monthly"]), name="schedule_frequency_known"
            ),
            models.CheckConstraint(
                condition=Q(frequency="event") | Q(enabled=False) | Q(next_due_at__isnull=False),
                name="schedule_enabled_is_due_some_time",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | ~Q(pause_reason=""), name="schedule_paused_says_why"
            ),
        ]
        indexes = [
            # The due-scan costs what is due, not what exists.
            models.Index(
                fields=["next_due_at"], condition=Q(enabled=True, paused_at__isnull=True), name="schedule_due"
            ),
            # Few companies fail or are paused; they are what the console's front page is about.
            models.Index(fields=["-failing_days"], condition=Q(failing_days__gt=0), name="schedule_failing"),
            models.Index(fields=["-paused_at"], condition=Q(paused_at__isnull=False), name="schedule_paused"),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} at {self.hour} {self.zone}"
