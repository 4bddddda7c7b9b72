"""The lines of documents as rows: what reports and reconciliation sum, and what PostgreSQL balances."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger.models.document import Document


class DocumentLine(models.Model):
    """One debit or credit of a document, in minor units of the document's currency; exactly one of the two, above 0."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.IntegerField()
    account = models.CharField(max_length=255)
    debit = models.BigIntegerField(null=True)
    credit = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="document_line_position_once"),
            models.CheckConstraint(
                condition=Q(debit__isnull=False, credit__isnull=True) | Q(debit__isnull=True, credit__isnull=False),
                name="document_line_debit_or_credit",
            ),
            models.CheckConstraint(
                condition=(Q(debit__isnull=True) | Q(debit__gt=0)) & (Q(credit__isnull=True) | Q(credit__gt=0)),
                name="document_line_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.debit or ''} {self.credit or ''}"
