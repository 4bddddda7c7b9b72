"""A watch that could not look the last time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class WatchFailure(models.Model):
    """One row per watch while its looks fail: findings of its codes are neither opened nor closed meanwhile."""

    watch = models.CharField(max_length=80, primary_key=True)
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    failures = models.IntegerField(default=1)
    error = models.CharField(max_length=500)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(failures__gte=1), name="watch_failure_counts")]

    def __str__(self) -> str:
        return f"{self.watch}: {self.error}"
