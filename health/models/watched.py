"""When a company was looked at last."""

from __future__ import annotations

from django.db import models


class Watched(models.Model):
    """``looked_at``: after something happened, or at night; ``nightly_at``: the last whole look."""

    company = models.OneToOneField("ledger.Company", on_delete=models.CASCADE, primary_key=True, related_name="watched")
    looked_at = models.DateTimeField()
    nightly_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name_plural = "watched"

    def __str__(self) -> str:
        return f"company {self.company_id} at {self.looked_at:%Y-%m-%d %H:%M}"
