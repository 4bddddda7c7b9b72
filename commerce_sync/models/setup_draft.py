"""What a merchant has chosen so far and not put in force yet."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from ledger.book import Book, decode_book


class SetupDraft(models.Model):
    """One company's choices while its set-up, or a change of it, is under way. Syncs know nothing of it.

    ``body`` is a book that need not be whole yet, ``plan`` its rhythm. ``stages`` are those that were completed.
    ``base_version`` is the version of the book in force that it began from (0: none); ``revision`` counts its changes.
    ``is_setup``: it is the first set-up, which goes on until it is finished, even when a day of it was posted; else a
    change of what is in force.
    """

    company = models.OneToOneField("ledger.Company", on_delete=models.CASCADE, primary_key=True, related_name="draft")
    base_version = models.IntegerField()
    body = models.BinaryField()
    plan: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    is_setup = models.BooleanField()
    stages: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    revision = models.IntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(base_version__gte=0, revision__gte=1), name="setup_draft_counts_are_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"draft of {self.company_id}, change {self.revision}"

    @property
    def book(self) -> Book:
        """The book as chosen so far."""
        return decode_book(bytes(self.body))
