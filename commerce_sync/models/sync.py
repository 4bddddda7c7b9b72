"""One run for one company: from its sales to its books."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.lookups import GreaterThan

from commerce_sync.status import CODES, LONG_RUNNING_SECONDS

LONG: Final = timedelta(seconds=LONG_RUNNING_SECONDS)
"""Few syncs take longer, so those that do have an index."""


class Sync(models.Model):
    """One run, resumable at every stage. `public_id` is the `act` under which its postings are known.

    `through_day` is the last business day it brings into the books, fixed when it starts (null before). `code` is the
    public status (`commerce_sync.status`); `finished_at` ends it, and at most one of a company has not ended. A `retry`
    delivers what is in the books and brings no sales in, an `undo` takes back and delivers; neither has a last day.
    """

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule"
        HOURLY = "hourly"
        EVENT = "event"
        REQUEST = "request"
        HISTORIC = "historic"
        RETRY = "retry"
        UNDO = "undo"

    class Stage(models.TextChoices):
        QUEUED = "queued"
        PULL = "pull"
        POST = "post"
        PUSH = "push"
        DONE = "done"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="syncs", db_index=False)
    trigger = models.CharField(max_length=8, choices=Trigger)
    from_day = models.DateField(null=True, blank=True)
    through_day = models.DateField(null=True, blank=True)
    code = models.SmallIntegerField(default=1000)
    stage = models.CharField(max_length=6, choices=Stage, default=Stage.QUEUED)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    counts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_sentence = models.CharField(max_length=500, blank=True)
    failure_remedy = models.CharField(max_length=500, blank=True)
    failure_turn = models.CharField(max_length=10, blank=True)
    correlation = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            # Two runs of one company would read and write the same days.
            models.UniqueConstraint(
                fields=["company"], condition=Q(finished_at__isnull=True), name="sync_one_unfinished"
            ),
            models.CheckConstraint(condition=Q(code__in=sorted(CODES)), name="sync_code_known"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, code__in=[1000, 1010])
                | (Q(finished_at__isnull=False) & ~Q(code__in=[1000, 1010])),
                name="sync_finished_iff_final_code",
            ),
            models.CheckConstraint(
                condition=Q(from_day__isnull=True)
                | Q(through_day__isnull=True)
                | Q(from_day__lte=models.F("through_day")),
                name="sync_from_before_through",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-id"], name="sync_of_company"),
            # The console's list, newest first, and its rare kinds; the code with it, so that days are counted from the
            # index alone.
            models.Index(fields=["-started_at", "-id"], include=["code", "company"], name="sync_by_start"),
            models.Index(fields=["-started_at", "-id"], condition=Q(code__gte=4000), name="sync_failed"),
            models.Index(
                fields=["code", "-started_at", "-id"], condition=Q(code__gte=4000), name="sync_by_failed_code"
            ),
            models.Index(
                fields=["failure_code", "-started_at", "-id"], condition=~Q(failure_code=""), name="sync_by_failure"
            ),
            models.Index(fields=["-started_at", "-id"], condition=Q(finished_at__isnull=True), name="sync_unfinished"),
            models.Index(
                fields=["trigger", "-started_at", "-id"],
                condition=~Q(trigger__in=["schedule", "hourly"]),
                name="sync_by_trigger",
            ),
            models.Index(
                fields=["-started_at", "-id"],
                condition=Q(GreaterThan(F("finished_at") - F("started_at"), Value(LONG))),
                name="sync_long",
            ),
        ]

    def __str__(self) -> str:
        return f"sync {self.public_id} {self.code}"
