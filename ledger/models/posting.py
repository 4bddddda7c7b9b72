"""The posting: the act of bringing one group's changes into the books."""

from __future__ import annotations

from django.db import models

from ledger.models.book import BookVersion
from ledger.models.company import Company


class Posting(models.Model):
    """One group (day, currency, place, order or payout) posted once more. ``revision`` 0 is the first time, every
    later one an adjustment. ``act`` is the id by which the caller knows the run that asked.

    ``withdrawn_at`` is when it was taken back: no record is in the books by it any more. ``reverses`` is the posting
    that this one takes back with documents of its own, where the other's had to stay where they are.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="postings", db_index=False)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    label = models.CharField(max_length=600)
    revision = models.IntegerField()
    act = models.UUIDField(db_index=True)
    book_version = models.ForeignKey(BookVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    reverses = models.OneToOneField(
        "ledger.Posting", on_delete=models.PROTECT, null=True, blank=True, related_name="reversal"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "day", "currency", "label", "revision"], name="posting_group_revision_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency} {self.label} r{self.revision}"
