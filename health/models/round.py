"""When something that all processes share was done last."""

from __future__ import annotations

from django.db import models


class Round(models.Model):
    """One row for each thing that is done every so often by whichever process comes to it first."""

    name = models.CharField(max_length=40, primary_key=True)
    begun_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.begun_at:%Y-%m-%d %H:%M}"
