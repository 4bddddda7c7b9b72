"""Whose turn it is: the fair queue over companies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CompanyQueue(models.Model):
    """One row per company that ever had work. The company served longest ago comes first, whatever others pile up.

    `next_at` is when the earliest of its waiting jobs may start; null: it has none, or one of them is running.
    """

    company = models.OneToOneField("ledger.Company", on_delete=models.PROTECT, primary_key=True, related_name="queue")
    lane = models.SmallIntegerField(default=0)
    served_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lane", "served_at"], condition=Q(next_at__isnull=False), name="company_queue_turn"),
        ]

    def __str__(self) -> str:
        return f"queue of {self.company_id}"
