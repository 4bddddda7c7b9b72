"""The work table: what is to be done, in the transaction that causes it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of work for one company; the row is deleted when it is done, a `dead` one stays for people.

    `key` makes it unique while it is waited for: a bell rung twice is one job. `attempts` is counted and committed
    before the work, so a job that kills its worker is counted too. A running job is held by its lease *and* by a
    session advisory lock on its id: only the lock frees it, so a dead worker's job is free at once and a paused
    worker is not overtaken; `lease_token` is what a late worker no longer has, `lease_until` what an alarm looks at.
    """

    class State(models.TextChoices):
        READY = "ready"
        RUNNING = "running"
        DEAD = "dead"

    class Lane(models.IntegerChoices):
        ORDINARY = 0
        BULK = 1

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, default="sync")
    company = models.ForeignKey("ledger.Company", on_delete=models.PROTECT, related_name="jobs", db_index=False)
    sync = models.ForeignKey("commerce_sync.Sync", on_delete=models.PROTECT, null=True, related_name="jobs")
    key = models.CharField(max_length=120, unique=True)
    payload_version = models.SmallIntegerField(default=1)
    payload: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    lane = models.SmallIntegerField(choices=Lane, default=Lane.ORDINARY)
    state = models.CharField(max_length=7, choices=State, default=State.READY)
    attempts = models.SmallIntegerField(default=0)
    max_attempts = models.SmallIntegerField(default=8)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["ready", "running", "dead"]), name="job_state_known"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False, lease_token__isnull=False),
                name="job_running_has_lease",
            ),
            models.CheckConstraint(condition=Q(max_attempts__gte=1), name="job_may_be_attempted"),
        ]
        indexes = [
            models.Index(fields=["company", "next_at"], condition=Q(state="ready"), name="job_ready"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_running"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.state}"
