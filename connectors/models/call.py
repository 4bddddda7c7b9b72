"""A compact trace of one HTTP call."""

from __future__ import annotations

from django.db import models


class Call(models.Model):
    """A compact trace of one HTTP call, for the console: never a body, never a secret.

    `url` is redacted and `failure` is the class of the Failure it ended in (empty for success). `correlation`
    ties the calls of one piece of work together.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, null=True, blank=True, related_name="calls"
    )
    platform = models.CharField(max_length=40)
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    duration_ms = models.PositiveIntegerField()
    bytes_in = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    correlation = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-started_at"], name="call_of_connection"),
            models.Index(fields=["correlation"], name="call_of_work", condition=~models.Q(correlation="")),
            # The trace is purged by age.
            models.Index(fields=["started_at"], name="call_by_age"),
            # Of all connections, for the console.
            models.Index(fields=["platform", "-started_at"], name="call_of_platform"),
            models.Index(fields=["-started_at"], condition=~models.Q(failure=""), name="call_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.url} → {self.status or self.failure}"
