"""The document row: what an accounting platform is to receive, frozen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ledger.documents import Document as PureDocument
from ledger.documents import decode_document
from ledger.models.company import Company
from ledger.models.posting import Posting

KINDS = ["journal", "invoice", "credit_note", "bill", "payment", "deposit"]


class Document(models.Model):
    """A document in its stored form, with its entries as `DocumentLine` rows.

    PostgreSQL refuses any change but two, each once: ``pushed_at`` (it is at the platform) and ``withdrawn_at`` (it
    never went there and never will). Amounts are minor units of ``currency``.
    """

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="documents")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="documents", db_index=False)
    key = models.CharField(max_length=900)
    reference = models.CharField(max_length=21)
    kind = models.CharField(max_length=12)
    date = models.DateField()
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    narration = models.TextField()
    body = models.BinaryField()
    created_at = models.DateTimeField()
    pushed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="document_key_once"),
            models.UniqueConstraint(fields=["company", "reference"], name="document_reference_once"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="document_kind_is_known"),
            models.CheckConstraint(
                condition=Q(pushed_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="document_pushed_or_withdrawn",
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "id"],
                condition=Q(pushed_at__isnull=True, withdrawn_at__isnull=True),
                name="document_unpushed",
            ),
            models.Index(F("company"), F("date"), name="document_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def document(self) -> PureDocument:
        """The document as the pure core composed it."""
        return decode_document(bytes(self.body))
