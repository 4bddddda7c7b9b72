"""An entry of the built-in general ledger: one posted document."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class BooksEntry(models.Model):
    """One document in the books, or the reversal of one. PostgreSQL refuses to change or delete it.

    `digest` is the SHA-256 of what counts (kind, date, currency, reference, debits and credits): the same key with
    another content is refused as a duplicate, never overwritten. `line_count` and `total` (the sum of the debits in
    minor units of `currency`) are checked against the lines at commit, so a line that comes later is refused.
    `reverses` is set on the entry that takes another one back.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="books_entries")
    document_key = models.TextField()
    reference = models.CharField(max_length=40)
    kind = models.CharField(max_length=11)
    date = models.DateField()
    currency = models.CharField(max_length=3)
    narration = models.TextField(blank=True)
    total = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    digest = models.BinaryField()
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="voided_by")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "books_entry"
        ordering = ["date", "id"]
        verbose_name_plural = "books entries"
        indexes = [models.Index(fields=["connection", "date", "id"], name="books_entry_by_date")]
        constraints = [
            # Exactly once, whatever the network did.
            models.UniqueConstraint(fields=["connection", "document_key"], name="books_entry_key_once"),
            models.UniqueConstraint(fields=["connection", "reference"], name="books_entry_reference_once"),
            models.CheckConstraint(condition=~Q(document_key="") & ~Q(reference=""), name="books_entry_has_names"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="books_entry_currency_is_iso"),
            models.CheckConstraint(
                condition=Q(kind__in=["journal", "invoice", "credit_note", "bill", "payment", "deposit", "reversal"]),
                name="books_entry_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False) | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="books_entry_reversal_iff_reverses",
            ),
            models.CheckConstraint(condition=Q(total__gt=0, line_count__gte=2), name="books_entry_moves_money"),
        ]

    def __str__(self) -> str:
        return self.reference
