"""How many syncs there were on a day."""

from __future__ import annotations

from django.db import models


class SyncDay(models.Model):
    """The syncs of one partner's companies that began on ``day`` (UTC) and ended with ``code``.

    Written once a day is long enough over for all its syncs to have ended (`commerce_sync.sync_days`), so that a chart
    of weeks does not count millions of rows.
    """

    pk = models.CompositePrimaryKey("day", "partner", "code")
    day = models.DateField()
    partner = models.ForeignKey("ledger.Partner", on_delete=models.CASCADE, related_name="+", db_index=False)
    code = models.SmallIntegerField()
    syncs = models.IntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(syncs__gt=0), name="sync_day_counts_some")]

    def __str__(self) -> str:
        return f"{self.day} {self.code}: {self.syncs}"
