"""The watermark: how far a stream has been pulled."""

from __future__ import annotations

from django.db import models


class Watermark(models.Model):
    """The latest change that a stream has shown, by the platform's clock; the next pull starts a look-back before."""

    connection = models.ForeignKey("connectors.Connection", on_delete=models.CASCADE, related_name="watermarks")
    dataset = models.CharField(max_length=40)
    reached_at = models.DateTimeField()
    pulled_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "dataset"], name="watermark_once")]

    def __str__(self) -> str:
        return f"{self.dataset} through {self.reached_at}"
