"""Which period of the built-in general ledger is locked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class BooksLock(models.Model):
    """One decision about the locked period; the latest one of a connection holds.

    `locked_through` is the last day that takes no entry (null: everything is open again). Append-only, so that every
    unlocking stays visible with its author, time and reason.
    """

    id = models.BigAutoField(primary_key=True)
    # The index below serves look-ups by connection.
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="books_locks", db_index=False
    )
    locked_through = models.DateField(null=True, blank=True)
    author = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "books_lock"
        ordering = ["connection_id", "-id"]
        indexes = [models.Index(fields=["connection", "-id"], name="books_lock_latest")]
        constraints = [
            models.CheckConstraint(condition=~Q(author=""), name="books_lock_has_author"),
            models.CheckConstraint(
                condition=Q(locked_through__isnull=False) | ~Q(reason=""), name="books_lock_open_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"locked through {self.locked_through}" if self.locked_through else "open"
