"""One debit or credit of an entry in the built-in general ledger."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from connectors.models.books_account import BooksAccount
from connectors.models.books_entry import BooksEntry


class BooksLine(models.Model):
    """One debit or credit, in minor units of its entry's currency: exactly one of the two, and more than zero.

    `role` says what the line is for ("sales:Food"); `tracking` maps dimensions to options (null: none). The account
    belongs to the entry's connection. PostgreSQL refuses changes, and lines added after the entry was committed.
    """

    id = models.BigAutoField(primary_key=True)
    # The unique constraint below serves look-ups by entry.
    entry = models.ForeignKey(BooksEntry, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    account = models.ForeignKey(BooksAccount, on_delete=models.PROTECT, related_name="lines")
    debit = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)
    description = models.TextField(blank=True)
    role = models.TextField(blank=True)
    tax_code = models.CharField(max_length=40, blank=True)
    tracking: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "books_line"
        ordering = ["entry_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="books_line_position_once"),
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0) | Q(debit=0, credit__gt=0), name="books_line_one_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.position}"
