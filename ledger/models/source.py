"""The source: the scope in which a platform's ids are unique."""

from __future__ import annotations

from django.db import models

from ledger.models.company import Company


class Source(models.Model):
    """One place that sales come from. A shop that was reset and counts its ids anew is a new source.

    The connection to the platform lives above the ledger and points here; the records stay when it goes.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="sources")
    label = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label
