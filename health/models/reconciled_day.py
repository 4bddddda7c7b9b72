"""A business day as it was reconciled last: its four totals, by role."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ReconciledDay(models.Model):
    """One company, business day and currency. ``day`` None: all days together, of books that post per payout.

    ``totals`` is role → [stated, records, documents, books] in minor units (null: says nothing of that); roles are the
    topics, and heads with accounts ("tax 2200"), as `commerce_sync.reconcile_days` tells them. ``difference`` is by how
    much the day is off in all; ``disagreeing`` documents read back as something else, ``unread`` ones have not been
    read back. Rows are replaced whenever the day is looked at; without one, a day has not been yet.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey(
        "ledger.Company", on_delete=models.CASCADE, related_name="reconciled_days", db_index=False
    )
    day = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    totals: models.JSONField[dict[str, list[int | None]], dict[str, list[int | None]]] = models.JSONField()
    incomparable: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    records = models.IntegerField()
    documents = models.IntegerField()
    undelivered = models.IntegerField()
    unread = models.IntegerField()
    disagreeing = models.IntegerField()
    difference = models.BigIntegerField()
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "day", "currency"], nulls_distinct=False, name="reconciled_day_once"
            ),
            models.CheckConstraint(condition=Q(difference__gte=0), name="reconciled_day_difference_counts"),
        ]
        indexes = [models.Index(fields=["company", "-day"], condition=Q(difference__gt=0), name="reconciled_day_off")]

    def __str__(self) -> str:
        return f"{self.day or 'all days'} {self.currency} of company {self.company_id}"
