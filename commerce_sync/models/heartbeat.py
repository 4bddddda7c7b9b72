"""Signs of life of the workers."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a worker slot was last seen at work; a watchdog compares it with the age of the oldest due work."""

    slot = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.slot} {self.at}"
